#include "radgen/evaluation/metrics.h"

#include <cmath>
#include <string_view>
#include <utility>

namespace radgen::evaluation {
namespace {

using Definition = std::pair<const char*, const char*>;

constexpr const char* kTokens =
    "scoring tokens: lower case, punctuation split off, decimals kept; text: findings, newline, "
    "impression";

// By the metric's last name. "_phrase" is taken off before looking up, and said in words.
constexpr Definition kDefinitions[] = {
    {"bleu_1", "corpus BLEU-1, counts summed over studies, no smoothing"},
    {"bleu_2", "corpus BLEU-2, counts summed over studies, no smoothing"},
    {"bleu_3", "corpus BLEU-3, counts summed over studies, no smoothing"},
    {"bleu_4", "corpus BLEU-4, counts summed over studies, no smoothing"},
    {"meteor_nltk",
     "METEOR as NLTK 3.8 defines it (alpha .9, beta 3, gamma .5, Porter stems, WordNet 3.0 "
     "synonyms), "
     "mean over studies"},
    {"meteor_nltk_nosyn",
     "METEOR as NLTK 3.8 defines it but without synonyms, since no WordNet was found; mean over "
     "studies; not comparable with meteor_nltk"},
    {"rouge_l", "ROUGE-L, beta 1.2, mean over studies"},
    {"f1_macro",
     "mean F1 of our rules labeler on both texts, uncertain as positive, over the classes of the "
     "13 "
     "without No Finding that have a positive in the references"},
    {"f1_micro",
     "F1 of our rules labeler on both texts, uncertain as positive, counts summed over the 13 "
     "classes "
     "without No Finding"},
    {"f1_macro_14", "as f1_macro, over 14 classes with No Finding"},
    {"f1_micro_14", "as f1_micro, over 14 classes with No Finding"},
    {"f1_macro_5", "as f1_macro, over CheXpert's five competition classes"},
    {"f1_micro_5", "as f1_micro, over CheXpert's five competition classes"},
    {"f1_macro_uncertain_negative", "as f1_macro, uncertain as negative"},
    {"f1_micro_uncertain_negative", "as f1_micro, uncertain as negative"},
    {"f1_macro_truth",
     "as f1_macro, the draft's labels against the findings that are visible on the film by the "
     "truth"},
    {"f1_micro_truth",
     "as f1_micro, the draft's labels against the findings that are visible on the film by the "
     "truth"},
    {"f1",
     "F1 of this finding, rules labeler on both texts, uncertain as positive; n: positives in the "
     "references"},
    {"precision",
     "share of the drafts with this finding whose reference has it; n: drafts with it"},
    {"recall",
     "share of the references with this finding whose draft has it; n: references with it"},
    {"subtle", "share of the subtle findings visible by the truth that the draft states"},
    {"moderate", "share of the moderate findings visible by the truth that the draft states"},
    {"severe", "share of the severe findings visible by the truth that the draft states"},
    {"hallucinated_per_100",
     "findings that a draft states as certain and its reference does not state, per 100 reports"},
    {"omitted_per_100",
     "findings that a reference states as certain and its draft does not state, per 100 reports"},
    {"wrong_side_per_100",
     "findings with a side in both texts and no side in common, per 100 reports"},
    {"wrong_side_share",
     "share of the findings with a side in both texts that have no side in common; n: such "
     "findings"},
    {"abnormal_recall",
     "share of the references with a certain finding other than a device whose draft states at "
     "least "
     "one of these findings; n: such references"},
    {"distinct_ratio",
     "distinct sets of (finding, side, severity) stated by a report, drafts over references"},
    {"distinct_texts", "distinct texts, drafts over references"},
    {"iou",
     "mean IoU of a sentence's map (over its maximum, bilinear, threshold .1) with the boxes of "
     "its "
     "finding and side, macro over findings with enough boxes"},
    {"iou_micro", "as iou, mean over all items"},
    {"iou_chosen_threshold",
     "as iou, at the threshold that serves the other half of the studies best, or that was set"},
    {"iou_mean_thresholds", "as iou, mean over thresholds .1, .15, ... .5"},
    {"iou_shown", "as iou_micro, only over correct sentences that show their evidence"},
    {"pointing", "share of maps whose maximum lies in a box of the finding and side, macro as iou"},
    {"mass", "share of the map's sum inside the boxes of the finding and side, macro as iou"},
    {"missed_share", "share of the items that are boxed findings which the draft does not state"},
    {"false_positive_share",
     "share of the items that are statements of findings not in the reference"},
    {"shown_share", "share of the correct sentences that show their evidence"},
};

bool strip_suffix(std::string& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.resize(name.size() - suffix.size());
  return true;
}

nlohmann::ordered_json number(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

}  // namespace

std::string metric_definition(const std::string& path) {
  std::string name = path.substr(path.find_last_of('.') + 1);
  const bool is_phrase = strip_suffix(name, "_phrase");
  for (const auto& [known, words] : kDefinitions) {
    if (name != known) continue;
    std::string definition = words;
    if (path.find("skill.") != std::string::npos) {
      definition =
          "(model - best trivial baseline) / (oracle - best trivial baseline) of: " + definition;
    }
    if (path.find("text.") != std::string::npos) definition += "; " + std::string(kTokens);
    if (path.find("grounding.") != std::string::npos || is_phrase) {
      definition += is_phrase
                        ? "; the reference sentence teacher-forced, every boxed finding counts"
                        : "; generated report, a missed finding and a false positive count 0";
    }
    return definition;
  }
  return "";
}

void MetricTable::set_interval(const std::string& path, double low, double high) {
  const auto metric = metrics_.find(path);
  if (metric == metrics_.end()) return;
  metric->second.low = low;
  metric->second.high = high;
}

const Metric* MetricTable::find(const std::string& path) const {
  const auto metric = metrics_.find(path);
  return metric == metrics_.end() ? nullptr : &metric->second;
}

double MetricTable::value(const std::string& path) const {
  const Metric* metric = find(path);
  return metric != nullptr ? metric->value : kUndefined;
}

nlohmann::ordered_json MetricTable::to_json() const {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  // The reader's order first, whatever else there is behind it.
  for (const char* group :
       {"text", "clinical", "grounding", "diversity", "baselines", "oracle", "skill"}) {
    json[group] = nlohmann::ordered_json::object();
  }
  for (const auto& [path, metric] : metrics_) {
    nlohmann::ordered_json* node = &json;
    size_t begin = 0;
    for (size_t dot; (dot = path.find('.', begin)) != std::string::npos; begin = dot + 1) {
      node = &(*node)[path.substr(begin, dot - begin)];
    }
    (*node)[path.substr(begin)] = {{"value", number(metric.value)},
                                   {"low", number(metric.low)},
                                   {"high", number(metric.high)},
                                   {"n", metric.n},
                                   {"definition", metric_definition(path)}};
  }
  return json;
}

}  // namespace radgen::evaluation

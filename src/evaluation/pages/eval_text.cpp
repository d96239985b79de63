// What an evaluation prints on a terminal.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "evaluation/pages/eval_rows.h"
#include "radgen/evaluation/grounding/heads.h"
#include "radgen/evaluation/pages/eval_report.h"

namespace radgen::evaluation {

const std::vector<std::string>& headline_paths() {
  static const std::vector<std::string> kPaths{"text.bleu_1",
                                               "text.bleu_4",
                                               "text.meteor_nltk",
                                               "text.meteor_nltk_nosyn",
                                               "text.rouge_l",
                                               "clinical.f1_macro",
                                               "clinical.f1_micro",
                                               "clinical.f1_macro_truth",
                                               "grounding.iou",
                                               "grounding.iou_phrase",
                                               "grounding.pointing",
                                               "grounding.pointing_phrase",
                                               "diversity.distinct_ratio",
                                               "diversity.abnormal_recall"};
  return kPaths;
}

std::string last_name(const std::string& path) { return path.substr(path.find_last_of('.') + 1); }

std::vector<std::string> baseline_names(const MetricTable& metrics) {
  std::set<std::string> names;
  for (const auto& [path, metric] : metrics.all()) {
    if (path.starts_with("baselines.")) names.insert(path.substr(10, path.find('.', 10) - 10));
  }
  return {names.begin(), names.end()};
}

std::pair<std::string, double> best_baseline(const MetricTable& metrics, const std::string& path) {
  std::pair<std::string, double> best{"", kUndefined};
  for (const std::string& name : baseline_names(metrics)) {
    const double value = metrics.value("baselines." + name + "." + path);
    if (!std::isnan(value) && !(value <= best.second)) best = {name, value};
  }
  return best;
}

std::string encoder_neighbour_text(const MetricTable& metrics) {
  std::string text;
  for (const char* path :
       {"text.bleu_4", "text.meteor_nltk", "clinical.f1_macro", "diversity.distinct_ratio"}) {
    const Metric* metric = metrics.find(std::string(kEncoderNeighbour) + path);
    if (metric != nullptr)
      text += fmt::format(" {} {}", last_name(path), number_text(metric->value));
  }
  return text.empty() ? text : "nearest training film by the encoder (no trivial baseline):" + text;
}

std::string number_text(double value) {
  if (std::isnan(value)) return "-";
  return std::abs(value) >= 10 ? fmt::format("{:.1f}", value) : fmt::format("{:.3f}", value);
}

const char* verdict_text(const Expectation& expectation) {
  return !expectation.is_met ? "" : *expectation.is_met ? "as expected" : "not as expected";
}

std::string protocol_text(const MetricTable& metrics) {
  std::string text;
  if (metrics.find("grounding.iou") != nullptr)
    text =
        "iou, pointing: end_to_end protocol (generated report; a missed finding and a false "
        "positive count 0)";
  if (metrics.find("grounding.iou_phrase") == nullptr) return text;
  return text + (text.empty() ? "" : "; ") +
         "..._phrase: phrase protocol (the reference's sentence is given, every boxed finding "
         "counts)";
}

std::string headline_text(const MetricTable& metrics) {
  const bool has_skill =
      std::any_of(metrics.all().begin(), metrics.all().end(),
                  [](const auto& entry) { return entry.first.starts_with("skill."); });
  std::string text =
      fmt::format("{:<20} {:>7} {:>9} {:>7}   {}\n", "metric", "model", "baseline", "oracle",
                  has_skill ? "skill (95 % interval)" : "model's 95 % interval");
  for (const std::string& path : headline_paths()) {
    const Metric* model = metrics.find(path);
    if (model == nullptr) continue;
    const Metric* skill = metrics.find("skill." + last_name(path));
    std::string last;
    if (skill != nullptr) {
      last = fmt::format("{} ({} to {})", number_text(skill->value), number_text(skill->low),
                         number_text(skill->high));
    } else if (!has_skill && !std::isnan(model->low)) {
      last = fmt::format("{} to {}", number_text(model->low), number_text(model->high));
    }
    text += fmt::format("{:<20} {:>7} {:>9} {:>7}   {}\n", last_name(path),
                        number_text(model->value), number_text(best_baseline(metrics, path).second),
                        number_text(metrics.value("oracle." + path)), last);
  }
  if (const std::string neighbour = encoder_neighbour_text(metrics); !neighbour.empty())
    text += neighbour + "\n";
  const std::string protocol = protocol_text(metrics);
  return protocol.empty() ? text : text + protocol + "\n";
}

std::string alarms_text(const EvaluationResult& result) {
  std::string text;
  for (const Alarm& alarm : result.alarms) {
    if (alarm.is_raised) text += fmt::format("ALARM {}: {}\n", alarm.name, alarm.reason);
  }
  return text.empty() ? fmt::format("no alarm ({} looked for)\n", result.alarms.size()) : text;
}

std::string targets_text(const EvaluationResult& result) {
  std::string text;
  for (const Target& target : result.targets) {
    text += fmt::format("target {:<24} > {:.2f}   {:>6}   {}\n", target.name, target.above,
                        number_text(target.value),
                        std::isnan(target.value) ? "not measured"
                        : target.is_reached()    ? "reached"
                                                 : "missed");
  }
  return text;
}

std::string sanity_checks_text(const EvaluationResult& result) {
  std::string text;
  for (const Expectation& expectation : result.expectations) {
    const Metric* metric = result.metrics.find(expectation.path);
    const auto missing = result.missing.find(expectation.path);
    text += fmt::format("check {:<21} {:>6}", last_name(expectation.path),
                        number_text(result.metrics.value(expectation.path)));
    if (metric != nullptr && !std::isnan(metric->low)) {
      text += fmt::format(" ({:.3f} to {:.3f})", metric->low, metric->high);
    }
    if (metric != nullptr) text += fmt::format(" n {}", metric->n);
    if (missing != result.missing.end()) text += ": " + missing->second;
    if (!expectation.expected.empty()) text += "; expected: " + expectation.expected;
    if (expectation.is_met) text += fmt::format(" [{}]", verdict_text(expectation));
    text += "\n";
  }
  if (!result.heads.heads.empty()) text += heads_text(result.heads) + "\n";
  return text;
}

}  // namespace radgen::evaluation

#include "evaluation/alarms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>

namespace radgen::evaluation {
namespace {

// Design values: below these a model says nearly the same of everybody, or overlooks most of the
// sick.
constexpr double kLowDistinctRatio = 0.3, kConstantShare = 0.5, kLowAbnormalRecall = 0.5;
constexpr size_t kFewStudies = 100;
// Of maps: shares from which on a file only pretends to point at something.
constexpr double kMostMaps = 0.5, kLowRightSide = 0.8, kManyNegations = 0.1, kFewShown = 0.05;

void compare_with_baselines(const MetricTable& metrics, const std::string& name,
                            const std::string& path, std::vector<Alarm>& alarms) {
  const double model = metrics.value(path);
  if (std::isnan(model)) return;
  double best = kUndefined;
  std::string best_name;
  for (const auto& [other, metric] : metrics.all()) {
    const std::string prefix = "baselines.";
    if (!other.starts_with(prefix) || !other.ends_with("." + path) || std::isnan(metric.value))
      continue;
    if (best >= metric.value) continue;
    best = metric.value;
    best_name = other.substr(prefix.size(), other.size() - prefix.size() - path.size() - 1);
  }
  if (std::isnan(best)) return;
  alarms.push_back({"trivial_beats_model_" + name, model <= best,
                    fmt::format("{}: model {:.3f}, best trivial baseline ({}) {:.3f}", path, model,
                                best_name, best)});
}

Alarm constant_output(const std::vector<StudyResult>& studies) {
  std::unordered_map<std::string, size_t> counts;
  size_t most = 0, drafts = 0;
  for (const StudyResult& study : studies) {
    if (!study.has_draft) continue;
    ++drafts;
    most = std::max(most, ++counts[study.draft_text]);
  }
  const double share = drafts > 0 ? static_cast<double>(most) / static_cast<double>(drafts) : 0;
  return {"constant_output", drafts > 1 && share > kConstantShare,
          fmt::format("{:.0f} % of the drafts are the same text", 100 * share)};
}

void below(const MetricTable& metrics, const std::string& name, const std::string& path,
           double limit, std::vector<Alarm>& alarms) {
  const double value = metrics.value(path);
  if (std::isnan(value)) return;
  alarms.push_back(
      {name, value < limit, fmt::format("{} is {:.3f}, the limit {:.2f}", path, value, limit)});
}

double share(int64_t some, int64_t all) {
  return all > 0 ? static_cast<double>(some) / static_cast<double>(all) : 0;
}

// Grounding that is none: no maps, broken maps, the same map for everything, maps that say nothing.
void look_at_maps(const EvaluationResult& result, const AttentionMapValidation& maps,
                  std::vector<Alarm>& alarms) {
  const bool has_reference_boxes =
      !result.missing.contains("grounding.iou") ||
      result.missing.at("grounding.iou") != "the references have no boxes";
  if (maps.maps + maps.boxes_only == 0) {
    if (has_reference_boxes) {
      alarms.push_back({"no_grounding", true, "no sentence of the predictions has a map or a box"});
    }
    return;
  }
  alarms.push_back({"no_grounding", false,
                    fmt::format("{} of {} sentences have a map or boxes",
                                maps.maps + maps.boxes_only, maps.sentences)});
  alarms.push_back(
      {"nothing_shown", share(maps.shown, maps.sentences) < kFewShown,
       fmt::format("{} of {} sentences are shown with a region", maps.shown, maps.sentences)});
  alarms.push_back({"broken_maps", maps.broken > 0,
                    fmt::format("{} of {} maps hold values that are not numbers or below 0, or do "
                                "not fill their grid",
                                maps.broken, maps.maps)});
  if (maps.maps > 0) {
    alarms.push_back(
        {"uniform_maps", share(maps.uniform, maps.maps) > kMostMaps,
         fmt::format("{} of {} maps are nearly the same everywhere", maps.uniform, maps.maps)});
  }
  if (maps.compared > 0) {
    alarms.push_back({"one_map_for_all_sentences",
                      share(maps.same_in_study, maps.compared) > kMostMaps,
                      fmt::format("in {} of {} reports all sentences have one and the same map",
                                  maps.same_in_study, maps.compared)});
  }
  if (maps.neighbours > 0) {
    alarms.push_back({"one_map_for_all_pictures",
                      share(maps.same_as_neighbour, maps.neighbours) > kMostMaps,
                      fmt::format("{} of {} pairs of studies have the same mean map",
                                  maps.same_as_neighbour, maps.neighbours)});
  }
  const Metric* side = result.metrics.find("grounding.right_side_share");
  if (side != nullptr && side->n >= kFewCases) {
    below(result.metrics, "wrong_side_maps", "grounding.right_side_share", kLowRightSide, alarms);
  }
  const Metric* negations = result.metrics.find("grounding.negations_with_region");
  if (negations != nullptr && negations->n >= kFewCases) {
    alarms.push_back({"points_at_what_is_absent", negations->value > kManyNegations,
                      fmt::format("{:.1f} % of the sentences that only rule findings out are shown "
                                  "with a region, the limit {:.0f} %",
                                  100 * negations->value, 100 * kManyNegations)});
  }
}

}  // namespace

std::vector<Alarm> raise_alarms(const EvaluationResult& result,
                                const AttentionMapValidation& maps) {
  std::vector<Alarm> alarms;
  const MetricTable& metrics = result.metrics;
  compare_with_baselines(metrics, "bleu_4", "text.bleu_4", alarms);
  for (const char* meteor : {"meteor_nltk", "meteor_nltk_nosyn"}) {
    compare_with_baselines(metrics, meteor, std::string("text.") + meteor, alarms);
  }
  compare_with_baselines(metrics, "f1_macro", "clinical.f1_macro", alarms);
  for (const char* name : {"iou", "iou_phrase", "pointing", "pointing_phrase"}) {
    compare_with_baselines(metrics, name, std::string("grounding.") + name, alarms);
  }
  alarms.push_back(constant_output(result.studies));
  below(metrics, "low_diversity", "diversity.distinct_ratio", kLowDistinctRatio, alarms);
  below(metrics, "misses_abnormal", "diversity.abnormal_recall", kLowAbnormalRecall, alarms);
  look_at_maps(result, maps, alarms);
  alarms.push_back({"missing_predictions", result.missing_drafts > 0,
                    fmt::format("{} of {} studies have no prediction", result.missing_drafts,
                                result.studies.size())});
  alarms.push_back({"few_studies", result.studies.size() < kFewStudies,
                    fmt::format("{} studies; under {} the intervals are wide",
                                result.studies.size(), kFewStudies)});
  return alarms;
}

}  // namespace radgen::evaluation

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

}  // namespace

std::vector<Alarm> raise_alarms(const EvaluationResult& result) {
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
  alarms.push_back({"missing_predictions", result.missing_drafts > 0,
                    fmt::format("{} of {} studies have no prediction", result.missing_drafts,
                                result.studies.size())});
  alarms.push_back({"few_studies", result.studies.size() < kFewStudies,
                    fmt::format("{} studies; under {} the intervals are wide",
                                result.studies.size(), kFewStudies)});
  return alarms;
}

}  // namespace radgen::evaluation

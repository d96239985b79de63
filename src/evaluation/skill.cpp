#include "evaluation/skill.h"

#include <algorithm>
#include <cmath>

namespace radgen::evaluation {

std::vector<SkillMetric> skill_metrics(const std::string& meteor_name) {
  std::vector<SkillMetric> metrics{{"bleu_4", "text.bleu_4"}};
  if (!meteor_name.empty()) metrics.push_back({meteor_name, "text." + meteor_name});
  metrics.push_back({"f1_macro_truth", "clinical.f1_macro_truth"});
  metrics.push_back({"f1_macro", "clinical.f1_macro"});
  for (const char* name : {"iou", "iou_phrase", "pointing", "pointing_phrase"}) {
    metrics.push_back({name, std::string("grounding.") + name});
  }
  return metrics;
}

double ceiling_of(const MetricTable& table, const std::string& path) {
  return path.starts_with("grounding.") ? 1.0 : table.value("oracle." + path);
}

double skill_of(double value, double trivial, double ceiling) {
  const double room = ceiling - trivial;
  if (std::isnan(value) || !(room > 1e-6)) return kUndefined;
  return std::min(1.0, (value - trivial) / room);
}

}  // namespace radgen::evaluation

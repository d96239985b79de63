// Skill: the share of the way from the best trivial answer (0) to the ceiling (1).
#pragma once

#include <string>
#include <vector>

#include "radgen/evaluation/metrics.h"

namespace radgen::evaluation {

struct SkillMetric {
  std::string name, path;  // "bleu_4", "text.bleu_4"
};
// `meteor_name`: of the METEOR that was computed; empty: none.
std::vector<SkillMetric> skill_metrics(const std::string& meteor_name);

// 1 for IoU and pointing, the oracle's value for words; NaN where there is no oracle.
double ceiling_of(const MetricTable& table, const std::string& path);

// At most 1; NaN where the trivial answer reaches the ceiling.
double skill_of(double value, double trivial, double ceiling);

}  // namespace radgen::evaluation

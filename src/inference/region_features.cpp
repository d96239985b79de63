#include "radgen/inference/region_features.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "inference/logistic_fit.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

double logit(double p) {
  const double inside = std::clamp(p, 1e-6, 1 - 1e-6);
  return std::log(inside / (1 - inside));
}

size_t index_of(Finding finding) {
  const auto& all = all_findings();
  return static_cast<size_t>(std::find(all.begin(), all.end(), finding) - all.begin());
}

std::vector<double> joined(std::vector<double> weights, const std::vector<double>& offsets) {
  RADGEN_CHECK(offsets.empty() || offsets.size() == kFindingCount, "one offset a finding");
  weights.insert(weights.end(), offsets.begin(), offsets.end());
  return weights;
}

std::vector<double> with_findings(std::vector<double> features, const RegionFeatures& region) {
  features.resize(features.size() + kFindingCount, 0.0);
  for (const Finding finding : region.findings)
    features[features.size() - kFindingCount + index_of(finding)] +=
        1 / static_cast<double>(region.findings.size());
  return features;
}

}  // namespace

RegionFeatures region_features(const AttentionMap& map, const std::vector<Finding>& findings,
                               const FindingLogits& logits) {
  RegionFeatures region;
  region.mass = map_mass(map);
  region.concentration = map_concentration(map);
  region.findings = findings;
  const double mass = map_mass(map);
  if (logits.empty() || findings.empty() || mass <= 0) return region;
  RADGEN_CHECK(logits.patches.size() == map.values.size() * kFindingCount,
               "the finding head's grid is not the map's");
  const double share = 1 / static_cast<double>(findings.size());
  for (const Finding finding : findings) {
    const size_t f = index_of(finding);
    double support = 0, best = -std::numeric_limits<double>::infinity();
    for (size_t j = 0; j < map.values.size(); ++j) {
      const double value = logits.patches[j * kFindingCount + f];
      support += map.values[j] / mass * value;
      best = std::max(best, value);
    }
    region.support += share * support;
    region.best_gap += share * (best - support);
    region.presence += share * logit(logits.probabilities.at(f));
  }
  return region;
}

std::vector<double> score_features(const RegionFeatures& region) {
  return with_findings(
      {1, logit(region.concentration), region.support, region.best_gap, region.presence}, region);
}

double score_gate(const RegionFeatures& region) {
  return std::log(std::clamp(region.mass, 1e-6, 1.0));
}

std::vector<double> confidence_features(double word_probability, const RegionFeatures& region) {
  return with_findings({1, logit(word_probability), region.presence}, region);
}

double calibrated_score(const RegionFeatures& region, const Calibration& c) {
  return logistic(joined({c.score_offset, c.concentration_slope, c.support_weight,
                          c.best_gap_weight, c.presence_weight},
                         c.finding_offsets),
                  score_features(region), score_gate(region));
}

double calibrated_confidence(double word_probability, const RegionFeatures& region,
                             const Calibration& c) {
  if (region.findings.empty()) return word_probability;
  return logistic(
      joined({c.word_offset, c.word_slope, c.word_presence_weight}, c.word_finding_offsets),
      confidence_features(word_probability, region));
}

}  // namespace radgen

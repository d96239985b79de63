// How sure a sentence and its region are: features beyond the shape of its map, and the calibrated
// figures made of it.
//
// A sharp map says that the network looked at one place, not that the finding is there: large
// findings have broad maps and are easily hit, small ones sharp maps that miss. So the score also
// asks the finding head what it sees under the map.
#pragma once

#include <vector>

#include "radgen/inference/calibration.h"
#include "radgen/inference/regions.h"
#include "radgen/report/finding.h"
#include "radgen/report/prediction.h"

namespace radgen {

// The finding head's logits of one image; empty for a network without one.
struct FindingLogits {
  std::vector<float> patches;         // [patches][kFindingCount], row major
  std::vector<double> probabilities;  // of the whole image, all_findings() order
  bool empty() const { return patches.empty(); }
};

// `findings`: what the map is about. The map's grid must be that of the logits (a map of another
// size is a bug).
RegionFeatures region_features(const AttentionMap& map, const std::vector<Finding>& findings,
                               const FindingLogits& logits);

// P(the region meets the finding with an IoU of at least 0.3), 0..1, as `calibration` estimates it.
double calibrated_score(const RegionFeatures& region, const Calibration& calibration);

// The odds of the score are the grounded mass times exp(weights x these): 1, logit(concentration),
// support, best_gap, presence, then a one for each finding (shares of one when there are several).
// Attention given to the null key therefore lowers the score whatever was fitted, down to 0 for a
// sentence that looks at nothing.
std::vector<double> score_features(const RegionFeatures& region);
double score_gate(const RegionFeatures& region);  // log of the grounded mass, at least log(1e-6)

// P(all that the sentence states is there, on that side), 0..1; the words' own probability when it
// states nothing.
double calibrated_confidence(double word_probability, const RegionFeatures& region,
                             const Calibration& calibration);

// 1, logit(word_probability), presence, then a one for each finding.
std::vector<double> confidence_features(double word_probability, const RegionFeatures& region);

}  // namespace radgen

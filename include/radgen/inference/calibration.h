// What is fitted to a model on its validation split (calibration_fit.h) and travels in its folder
// as calibration.json: where a map becomes a region, what its score is worth, and from which score
// on a sentence counts as grounded. The defaults are a model's that was never calibrated.
#pragma once

#include <cstdint>
#include <vector>

#include "radgen/core/config.h"

namespace radgen {

// Chosen on the validation split and stored in the model folder as calibration.json.
struct Calibration {
  double region_threshold = 0.3;  // share of the map's maximum; parts above it become boxes
  // odds of the calibrated score = grounded mass x exp(slope * logit(concentration) + weights *
  // features + offset + mean of the findings' offsets): see region_features.h
  double concentration_slope = 1, support_weight = 0, best_gap_weight = 0, presence_weight = 0,
         score_offset = 0;
  std::vector<double> finding_offsets;  // all_findings() order; empty: none
  // confidence of a sentence that states findings = sigmoid(slope * logit(exp(mean log P)) + weight
  // * presence + offsets)
  double word_slope = 1, word_presence_weight = 0, word_offset = 0;
  std::vector<double> word_finding_offsets;  // all_findings() order; empty: none
  double abstain_below = 0.3;  // calibrated score; sentences under it are not grounded
  // of the finding head's probabilities, all_findings() order; empty: none
  std::vector<double> finding_thresholds;
  int64_t studies = 0;  // validation studies it was chosen on; 0: defaults, not fitted
  // The same for sentences that rule something out: where their maps are cut, P(the region meets
  // the anatomy with an IoU of at least 0.3) = sigmoid(log(mass) + slope * logit(concentration) +
  // offset), and from which score on it is shown.
  double examined_threshold = 0.3, examined_slope = 0, examined_offset = 0,
         examined_abstain_below = 0.3;
  // such sentences of the validation split; 0: never fitted, and no examined region is shown
  int64_t examined_sentences = 0;
};
inline void describe(Fields& f, Calibration& c) {
  f.field("region_threshold", c.region_threshold,
          {.help = "share of a map's maximum above which parts become boxes", .min = 0, .max = 1});
  f.field("concentration_slope", c.concentration_slope,
          {.help = "slope of the calibration on the logit of the map's concentration"});
  f.field("support_weight", c.support_weight,
          {.help = "weight of the finding head's logit under the map"});
  f.field("best_gap_weight", c.best_gap_weight,
          {.help = "weight of what the best patch of the picture has above that"});
  f.field("presence_weight", c.presence_weight,
          {.help = "weight of the logit of the finding's probability in the picture"});
  f.field("score_offset", c.score_offset, {.help = "offset of the calibrated score's logit"});
  f.field("finding_offsets", c.finding_offsets,
          {.help = "what is added for each finding; 14 in CheXpert's order, or none"});
  f.field("word_slope", c.word_slope,
          {.help = "slope of the confidence on the logit of the words' mean probability"});
  f.field("word_presence_weight", c.word_presence_weight,
          {.help = "the same for the finding's probability in the picture"});
  f.field("word_offset", c.word_offset, {.help = "offset of the confidence's logit"});
  f.field("word_finding_offsets", c.word_finding_offsets,
          {.help = "what is added for each finding; 14 in CheXpert's order, or none"});
  f.field("abstain_below", c.abstain_below,
          {.help = "calibrated score under which a sentence is not grounded", .min = 0, .max = 1});
  f.field("finding_thresholds", c.finding_thresholds,
          {.help = "probability from which on a finding counts as supported; 14 in CheXpert's "
                   "order, or none",
           .min = 0,
           .max = 1});
  f.field("examined_threshold", c.examined_threshold,
          {.help = "share of the maximum above which parts of a map become examined regions",
           .min = 0,
           .max = 1});
  f.field("examined_slope", c.examined_slope,
          {.help = "slope of an examined region's score on the logit of the map's concentration"});
  f.field("examined_offset", c.examined_offset, {.help = "offset of that score's logit"});
  f.field("examined_abstain_below", c.examined_abstain_below,
          {.help = "score under which an examined region is not shown", .min = 0, .max = 1});
  f.field(
      "examined_sentences", c.examined_sentences,
      {.help = "sentences that these were chosen on; 0: never fitted, none is shown", .min = 0});
  f.field("studies", c.studies,
          {.help = "validation studies it was chosen on; 0: never fitted", .min = 0});
}

}  // namespace radgen

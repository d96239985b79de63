// From token attention to what a reader sees: a sentence's map, its regions as boxes, its raw
// grounding score.
//
// A sentence's map is the mean over its finding tokens' maps (over all its tokens when it has
// none); its regions are boxes around the connected parts above a share of the map's maximum.
#pragma once

#include <vector>

#include "radgen/core/config.h"
#include "radgen/core/geometry.h"
#include "radgen/report/prediction.h"

namespace radgen {

// Chosen on the validation split and stored in the model folder as calibration.json.
struct Calibration {
  double region_threshold = 0.3;  // share of the map's maximum; parts above it become boxes
  // calibrated score = sigmoid(slope * logit(sharpness) + weights * evidence + offset + mean of the
  // findings' offsets)
  double score_slope = 1, support_weight = 0, best_gap_weight = 0, presence_weight = 0,
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
  // the anatomy with an IoU of at least 0.3) = sigmoid(slope * logit(sharpness) + offset), and from
  // which score on it is shown.
  double examined_threshold = 0.3, examined_slope = 0, examined_offset = 0,
         examined_abstain_below = 0.3;
  // such sentences of the validation split; 0: never fitted, and no examined region is shown
  int64_t examined_sentences = 0;
};
inline void describe(Fields& f, Calibration& c) {
  f.field("region_threshold", c.region_threshold,
          {.help = "share of a map's maximum above which parts become boxes", .min = 0, .max = 1});
  f.field("score_slope", c.score_slope,
          {.help = "slope of the calibration on the logit of the map's sharpness"});
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
          {.help = "slope of an examined region's score on the logit of the map's sharpness"});
  f.field("examined_offset", c.examined_offset, {.help = "offset of that score's logit"});
  f.field("examined_abstain_below", c.examined_abstain_below,
          {.help = "score under which an examined region is not shown", .min = 0, .max = 1});
  f.field(
      "examined_sentences", c.examined_sentences,
      {.help = "sentences that these were chosen on; 0: never fitted, none is shown", .min = 0});
  f.field("studies", c.studies,
          {.help = "validation studies it was chosen on; 0: never fitted", .min = 0});
}

// Mean of rows of `token_maps` ([tokens][rows*columns]); an empty map when there are none.
AttentionMap mean_map(const std::vector<std::vector<float>>& token_maps,
                      const std::vector<size_t>& tokens, int rows, int columns);

double map_mass(const AttentionMap& map);  // sum of the values: 1 - what went to the null key
// of the map divided by its sum, in nats; log(N) for a flat one
double map_entropy(const AttentionMap& map);

// The raw grounding score: mass x (1 - entropy / log N); 1 when all attention is on one patch, 0
// when it is spread evenly or given to the null key.
double raw_grounding_score(const AttentionMap& map);

// The map upsampled bilinearly inside `map_box` and cut at threshold x maximum; one box a connected
// part, largest mass first, parts with less than a tenth of the largest one's mass dropped, at most
// `most`. Coordinates are map_box's.
std::vector<Box> find_regions(const AttentionMap& map, const Box& map_box, double threshold_of_max,
                              size_t most = 4);

// Which tokens of `spans` (bytes of the text, half-open) overlap [begin, end).
std::vector<size_t> tokens_within(const std::vector<std::pair<size_t, size_t>>& spans, size_t begin,
                                  size_t end);

}  // namespace radgen

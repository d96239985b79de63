// Choosing the thresholds of a model on the validation split: where a map becomes a region, what
// its score is worth, and from which score on a sentence counts as grounded.
#pragma once

#include <vector>

#include "radgen/core/box_iou.h"
#include "radgen/inference/calibration.h"
#include "radgen/inference/region_features.h"
#include "radgen/inference/regions.h"

namespace radgen {

// A sentence over a study whose boxes are known: read from its report, or drafted.
struct CalibrationCase {
  AttentionMap map;
  Box map_box;  // prepared-image pixels
  // boxes of the sentence's finding and side; empty: it is not there
  std::vector<Box> reference;
  RegionFeatures region_features;
  // Of drafted sentences: exp(mean log P) of the words, and whether all that is stated is there, on
  // that side.
  double word_probability = 0;
  bool is_right = false;
};

// A sentence of a report that rules something out, read over a study whose anatomy is known.
struct ExaminedCase {
  AttentionMap map;
  Box map_box;
  std::vector<Box> reference;  // boxes of the anatomy that the sentence names
};

// region_threshold: largest mean IoU of regions and reference over `phrases` (the reports' own
// sentences, whose findings are there). Score: logistic regression of the event "IoU of at least
// kRightIou" on score_features, over `claims` (drafted sentences, right and wrong as a reader meets
// them), with Platt's smoothed targets (Platt 1999) and a ridge, so that a few cases of a finding
// move its offset a little. abstain_below: largest F1 of that event. Confidence: the same
// regression of is_right on confidence_features. Fewer than 20 phrases leave the defaults, with
// `studies` 0; fewer than 20 claims: the score is fitted on the phrases, and the confidence stays
// exp(mean log P).
Calibration fit_calibration(const std::vector<CalibrationCase>& phrases,
                            const std::vector<CalibrationCase>& claims, int64_t studies);

// examined_threshold: largest mean IoU. Score: logistic regression of an IoU of at least kRightIou
// on the concentration. examined_abstain_below: largest F1 of that event. Fewer than 20 cases leave
// `calibration` as it is: no examined region is shown.
void fit_examined(const std::vector<ExaminedCase>& cases, Calibration& calibration);

}  // namespace radgen

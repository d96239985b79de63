// Choosing the thresholds of a model on the validation split: where a map becomes a region, what its score is worth, and
// from which score on a sentence counts as grounded.
#pragma once

#include <vector>

#include "radgen/inference/regions.h"

namespace radgen {

// A sentence that was read over a study whose boxes are known.
struct CalibrationCase {
  AttentionMap map;
  Box map_box;                    // prepared-picture pixels
  std::vector<Box> reference;     // boxes of the sentence's finding and side, not empty
};

// IoU of the unions of two sets of boxes, exact (the plane is cut at every edge).
double union_iou(const std::vector<Box>& a, const std::vector<Box>& b);

// region_threshold: largest mean IoU of regions and reference. Score: Platt scaling (Platt 1999) of the raw score
// against the event "IoU of at least 0.3". abstain_below: largest F1 of that event. Fewer than 20 cases leave the
// defaults, with `studies` 0.
Calibration fit_calibration(const std::vector<CalibrationCase>& cases, int64_t studies);

inline constexpr double kHitIou = 0.3;

}  // namespace radgen

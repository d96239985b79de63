// How well two sets of boxes agree: the one IoU of boxes, for training, evaluation and pages.
// (Of maps, which have shades: evaluation/grounding/grounding.h.)
#pragma once

#include <vector>

#include "radgen/core/geometry.h"

namespace radgen {

// From this IoU on a region counts as right: for calibration as for what is reported.
inline constexpr double kRightIou = 0.3;

// IoU of the unions of two sets of boxes, exact (the plane is cut at every edge); 0 when both are
// empty.
double union_iou(const std::vector<Box>& a, const std::vector<Box>& b);

}  // namespace radgen

// What a case points at, and which boxes that fits.
#pragma once

#include <vector>

#include "radgen/evaluation/grounding/grounding.h"

namespace radgen::evaluation {

// The regions that are drawn; where there are none, the map cut at a tenth of its maximum.
struct Trace {
  AttentionMap map;  // empty: points at nothing
  Box box;           // of the map, pixels
  int level = kDefaultLevel;
};
Trace trace_of(const AttentionMap& map, const Box& map_box, const std::vector<Box>& regions,
               int width, int height);
// At the same place of another image.
Trace moved(Trace trace, const Reference& from, const Reference& to);

// IoU with the boxes; NaN for an empty trace or without boxes.
double fit_of(const Trace& trace, const std::vector<Box>& boxes, int width, int height);

// Boxes of the finding whose side agrees.
std::vector<Box> boxes_of(const Reference& reference, Finding finding, Side side);

// The finding of a study whose boxes a trace fits best; NaN where the study has no boxes.
struct Fit {
  Finding finding = Finding::kNoFinding;
  std::vector<Box> boxes;
  double iou = kUndefined;
};
Fit best_fit(const Trace& trace, const Reference& reference);

}  // namespace radgen::evaluation

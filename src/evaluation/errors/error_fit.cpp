#include "evaluation/errors/error_fit.h"

#include "evaluation/grounding/claim_maps.h"

namespace radgen::evaluation {

Trace trace_of(const AttentionMap& map, const Box& map_box, const std::vector<Box>& regions,
               int width, int height) {
  if (regions.empty() || width < 1 || height < 1) return {map, map_box, kDefaultLevel};
  constexpr int kHalf = 9;  // drawn boxes are whole or not there: any middle threshold will do
  const Box whole{0, 0, static_cast<double>(width), static_cast<double>(height)};
  return {boxes_as_map(regions, width, height), whole, kHalf};
}

Trace moved(Trace trace, const Reference& from, const Reference& to) {
  if (from.width < 1 || from.height < 1 || to.width < 1 || to.height < 1) return trace;
  const double sx = static_cast<double>(to.width) / from.width;
  const double sy = static_cast<double>(to.height) / from.height;
  trace.box = {trace.box.x * sx, trace.box.y * sy, trace.box.w * sx, trace.box.h * sy};
  return trace;
}

double fit_of(const Trace& trace, const std::vector<Box>& boxes, int width, int height) {
  if (trace.map.empty() || boxes.empty()) return kUndefined;
  return score_map(trace.map, trace.box, boxes, width, height)
      .iou[static_cast<size_t>(trace.level)];
}

std::vector<Box> boxes_of(const Reference& reference, Finding finding, Side side) {
  std::vector<Box> boxes;
  for (const ReferenceBox& box : reference.boxes) {
    if (box.finding == finding && sides_agree(box.side, side)) boxes.push_back(box.box);
  }
  return boxes;
}

Fit best_fit(const Trace& trace, const Reference& reference) {
  Fit best;
  const auto [width, height] = image_size(reference, trace.box);
  for (const Finding finding : all_findings()) {
    std::vector<Box> boxes = boxes_of(reference, finding, Side::kNone);
    if (boxes.empty()) continue;
    const double iou = fit_of(trace, boxes, width, height);
    if (!(iou <= best.iou)) best = {finding, std::move(boxes), iou};
  }
  return best;
}

}  // namespace radgen::evaluation

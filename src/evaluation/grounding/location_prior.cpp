#include "radgen/evaluation/grounding/location_prior.h"

#include <algorithm>

namespace radgen::evaluation {

LocationPrior::LocationPrior(std::span<const Reference> train) {
  // Masks as boxes in grid cells, by finding and side; an entry is one study.
  std::map<std::pair<Finding, int>, std::vector<std::vector<Box>>> masks;
  for (const Reference& reference : train) {
    if (!reference.has_boxes || reference.width < 1 || reference.height < 1) continue;
    std::map<std::pair<Finding, int>, std::vector<Box>> study;
    for (const ReferenceBox& box : reference.boxes) {
      const double sx = static_cast<double>(kGrid) / reference.width;
      const double sy = static_cast<double>(kGrid) / reference.height;
      const Box cells{box.box.x * sx, box.box.y * sy, box.box.w * sx, box.box.h * sy};
      study[{box.finding, static_cast<int>(box.side)}].push_back(cells);
      study[{box.finding, kAnySide}].push_back(cells);
    }
    for (auto& [key, boxes] : study) masks[key].push_back(std::move(boxes));
  }
  const Box area{0, 0, kGrid, kGrid};
  for (const auto& [key, studies] : masks) {
    Place place;
    place.map = {kGrid, kGrid, std::vector<float>(kGrid * kGrid, 0.0f)};
    for (const std::vector<Box>& boxes : studies) {
      const AttentionMap mask = coverage_map(boxes, kGrid, kGrid, area);
      for (size_t i = 0; i < mask.values.size(); ++i) place.map.values[i] += mask.values[i];
    }
    std::array<double, kLevels> sums{};
    const size_t step = std::max<size_t>(1, studies.size() / kMaxThresholdMasks);
    for (size_t i = 0; i < studies.size(); i += step) {
      const MapScore score = score_map(place.map, area, studies[i], kGrid, kGrid);
      for (size_t level = 0; level < sums.size(); ++level) sums[level] += score.iou[level];
    }
    place.level = static_cast<int>(std::max_element(sums.begin(), sums.end()) - sums.begin());
    places_.emplace(key, std::move(place));
  }
}

MapScore LocationPrior::score(Finding finding, Side side, const std::vector<Box>& boxes, int width,
                              int height) const {
  auto place = places_.find({finding, static_cast<int>(side)});
  if (place == places_.end()) place = places_.find({finding, kAnySide});
  if (place == places_.end()) return {};
  const Box area{0, 0, static_cast<double>(width), static_cast<double>(height)};
  MapScore score = score_map(place->second.map, area, boxes, width, height);
  score.iou.fill(score.iou[static_cast<size_t>(place->second.level)]);
  return score;
}

}  // namespace radgen::evaluation

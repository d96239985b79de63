#include "radgen/evaluation/grounding/location_prior.h"

#include <utility>

#include "radgen/core/parallel.h"
#include "radgen/evaluation/systematic_subsample.h"

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
    AttentionMap map{kGrid, kGrid, std::vector<float>(kGrid * kGrid, 0.0f)};
    for (const std::vector<Box>& boxes : studies) {
      const AttentionMap mask = coverage_map(boxes, kGrid, kGrid, area);
      for (size_t i = 0; i < mask.values.size(); ++i) map.values[i] += mask.values[i];
    }
    places_.emplace(key, std::move(map));
  }
}

MapScore LocationPrior::score(Finding finding, Side side, const std::vector<Box>& boxes, int width,
                              int height) const {
  auto place = places_.find({finding, static_cast<int>(side)});
  if (place == places_.end()) place = places_.find({finding, kAnySide});
  if (place == places_.end()) return {};
  const Box area{0, 0, static_cast<double>(width), static_cast<double>(height)};
  return score_map(place->second, area, boxes, width, height);
}

int LocationPrior::choose_level(std::span<const Reference> judges, int threads) const {
  std::vector<Reference> boxed;
  for (const Reference& judge : judges) {
    if (judge.has_boxes && !judge.boxes.empty() && judge.width > 0) boxed.push_back(judge);
  }
  const std::vector<size_t> chosen = systematic_subsample(boxed.size(), kMostJudges);
  std::vector<StudyItems> items(chosen.size());
  parallel_for(chosen.size(), threads, [&](size_t i) {
    const Reference& judge = boxed[chosen[i]];
    items[i] = phrase_items(judge, [&](const Claim& claim, const std::vector<Box>& boxes, bool&) {
      return score(claim.finding, claim.side, boxes, judge.width, judge.height);
    });
  });
  return items.empty() ? kDefaultLevel : best_level(items, macro_findings(boxed));
}

}  // namespace radgen::evaluation

#include "inference/sentence_regions.h"

#include <algorithm>
#include <map>

#include "radgen/report/anatomy.h"

namespace radgen {
namespace {

constexpr size_t kMostBoxes = 4, kMostExaminedBoxes = 8;
constexpr double kLeastShareOnSide = 0.5;

bool is_one_sided(Side side) { return side == Side::kLeft || side == Side::kRight; }

Box half_plane(const Box& map_box, double midline_x, Side side) {
  const double from = side == Side::kLeft ? midline_x : map_box.x;
  const double to = side == Side::kLeft ? map_box.x + map_box.w : midline_x;
  return {from, map_box.y, std::max(0.0, to - from), map_box.h};
}

// The one side of all of them; kNone when they differ.
Side common_side(const std::vector<std::string>& anatomies) {
  Side common = anatomies.empty() ? Side::kNone : anatomy_side(anatomies.front());
  for (const std::string& name : anatomies)
    if (anatomy_side(name) != common) common = Side::kNone;
  return common;
}

// Regions of a map, of one side where there is one; clipped there, so that smoothing cannot carry
// them across.
std::vector<Box> regions_on_side(const AttentionMap& map, const Box& map_box, double midline_x,
                                 Side side, double threshold, size_t most) {
  if (!is_one_sided(side)) return find_regions(map, map_box, threshold, most);
  std::vector<Box> boxes;
  for (const Box& box :
       find_regions(map_on_side(map, map_box, midline_x, side), map_box, threshold, most)) {
    const Box kept = intersect(box, half_plane(map_box, midline_x, side));
    if (kept.area() > 0) boxes.push_back(kept);
  }
  return boxes;
}

}  // namespace

AttentionMap map_on_side(const AttentionMap& map, const Box& map_box, double midline_x, Side side) {
  AttentionMap kept = map;
  if (!is_one_sided(side) || map.empty()) return kept;
  const Box half = half_plane(map_box, midline_x, side);
  const double width = map_box.w / map.columns;
  for (int column = 0; column < map.columns; ++column) {
    const double left = map_box.x + column * width;
    const double inside =
        std::max(0.0, std::min(left + width, half.x + half.w) - std::max(left, half.x));
    for (int row = 0; row < map.rows; ++row)
      kept.values[static_cast<size_t>(row) * map.columns + column] *=
          static_cast<float>(inside / width);
  }
  return kept;
}

RegionPlacer::RegionPlacer(const Draft& draft, const GridPlacement& placement,
                           const std::vector<std::vector<float>>& token_maps,
                           const std::vector<std::pair<size_t, size_t>>& spans,
                           const Calibration& calibration)
    : draft_(draft),
      placement_(placement),
      token_maps_(token_maps),
      spans_(spans),
      calibration_(calibration),
      midline_x_(placement.midline_x.value_or(placement.map_box.x + placement.map_box.w / 2)) {}

void RegionPlacer::place(size_t index, std::vector<std::string> anatomies,
                         DraftSentence& sentence) const {
  if (!sentence.region_features.findings.empty()) {
    place_evidence(index, sentence);
    sentence.is_grounded = sentence.region == RegionKind::kEvidence;
    sentence.is_unsupported = !sentence.is_grounded;
  } else if (!anatomies.empty()) {
    place_examined(std::move(anatomies), sentence);
  } else {
    sentence.no_region_reason = reason_without_anatomy(sentence.text);
  }
}

void RegionPlacer::place_evidence(size_t index, DraftSentence& sentence) const {
  if (sentence.score < calibration_.abstain_below) {
    sentence.no_region_reason = "below_threshold";
    return;
  }
  // Statements of different sides in one sentence have a map each.
  std::map<Side, std::vector<size_t>> tokens;
  for (const Mention& m : draft_.mentions) {
    if (m.sentence != index || m.assertion == Assertion::kNegative ||
        m.finding == Finding::kNoFinding)
      continue;
    const std::vector<size_t> own = tokens_within(spans_, m.begin, m.end);
    std::vector<size_t>& all = tokens[is_one_sided(m.side) ? m.side : Side::kNone];
    all.insert(all.end(), own.begin(), own.end());
  }
  std::vector<Box> boxes;
  for (const auto& [side, own] : tokens) {
    const AttentionMap map = tokens.size() == 1
                                 ? sentence.map
                                 : mean_map(token_maps_, own, placement_.rows, placement_.columns);
    const AttentionMap kept = map_on_side(map, draft_.map_box, midline_x_, side);
    if (map_mass(kept) < kLeastShareOnSide * map_mass(map)) {
      sentence.no_region_reason = "wrong_side";
      return;
    }
    for (const Box& box : regions_on_side(map, draft_.map_box, midline_x_, side,
                                          calibration_.region_threshold, kMostBoxes))
      if (boxes.size() < kMostBoxes) boxes.push_back(box);
  }
  if (boxes.empty()) {
    sentence.no_region_reason = "no_attention";
    return;
  }
  sentence.region = RegionKind::kEvidence;
  sentence.boxes = std::move(boxes);
}

void RegionPlacer::place_examined(std::vector<std::string> anatomies,
                                  DraftSentence& sentence) const {
  sentence.score = examined_score(sentence.map, calibration_);
  if (calibration_.examined_sentences == 0) {
    sentence.no_region_reason = "not_calibrated";
  } else if (sentence.score < calibration_.examined_abstain_below) {
    sentence.no_region_reason = "below_threshold";
  } else {
    sentence.boxes =
        regions_on_side(sentence.map, draft_.map_box, midline_x_, common_side(anatomies),
                        calibration_.examined_threshold, kMostExaminedBoxes);
    if (sentence.boxes.empty()) {
      sentence.no_region_reason = "no_attention";
    } else {
      sentence.region = RegionKind::kExamined;
      sentence.anatomies = std::move(anatomies);
    }
  }
}

}  // namespace radgen

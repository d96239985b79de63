// What a drafted sentence may show: evidence of what it states, the anatomy that it ruled something
// out in, or nothing and the reason why.
//
// Evidence never lies on another side than the words say: of a one-sided statement only the part of
// its map on that side is cut into regions, and where most of the map lies on the other side the
// sentence is unsupported.
#pragma once

#include <string>
#include <vector>

#include "radgen/inference/draft_assembly.h"

namespace radgen {

// The map with what lies beyond the midline on the other side of the patient taken out; the patient
// faces the reader, so the left side is x > midline.
AttentionMap map_on_side(const AttentionMap& map, const Box& map_box, double midline_x, Side side);

class RegionPlacer {
 public:
  // `token_maps` and `spans` are those of the whole draft, one each a token. All are kept as
  // references.
  RegionPlacer(const Draft& draft, const GridPlacement& placement,
               const std::vector<std::vector<float>>& token_maps,
               const std::vector<std::pair<size_t, size_t>>& spans, const Calibration& calibration);

  // Fills region, boxes, anatomies, no_region_reason and the two flags of sentence `index`, whose
  // map, evidence and score are there; sets the score of an examined one. `anatomies`: what its
  // words ruled something out in.
  void place(size_t index, std::vector<std::string> anatomies, DraftSentence& sentence) const;

 private:
  void place_evidence(size_t index, DraftSentence& sentence) const;
  void place_examined(std::vector<std::string> anatomies, DraftSentence& sentence) const;

  const Draft& draft_;
  const GridPlacement& placement_;
  const std::vector<std::vector<float>>& token_maps_;
  const std::vector<std::pair<size_t, size_t>>& spans_;
  const Calibration& calibration_;
  double midline_x_;
};

}  // namespace radgen

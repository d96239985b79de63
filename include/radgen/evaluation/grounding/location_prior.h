// The location prior: where a finding of a side usually lies, learnt from the training boxes and
// from no image. A grounding score below it means that the map is worth less than the words.
//
//   LocationPrior prior(train_references);
//   MapScore s = prior.score(Finding::kCardiomegaly, Side::kNone, boxes, width, height);
//
// The map is the mean training mask on a kGrid x kGrid grid over the whole image. Its threshold
// is the one that gives the best mean IoU on the training boxes themselves, so that the prior is as
// strong as it can be; all IoU levels of a score hold that one.
#pragma once

#include <map>
#include <span>
#include <utility>

#include "radgen/evaluation/grounding/grounding.h"

namespace radgen::evaluation {

class LocationPrior {
 public:
  static constexpr int kGrid = 64;
  static constexpr size_t kMaxThresholdMasks = 400;  // training masks that a threshold is chosen on
  explicit LocationPrior(std::span<const Reference> train);
  bool empty() const { return places_.empty(); }
  // Falls back on the finding's prior over all sides; 0 for a finding that training never boxes.
  MapScore score(Finding finding, Side side, const std::vector<Box>& boxes, int width,
                 int height) const;

 private:
  struct Place {
    AttentionMap map;
    int level = kDefaultLevel;
  };
  // The second key is side_name's number, or kAnySide.
  static constexpr int kAnySide = -1;
  std::map<std::pair<Finding, int>, Place> places_;
};

}  // namespace radgen::evaluation

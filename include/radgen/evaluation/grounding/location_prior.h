// The location prior: where a finding of a side usually lies, learnt from the training boxes and
// from no image. A grounding score below it means that the map is worth less than the words.
//
//   LocationPrior prior(train_references);
//   MapScore s = prior.score(Finding::kCardiomegaly, Side::kNone, boxes, width, height);
//   int level = prior.choose_level(validation_references);        // where all its maps are cut
//
// The map is the mean training mask on a kGrid x kGrid grid over the whole image. It is cut as a
// model's maps are: at one share of the maximum for all findings, chosen on validation.
#pragma once

#include <map>
#include <span>
#include <utility>

#include "radgen/evaluation/grounding/grounding.h"

namespace radgen::evaluation {

class LocationPrior {
 public:
  static constexpr int kGrid = 64;
  static constexpr size_t kMostJudges = 400;  // studies that a threshold is chosen on
  explicit LocationPrior(std::span<const Reference> train);
  bool empty() const { return places_.empty(); }
  // Falls back on the finding's prior over all sides; 0 for a finding that training never boxes.
  MapScore score(Finding finding, Side side, const std::vector<Box>& boxes, int width,
                 int height) const;
  // The level with the largest macro IoU on the boxed findings of `judges`, at most kMostJudges of
  // those with boxes; kDefaultLevel where there is none.
  int choose_level(std::span<const Reference> judges, int threads) const;

 private:
  // The second key is side_name's number, or kAnySide.
  static constexpr int kAnySide = -1;
  std::map<std::pair<Finding, int>, AttentionMap> places_;
};

}  // namespace radgen::evaluation

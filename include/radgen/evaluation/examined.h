// Does what a sentence ruled out lie where the anatomy does? Sentences that rule something out are
// shown with the anatomy that was examined; here their regions are compared with where it really
// lies, and with a fixed box for each place, learnt from no image.
//
//   const AnatomyPrior prior(train_references);
//   items = examined_items(draft, reference, labeler, prior);
//
// These never count as evidence: what finds something is scored by grounding.h.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "radgen/evaluation/metrics.h"
#include "radgen/evaluation/reference.h"
#include "radgen/report/labeler.h"

namespace radgen::evaluation {

// The mean training box of each place, as shares of the image's sides.
class AnatomyPrior {
 public:
  explicit AnatomyPrior(std::span<const Reference> train);
  bool empty() const { return boxes_.empty(); }
  std::vector<Box> boxes(const std::vector<std::string>& anatomies, int width, int height) const;

 private:
  std::map<std::string, Box> boxes_;
};

// A sentence of a draft that rules something out, of a study whose anatomy is annotated.
struct ExaminedItem {
  std::string anatomy;      // what it names, sides left out: "costophrenic angle"
  bool is_shown = false;    // with an examined region; else its IoU and pointing are 0
  bool is_unusual = false;  // Reference::is_unusual_pose
  double iou = 0, pointing = 0;
  double prior_iou = 0, prior_pointing = 0;  // NaN: the prior knows none of the places
};
std::vector<ExaminedItem> examined_items(const Draft& draft, const Reference& reference,
                                         const Labeler& labeler, const AnatomyPrior& prior);

// Sets grounding.examined.{iou,pointing,shown_share,prior_iou,prior_pointing,iou_over_prior,
// pointing_over_prior}, the same with _unusual over unusual poses, and per_anatomy.* .
void summarize_examined(std::span<const std::vector<ExaminedItem>> studies,
                        std::span<const double> weights, MetricTable& table);

}  // namespace radgen::evaluation

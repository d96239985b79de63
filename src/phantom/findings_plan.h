// What is wrong in one study: which findings occur together and what each of them looks like.
#pragma once

#include "radgen/core/random.h"
#include "radgen/phantom/plan.h"

namespace radgen::phantom {

// Draws studies whose findings have a prevalence's marginals and co-occurrences exactly (in
// expectation).
class FindingsPlan {
 public:
  explicit FindingsPlan(const Prevalence& prevalence);
  // Fills truth.findings from the view and the patient; `sicker` moves severities up (confounder).
  void draw(StudyTruth& truth, Random& random, bool sicker) const;

 private:
  double probability(Finding f) const { return probability_[static_cast<size_t>(f)]; }
  std::vector<Finding> draw_pathologies(Random& random) const;
  void draw_devices(StudyTruth& truth, bool is_abnormal, Random& random) const;

  Prevalence prevalence_;
  // Before the redraw of studies that came out empty: of edema, and of the others given no edema.
  std::array<double, kFindingCount> probability_{};
  double devices_ap_abnormal_ = 0, devices_ap_normal_ = 0, devices_pa_abnormal_ = 0,
         devices_pa_normal_ = 0;
};

Severity draw_severity(Random& random, bool sicker);

// Kind, side, lobe, size and volume of one pathology.
TrueFinding draw_pathology(Finding finding, const StudyTruth& truth, Random& random, bool sicker);

// One support device. `beside_side`: the side of the pneumothorax or effusion that a chest tube
// drains.
TrueFinding draw_device(const std::string& kind, Side beside_side, Random& random);

}  // namespace radgen::phantom

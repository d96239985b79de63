// Which of several drawn texts becomes the draft: the one whose statements the finding head
// supports best, as far as its words are likely.
//
//   support = sum over the findings that the text states (not No Finding)
//             of logit p - logit threshold
//   value   = mean log-probability of its words + finding_head_weight x support + mbr_weight x mbr
//
// p is the finding head's probability for the image; a finding is supported where p is above its
// threshold, which is the one with the largest F1 on the validation split
// (Calibration::finding_thresholds). A text cannot gain by what it leaves out: a supported finding
// that it does not state is lost to it.
#pragma once

#include <vector>

#include "radgen/report/finding.h"

namespace radgen {

// `probabilities` and `thresholds` in the order of all_findings(); thresholds empty: 0.5 for each.
// Positive and uncertain statements count alike.
double support_of(const Labels& stated, const std::vector<double>& probabilities,
                  const std::vector<double>& thresholds);

// How much each text says what the others say: the mean over them of the Dice coefficient of their
// words and pairs of words (minimum Bayes risk, Kumar and Byrne 2004). In 0..1; 1 for a text that
// is alone.
std::vector<double> mbr_scores(const std::vector<std::vector<int64_t>>& texts);

// A finding's probability and whether the reference states it.
struct FindingCase {
  double probability = 0;
  bool is_stated = false;
};
// The threshold with the largest F1; 0.5 when nothing, or everything, is stated.
double best_threshold(std::vector<FindingCase> cases);

}  // namespace radgen

// What a report says about the 14 findings, against what the reference says: labels F1, laterality,
// hallucinated and omitted findings, diversity, recall of abnormal studies. Both texts go through
// our rules labeler.
//
//   StudyWords draft = read_words(labeler, draft_text), reference = read_words(labeler,
//   reference_text); ClinicalCounts counts = compare_words(draft, reference, truth);
//   summarize_clinical(all_counts, weights, table);       // clinical.*, and
//   diversity.abnormal_recall
//
// "Uncertain" counts as positive unless a name says otherwise. `f1_macro` is over the classes of
// the 13 without No Finding that have a positive in the references (PHANTOM and CheXpert labelings
// leave some without).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "radgen/evaluation/metrics.h"
#include "radgen/evaluation/reference.h"
#include "radgen/report/finding.h"
#include "radgen/report/labeler.h"

namespace radgen::evaluation {

using FindingSet = uint16_t;  // bit i: the finding with that number in `Finding`
inline FindingSet bit(Finding finding) {
  return static_cast<FindingSet>(1u << static_cast<unsigned>(finding));
}
inline bool has(FindingSet set, Finding finding) { return (set & bit(finding)) != 0; }

// CheXpert's five competition findings (Irvin et al. 2019).
inline constexpr std::array<Finding, 5> kChexpertFive{Finding::kAtelectasis, Finding::kCardiomegaly,
                                                      Finding::kConsolidation, Finding::kEdema,
                                                      Finding::kPleuralEffusion};

// One text through the labeler.
struct StudyWords {
  std::vector<Mention> mentions;
  FindingSet positive = 0;  // label 1 or -1
  FindingSet certain = 0;   // label 1
  FindingSet left = 0,
             right = 0;  // sides of the mentions that are not negative; bilateral sets both
  // Distinct (finding, side, severity) of the mentions that are not negative, sorted, as one
  // string.
  std::string tuples;
};
StudyWords read_words(const Labeler& labeler, const std::string& text);

// Everything the clinical metrics need to know of one study.
struct ClinicalCounts {
  FindingSet draft = 0, reference = 0;                  // uncertain as positive
  FindingSet draft_certain = 0, reference_certain = 0;  // uncertain as negative
  bool has_truth = false;
  FindingSet truth = 0;  // visible findings
  int sided = 0,
      wrong_side =
          0;  // findings in both with a definite side in both; those with no side in common
  // Visible true findings by severity (kSubtle, kModerate, kSevere), and how many of them the draft
  // states.
  std::array<int, 3> lesions{}, stated{};
};
ClinicalCounts compare_words(const StudyWords& draft, const StudyWords& reference,
                             const Reference& truth);

// Sets clinical.* and diversity.abnormal_recall. `weights`: how often each study counts.
void summarize_clinical(std::span<const ClinicalCounts> studies, std::span<const double> weights,
                        MetricTable& table);

// diversity.distinct_ratio: distinct (finding, side, severity) sets of a report among the drafts
// over those among the references; diversity.distinct_texts: distinct draft texts over distinct
// reference texts. No interval: counts of distinct things are biased under resampling.
void summarize_diversity(std::span<const StudyWords> drafts, std::span<const StudyWords> references,
                         std::span<const std::string> draft_texts,
                         std::span<const std::string> reference_texts, MetricTable& table);

}  // namespace radgen::evaluation

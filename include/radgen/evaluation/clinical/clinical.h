// What a report says about the 14 findings, against what the reference says: labels F1 (by name:
// uncertain as positive, negative or a class of its own; macro, micro, weighted or example average;
// 14, 13 or 5 classes), laterality, negation, severity, place and size, hallucinated and omitted
// findings, comparisons with a prior that nobody gave, echoes of the indication, diversity, recall
// of abnormal studies. Both texts go through our rules labeler.
//
//   ExtractedFindings draft = extract_findings(labeler, draft_text);
//   ExtractedFindings reference = extract_findings(labeler, reference_text);
//   ClinicalCounts counts = compare_words(draft, reference, truth);
//   summarize_clinical(all_counts, weights, table);   // clinical.*, and diversity.abnormal_recall
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
struct ExtractedFindings {
  std::vector<Mention> mentions;
  FindingSet positive = 0;  // label 1 or -1
  FindingSet certain = 0;   // label 1
  FindingSet left = 0,
             right = 0;  // sides of the mentions that are not negative; bilateral sets both
  // Distinct (finding, side, severity) of the mentions that are not negative, sorted, as one
  // string.
  std::string tuples;
  FindingSet negative = 0;  // label 0: spoken of and ruled out
  // Of the mentions that are not negative, by finding: a bit for each Severity, a bit for each
  // third of the lung that their sentence names (1 upper, 2 middle, 4 lower), the largest size (0:
  // none).
  std::array<uint8_t, kFindingCount> severities{}, zones{};
  std::array<float, kFindingCount> size_mm{};
  int comparisons = 0;  // sentences that compare with an earlier film
};
ExtractedFindings extract_findings(const Labeler& labeler, const std::string& text);
// Whether the words state the finding (positive or uncertain) on that side; a side that one of the
// two does not name fits every side.
bool is_stated(Finding finding, Side side, const ExtractedFindings& words);
// The findings that a text names, whatever it says of them (for indications).
FindingSet named_findings(const Labeler& labeler, const std::string& text);

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
  // Findings that both texts speak of for certain; those that one states and the other rules out.
  int decided = 0, negation_errors = 0;
  // Findings in both with a severity, zone or size in both; those that agree.
  int graded = 0, same_grade = 0, placed = 0, same_place = 0, sized = 0, same_size = 0;
  int comparisons = 0, reference_comparisons = 0;  // sentences
  int echoes = 0;  // stated, not in the reference, named by the indication
};
// `indicated`: the findings that the study's indication names.
ClinicalCounts compare_words(const ExtractedFindings& draft, const ExtractedFindings& reference,
                             const Reference& truth, FindingSet indicated = 0);

// Sets clinical.* and diversity.abnormal_recall. `weights`: how often each study counts.
void summarize_clinical(std::span<const ClinicalCounts> studies, std::span<const double> weights,
                        MetricTable& table);

// diversity.distinct_ratio: distinct (finding, side, severity) sets of a report among the drafts
// over those among the references; diversity.distinct_texts: distinct draft texts over distinct
// reference texts. No interval: counts of distinct things are biased under resampling.
void summarize_diversity(std::span<const ExtractedFindings> drafts,
                         std::span<const ExtractedFindings> references,
                         std::span<const std::string> draft_texts,
                         std::span<const std::string> reference_texts, MetricTable& table);

}  // namespace radgen::evaluation

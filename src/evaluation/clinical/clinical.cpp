#include "radgen/evaluation/clinical/clinical.h"

#include <algorithm>
#include <bit>
#include <unordered_set>
#include <utility>

#include "evaluation/clinical/label_scores.h"
#include "evaluation/metric_sums.h"

namespace radgen::evaluation {
namespace {

void set_f1(std::span<const ClinicalCounts> studies, std::span<const double> weights,
            MetricTable& table) {
  FindingSet five = 0;
  for (const Finding f : kChexpertFive) five |= bit(f);
  const FindingSet all = without_normal() | bit(Finding::kNoFinding);
  const MetricRegistry& registry = MetricRegistry::standard();
  for (const Policy* policy : {&kUncertainPositive, &kUncertainNegative, &kUncertainClass}) {
    const Confusions confusions = count_classes(studies, weights, *policy);
    for (const auto& [name, findings] :
         {std::pair{"", without_normal()}, std::pair{"_14", all}, std::pair{"_5", five}}) {
      ClassSet set = findings;
      if (policy->has_uncertain_classes) set |= set << kFindingCount;
      registry.set(LabelSums{studies, weights, *policy, confusions, set}, table,
                   std::string(name) + policy->suffix);
    }
    if (policy != &kUncertainPositive) continue;
    for (const Finding f : all_findings())
      registry.set(confusions[static_cast<size_t>(f)], table, "", finding_name(f));
  }
}

// Against what is on the film, whatever the reference report says.
void set_truth(std::span<const ClinicalCounts> studies, std::span<const double> weights,
               MetricTable& table) {
  std::vector<ClinicalCounts> known;
  std::vector<double> known_weights;
  for (size_t s = 0; s < studies.size(); ++s) {
    if (!studies[s].has_truth) continue;
    known.push_back(studies[s]);
    known_weights.push_back(weights[s]);
  }
  if (known.empty()) return;
  TruthSums sums;
  sums.studies = static_cast<int64_t>(known.size());
  sums.confusions = count_classes(known, known_weights, kAgainstTruth);
  for (size_t s = 0; s < known.size(); ++s) {
    for (size_t severity = 0; severity < sums.lesions.size(); ++severity) {
      sums.lesions[severity] += known_weights[s] * known[s].lesions[severity];
      sums.stated[severity] += known_weights[s] * known[s].stated[severity];
    }
  }
  const MetricRegistry& registry = MetricRegistry::standard();
  registry.set(sums, table);
  for (const Finding f : all_findings())
    registry.set(TruthConfusion{sums.confusions[static_cast<size_t>(f)]}, table, "",
                 finding_name(f));
}

}  // namespace

void ErrorSums::add(const ClinicalCounts& c, double w) {
  const auto bits = [](unsigned set) { return static_cast<double>(std::popcount(set)); };
  total += w;
  invented += w * bits(c.draft_certain & ~c.reference & without_normal());
  omitted += w * bits(c.reference_certain & ~c.draft & without_normal());
  sided += w * c.sided;
  wrong_side += w * c.wrong_side;
  decided += w * c.decided;
  negation_errors += w * c.negation_errors;
  graded += w * c.graded;
  same_grade += w * c.same_grade;
  placed += w * c.placed;
  same_place += w * c.same_place;
  sized += w * c.sized;
  same_size += w * c.same_size;
  comparisons += w * c.comparisons;
  reference_comparisons += w * c.reference_comparisons;
  echoes += w * c.echoes;
  if ((c.reference_certain & abnormal()) == 0) return;
  sick += w;
  if ((c.draft & c.reference_certain & abnormal()) != 0) noticed += w;
}

ErrorSums error_sums(std::span<const ClinicalCounts> studies, std::span<const double> weights) {
  ErrorSums sums;
  sums.studies = static_cast<int64_t>(studies.size());
  for (size_t s = 0; s < studies.size(); ++s)
    if (weights[s] != 0) sums.add(studies[s], weights[s]);
  return sums;
}

void summarize_clinical(std::span<const ClinicalCounts> studies, std::span<const double> weights,
                        MetricTable& table) {
  set_f1(studies, weights, table);
  set_truth(studies, weights, table);
  MetricRegistry::standard().set(error_sums(studies, weights), table);
}

void summarize_diversity(std::span<const ExtractedFindings> drafts,
                         std::span<const ExtractedFindings> references,
                         std::span<const std::string> draft_texts,
                         std::span<const std::string> reference_texts, MetricTable& table) {
  const auto distinct_tuples = [](std::span<const ExtractedFindings> words) {
    std::unordered_set<std::string> sets;
    for (const ExtractedFindings& w : words) sets.insert(w.tuples);
    return static_cast<double>(sets.size());
  };
  const auto distinct_texts = [](std::span<const std::string> texts) {
    return static_cast<double>(std::unordered_set<std::string>(texts.begin(), texts.end()).size());
  };
  if (references.empty()) return;
  MetricRegistry::standard().set(
      DistinctSums{distinct_tuples(drafts), distinct_tuples(references),
                   distinct_texts(draft_texts), distinct_texts(reference_texts),
                   static_cast<int64_t>(references.size())},
      table);
}

}  // namespace radgen::evaluation

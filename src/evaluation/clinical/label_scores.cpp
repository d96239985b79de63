#include "evaluation/clinical/label_scores.h"

#include <bit>

namespace radgen::evaluation {
namespace {

constexpr FindingSet kAll = (1u << kFindingCount) - 1;

ClassSet with_uncertain(FindingSet positive, FindingSet certain) {
  return static_cast<ClassSet>(certain) |
         (static_cast<ClassSet>(positive & ~certain) << kFindingCount);
}

// Calls use(class) for every class in the set.
template <class Use>
void for_each_class(ClassSet set, const Use& use) {
  for (; set != 0; set &= set - 1) use(static_cast<size_t>(std::countr_zero(set)));
}

}  // namespace

FindingSet without_normal() { return static_cast<FindingSet>(kAll & ~bit(Finding::kNoFinding)); }

FindingSet abnormal() {
  return static_cast<FindingSet>(without_normal() & ~bit(Finding::kSupportDevices));
}

const Policy kUncertainPositive{
    "", [](const ClinicalCounts& c) { return static_cast<ClassSet>(c.draft); },
    [](const ClinicalCounts& c) { return static_cast<ClassSet>(c.reference); }};
const Policy kUncertainNegative{
    "_uncertain_negative",
    [](const ClinicalCounts& c) { return static_cast<ClassSet>(c.draft_certain); },
    [](const ClinicalCounts& c) { return static_cast<ClassSet>(c.reference_certain); }};
const Policy kUncertainClass{
    "_uncertain_class",
    [](const ClinicalCounts& c) { return with_uncertain(c.draft, c.draft_certain); },
    [](const ClinicalCounts& c) { return with_uncertain(c.reference, c.reference_certain); }, true};
const Policy kAgainstTruth{"_truth", kUncertainPositive.draft,
                           [](const ClinicalCounts& c) { return static_cast<ClassSet>(c.truth); }};

Confusions count_classes(std::span<const ClinicalCounts> studies, std::span<const double> weights,
                         const Policy& policy) {
  Confusions confusions;
  for (size_t s = 0; s < studies.size(); ++s) {
    const double w = weights[s];
    if (w == 0) continue;
    const ClassSet d = policy.draft(studies[s]), r = policy.reference(studies[s]);
    for_each_class(d, [&](size_t c) { confusions[c].draft += w; });
    for_each_class(r, [&](size_t c) { confusions[c].reference += w; });
    for_each_class(d & r, [&](size_t c) { confusions[c].both += w; });
  }
  return confusions;
}

double macro_f1(const Confusions& confusions, ClassSet set, bool is_weighted) {
  double sum = 0, weight = 0;
  for_each_class(set, [&](size_t c) {
    if (confusions[c].reference <= 0) return;
    const double w = is_weighted ? confusions[c].reference : 1;
    sum += w * confusions[c].f1();
    weight += w;
  });
  return weight > 0 ? sum / weight : kUndefined;
}

double micro_f1(const Confusions& confusions, ClassSet set) {
  Confusion all;
  for_each_class(set, [&](size_t c) {
    all.both += confusions[c].both;
    all.draft += confusions[c].draft;
    all.reference += confusions[c].reference;
  });
  return all.f1();
}

double example_f1(const LabelSums& sums) {
  const auto& [studies, weights, policy, confusions, set] = sums;
  double sum = 0, weight = 0;
  for (size_t s = 0; s < studies.size(); ++s) {
    if (weights[s] == 0) continue;
    const ClassSet d = policy.draft(studies[s]) & set, r = policy.reference(studies[s]) & set;
    const int size = std::popcount(d) + std::popcount(r);
    if (size == 0) continue;
    sum += weights[s] * 2 * std::popcount(d & r) / size;
    weight += weights[s];
  }
  return weight > 0 ? sum / weight : kUndefined;
}

}  // namespace radgen::evaluation

#include "radgen/evaluation/clinical/clinical.h"

#include <algorithm>
#include <bit>
#include <unordered_set>
#include <utility>

namespace radgen::evaluation {
namespace {

constexpr FindingSet kAll = (1u << kFindingCount) - 1;
FindingSet without_normal() { return static_cast<FindingSet>(kAll & ~bit(Finding::kNoFinding)); }
// What makes a study abnormal: a device alone does not (CheXpert's No Finding has the same rule).
FindingSet abnormal() {
  return static_cast<FindingSet>(without_normal() & ~bit(Finding::kSupportDevices));
}

// Classes: bit i is finding i; where uncertain is a class of its own, bit 14 + i is "finding i,
// uncertain".
using ClassSet = uint32_t;
constexpr size_t kClasses = 2 * kFindingCount;

struct Confusion {
  double both = 0, draft = 0, reference = 0;  // true positives, drafted, in the references
  double precision() const { return draft > 0 ? both / draft : kUndefined; }
  double recall() const { return reference > 0 ? both / reference : kUndefined; }
  double f1() const { return draft + reference > 0 ? 2 * both / (draft + reference) : kUndefined; }
};
using Confusions = std::array<Confusion, kClasses>;

// What counts as a class of a study, for the drafts and for the references.
struct Policy {
  const char* suffix;
  ClassSet (*draft)(const ClinicalCounts&);
  ClassSet (*reference)(const ClinicalCounts&);
  bool has_uncertain_classes = false;
};

ClassSet with_uncertain(FindingSet positive, FindingSet certain) {
  return static_cast<ClassSet>(certain) |
         (static_cast<ClassSet>(positive & ~certain) << kFindingCount);
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

// Calls use(class) for every class in the set.
template <class Use>
void for_each_class(ClassSet set, const Use& use) {
  for (; set != 0; set &= set - 1) use(static_cast<size_t>(std::countr_zero(set)));
}

Confusions count(std::span<const ClinicalCounts> studies, std::span<const double> weights,
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

// Mean F1 of the classes in `set` that the references have; `is_weighted`: by how often they do.
double macro_f1(const Confusions& confusions, ClassSet set, bool is_weighted = false) {
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

// Mean F1 of the studies' own sets, over the studies where either text has a class.
double example_f1(std::span<const ClinicalCounts> studies, std::span<const double> weights,
                  const Policy& policy, ClassSet set) {
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

void set_f1(std::span<const ClinicalCounts> studies, std::span<const double> weights,
            MetricTable& table) {
  FindingSet five = 0;
  for (const Finding f : kChexpertFive) five |= bit(f);
  const int64_t n = static_cast<int64_t>(studies.size());
  for (const Policy* policy : {&kUncertainPositive, &kUncertainNegative, &kUncertainClass}) {
    const Confusions all = count(studies, weights, *policy);
    for (const auto& [name, findings] :
         {std::pair{"", without_normal()}, std::pair{"_14", FindingSet{kAll}},
          std::pair{"_5", five}}) {
      ClassSet set = findings;
      if (policy->has_uncertain_classes) set |= set << kFindingCount;
      const std::string suffix = std::string(name) + policy->suffix;
      table.set("clinical.f1_macro" + suffix, macro_f1(all, set), n);
      table.set("clinical.f1_micro" + suffix, micro_f1(all, set), n);
      table.set("clinical.f1_weighted" + suffix, macro_f1(all, set, /*is_weighted=*/true), n);
      table.set("clinical.f1_example" + suffix, example_f1(studies, weights, *policy, set), n);
    }
    if (policy != &kUncertainPositive) continue;
    for (const Finding f : all_findings()) {
      const Confusion& c = all[static_cast<size_t>(f)];
      const std::string path = "clinical.per_finding." + finding_name(f) + ".";
      const int64_t support = static_cast<int64_t>(c.reference);
      table.set(path + "f1", c.reference > 0 ? c.f1() : kUndefined, support);
      table.set(path + "precision", c.precision(), static_cast<int64_t>(c.draft));
      table.set(path + "recall", c.recall(), support);
    }
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
  const Confusions truth = count(known, known_weights, kAgainstTruth);
  const int64_t n = static_cast<int64_t>(known.size());
  table.set("clinical.f1_macro_truth", macro_f1(truth, without_normal()), n);
  table.set("clinical.f1_micro_truth", micro_f1(truth, without_normal()), n);
  for (size_t severity = 0; severity < 3; ++severity) {
    double lesions = 0, stated = 0;
    for (size_t s = 0; s < known.size(); ++s) {
      lesions += known_weights[s] * known[s].lesions[severity];
      stated += known_weights[s] * known[s].stated[severity];
    }
    const Severity kind = static_cast<Severity>(severity + 1);
    table.set("clinical.recall_by_severity." + severity_name(kind),
              lesions > 0 ? stated / lesions : kUndefined, static_cast<int64_t>(lesions));
  }
}

// Sums of what is counted per study or as a share.
struct ErrorSums {
  double total = 0, invented = 0, omitted = 0, sided = 0, wrong_side = 0, sick = 0, noticed = 0;
  double decided = 0, negation_errors = 0, graded = 0, same_grade = 0, placed = 0, same_place = 0;
  double sized = 0, same_size = 0, comparisons = 0, reference_comparisons = 0, echoes = 0;

  void add(const ClinicalCounts& c, double w) {
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
};

void set_errors(std::span<const ClinicalCounts> studies, std::span<const double> weights,
                MetricTable& table) {
  ErrorSums sums;
  for (size_t s = 0; s < studies.size(); ++s) {
    if (weights[s] != 0) sums.add(studies[s], weights[s]);
  }
  const int64_t n = static_cast<int64_t>(studies.size());
  const auto per_100 = [&](const char* name, double count) {
    table.set(std::string("clinical.") + name + "_per_100",
              sums.total > 0 ? 100 * count / sums.total : kUndefined, n);
  };
  const auto share = [&](const char* path, double count, double of) {
    table.set(path, of > 0 ? count / of : kUndefined, static_cast<int64_t>(of));
  };
  per_100("hallucinated", sums.invented);
  per_100("omitted", sums.omitted);
  per_100("wrong_side", sums.wrong_side);
  per_100("negation_errors", sums.negation_errors);
  per_100("comparisons", sums.comparisons);
  per_100("comparisons_in_references", sums.reference_comparisons);
  per_100("indication_echo", sums.echoes);
  share("clinical.wrong_side_share", sums.wrong_side, sums.sided);
  share("clinical.negation_error_share", sums.negation_errors, sums.decided);
  share("clinical.severity_agreement", sums.same_grade, sums.graded);
  share("clinical.zone_agreement", sums.same_place, sums.placed);
  share("clinical.size_agreement", sums.same_size, sums.sized);
  share("diversity.abnormal_recall", sums.noticed, sums.sick);
}

}  // namespace

void summarize_clinical(std::span<const ClinicalCounts> studies, std::span<const double> weights,
                        MetricTable& table) {
  set_f1(studies, weights, table);
  set_truth(studies, weights, table);
  set_errors(studies, weights, table);
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
  const int64_t n = static_cast<int64_t>(references.size());
  table.set("diversity.distinct_ratio", distinct_tuples(drafts) / distinct_tuples(references), n);
  table.set("diversity.distinct_texts",
            distinct_texts(draft_texts) / distinct_texts(reference_texts), n);
}

}  // namespace radgen::evaluation

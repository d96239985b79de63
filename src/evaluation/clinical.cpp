#include "radgen/evaluation/clinical.h"

#include <algorithm>
#include <bit>
#include <set>
#include <unordered_set>

namespace radgen::evaluation {
namespace {

constexpr FindingSet kAll = (1u << kFindingCount) - 1;
FindingSet without_normal() { return static_cast<FindingSet>(kAll & ~bit(Finding::kNoFinding)); }
// What makes a study abnormal: a device alone does not (CheXpert's No Finding has the same rule).
FindingSet abnormal() {
  return static_cast<FindingSet>(without_normal() & ~bit(Finding::kSupportDevices));
}

struct Confusion {
  double both = 0, draft = 0, reference = 0;  // true positives, drafted, in the references
  void add(bool in_draft, bool in_reference, double weight) {
    if (in_draft && in_reference) both += weight;
    if (in_draft) draft += weight;
    if (in_reference) reference += weight;
  }
  double precision() const { return draft > 0 ? both / draft : kUndefined; }
  double recall() const { return reference > 0 ? both / reference : kUndefined; }
  double f1() const { return draft + reference > 0 ? 2 * both / (draft + reference) : kUndefined; }
};
using Confusions = std::array<Confusion, kFindingCount>;

Confusions count(std::span<const ClinicalCounts> studies, std::span<const double> weights,
                 FindingSet ClinicalCounts::*draft, FindingSet ClinicalCounts::*reference) {
  Confusions confusions;
  for (size_t s = 0; s < studies.size(); ++s) {
    if (weights[s] == 0) continue;
    const FindingSet d = studies[s].*draft, r = studies[s].*reference;
    for (const Finding f : all_findings()) {
      confusions[static_cast<size_t>(f)].add(has(d, f), has(r, f), weights[s]);
    }
  }
  return confusions;
}

// Mean F1 of the findings in `set` that the references have.
double macro_f1(const Confusions& confusions, FindingSet set, int64_t* classes = nullptr) {
  double sum = 0;
  int64_t n = 0;
  for (const Finding f : all_findings()) {
    const Confusion& c = confusions[static_cast<size_t>(f)];
    if (!has(set, f) || c.reference <= 0) continue;
    sum += c.f1();
    ++n;
  }
  if (classes != nullptr) *classes = n;
  return n > 0 ? sum / static_cast<double>(n) : kUndefined;
}

double micro_f1(const Confusions& confusions, FindingSet set) {
  Confusion all;
  for (const Finding f : all_findings()) {
    if (!has(set, f)) continue;
    const Confusion& c = confusions[static_cast<size_t>(f)];
    all.both += c.both;
    all.draft += c.draft;
    all.reference += c.reference;
  }
  return all.f1();
}

void set_f1(std::span<const ClinicalCounts> studies, std::span<const double> weights,
            MetricTable& table) {
  const Confusions all =
      count(studies, weights, &ClinicalCounts::draft, &ClinicalCounts::reference);
  FindingSet five = 0;
  for (const Finding f : kChexpertFive) five |= bit(f);
  const int64_t n = static_cast<int64_t>(studies.size());
  table.set("clinical.f1_macro", macro_f1(all, without_normal()), n);
  table.set("clinical.f1_micro", micro_f1(all, without_normal()), n);
  table.set("clinical.f1_macro_14", macro_f1(all, kAll), n);
  table.set("clinical.f1_micro_14", micro_f1(all, kAll), n);
  table.set("clinical.f1_macro_5", macro_f1(all, five), n);
  table.set("clinical.f1_micro_5", micro_f1(all, five), n);
  const Confusions certain =
      count(studies, weights, &ClinicalCounts::draft_certain, &ClinicalCounts::reference_certain);
  table.set("clinical.f1_macro_uncertain_negative", macro_f1(certain, without_normal()), n);
  table.set("clinical.f1_micro_uncertain_negative", micro_f1(certain, without_normal()), n);
  for (const Finding f : all_findings()) {
    const Confusion& c = all[static_cast<size_t>(f)];
    const std::string path = "clinical.per_finding." + finding_name(f) + ".";
    const int64_t support = static_cast<int64_t>(c.reference);
    table.set(path + "f1", c.reference > 0 ? c.f1() : kUndefined, support);
    table.set(path + "precision", c.precision(), static_cast<int64_t>(c.draft));
    table.set(path + "recall", c.recall(), support);
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
  const Confusions truth =
      count(known, known_weights, &ClinicalCounts::draft, &ClinicalCounts::truth);
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

void set_errors(std::span<const ClinicalCounts> studies, std::span<const double> weights,
                MetricTable& table) {
  double total = 0, invented = 0, omitted = 0, sided = 0, wrong_side = 0, sick = 0, noticed = 0;
  for (size_t s = 0; s < studies.size(); ++s) {
    const ClinicalCounts& c = studies[s];
    const double w = weights[s];
    total += w;
    const auto bits = [](unsigned set) { return static_cast<double>(std::popcount(set)); };
    invented += w * bits(c.draft_certain & ~c.reference & without_normal());
    omitted += w * bits(c.reference_certain & ~c.draft & without_normal());
    sided += w * c.sided;
    wrong_side += w * c.wrong_side;
    if ((c.reference_certain & abnormal()) == 0) continue;
    sick += w;
    if ((c.draft & c.reference_certain & abnormal()) != 0) noticed += w;
  }
  const int64_t n = static_cast<int64_t>(studies.size());
  const double per_100 = total > 0 ? 100 / total : kUndefined;
  table.set("clinical.hallucinated_per_100", invented * per_100, n);
  table.set("clinical.omitted_per_100", omitted * per_100, n);
  table.set("clinical.wrong_side_per_100", wrong_side * per_100, n);
  table.set("clinical.wrong_side_share", sided > 0 ? wrong_side / sided : kUndefined,
            static_cast<int64_t>(sided));
  table.set("diversity.abnormal_recall", sick > 0 ? noticed / sick : kUndefined,
            static_cast<int64_t>(sick));
}

}  // namespace

StudyWords read_words(const Labeler& labeler, const std::string& text) {
  StudyWords words;
  words.mentions = labeler.mentions(text);
  for (const auto& [finding, label] : Labeler::aggregate(words.mentions)) {
    if (label == 1) words.certain |= bit(finding);
    if (label == 1 || label == -1) words.positive |= bit(finding);
  }
  std::set<std::string> tuples;
  for (const Mention& m : words.mentions) {
    if (m.certainty == Certainty::kNegative || m.finding == Finding::kNoFinding) continue;
    if (m.side == Side::kLeft || m.side == Side::kBilateral) words.left |= bit(m.finding);
    if (m.side == Side::kRight || m.side == Side::kBilateral) words.right |= bit(m.finding);
    tuples.insert(finding_name(m.finding) + "/" + side_name(m.side) + "/" +
                  severity_name(m.severity));
  }
  for (const std::string& tuple : tuples) words.tuples += tuple + ";";
  return words;
}

ClinicalCounts compare_words(const StudyWords& draft, const StudyWords& reference,
                             const Reference& truth) {
  ClinicalCounts counts;
  counts.draft = draft.positive;
  counts.reference = reference.positive;
  counts.draft_certain = draft.certain;
  counts.reference_certain = reference.certain;
  const FindingSet draft_sided = static_cast<FindingSet>(draft.left | draft.right);
  const FindingSet reference_sided = static_cast<FindingSet>(reference.left | reference.right);
  const FindingSet sided =
      static_cast<FindingSet>(draft_sided & reference_sided & draft.positive & reference.positive);
  const FindingSet shared =
      static_cast<FindingSet>((draft.left & reference.left) | (draft.right & reference.right));
  counts.sided = std::popcount(sided);
  counts.wrong_side = std::popcount(static_cast<FindingSet>(sided & ~shared));
  counts.has_truth = truth.has_truth;
  for (const TrueLesion& lesion : truth.truth) {
    if (!lesion.is_visible || lesion.finding == Finding::kNoFinding) continue;
    counts.truth |= bit(lesion.finding);
    if (lesion.severity == Severity::kUnstated) continue;
    const size_t severity = static_cast<size_t>(lesion.severity) - 1;
    ++counts.lesions[severity];
    if (has(draft.positive, lesion.finding)) ++counts.stated[severity];
  }
  return counts;
}

void summarize_clinical(std::span<const ClinicalCounts> studies, std::span<const double> weights,
                        MetricTable& table) {
  set_f1(studies, weights, table);
  set_truth(studies, weights, table);
  set_errors(studies, weights, table);
}

void summarize_diversity(std::span<const StudyWords> drafts, std::span<const StudyWords> references,
                         std::span<const std::string> draft_texts,
                         std::span<const std::string> reference_texts, MetricTable& table) {
  const auto distinct_tuples = [](std::span<const StudyWords> words) {
    std::unordered_set<std::string> sets;
    for (const StudyWords& w : words) sets.insert(w.tuples);
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

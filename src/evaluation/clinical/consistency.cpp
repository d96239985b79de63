#include "radgen/evaluation/clinical/consistency.h"

#include <bit>
#include <string>

#include "evaluation/metric_sums.h"

namespace radgen::evaluation {
namespace {

// Faults of style, and what an impression may leave out, are no contradictions.
bool is_contradiction(ContradictionKind kind) {
  return kind != ContradictionKind::kNumber && kind != ContradictionKind::kRepeatedSentence &&
         kind != ContradictionKind::kComparison &&
         kind != ContradictionKind::kMissingInImpression &&
         kind != ContradictionKind::kOnlyInImpression;
}

}  // namespace

bool compares_sections(ContradictionKind kind) {
  return kind == ContradictionKind::kMissingInImpression ||
         kind == ContradictionKind::kOnlyInImpression || kind == ContradictionKind::kOtherSide ||
         kind == ContradictionKind::kOtherSeverity;
}

void summarize_consistency(std::span<const ExtractedFindings* const> drafts,
                           std::span<const ExtractedFindings* const> references,
                           std::span<const double> weights, MetricTable& table) {
  ConsistencySums sums;
  for (size_t s = 0; s < drafts.size(); ++s) {
    const double w = weights[s];
    if (w == 0) continue;
    const int ruled_out = std::popcount(references[s]->negative);
    sums.denied += w * ruled_out;
    sums.denied_count += ruled_out;
    sums.denied_too +=
        w * std::popcount(static_cast<FindingSet>(references[s]->negative & drafts[s]->negative));
    const ExtractedFindings& draft = *drafts[s];
    if (draft.sentences == 0) continue;
    sums.texts += w;
    ++sums.text_count;
    sums.sectioned += w * draft.has_both_sections;
    sums.sectioned_count += draft.has_both_sections;
    sums.sentences += w * draft.sentences;
    bool is_any = false;
    for (const ContradictionKind kind : all_contradiction_kinds()) {
      const size_t k = static_cast<size_t>(kind);
      if (draft.contradictions[k] == 0) continue;
      sums.with[k] += w;
      is_any = is_any || is_contradiction(kind);
    }
    sums.any += w * is_any;
  }
  MetricRegistry::standard().set(sums, table);
}

}  // namespace radgen::evaluation

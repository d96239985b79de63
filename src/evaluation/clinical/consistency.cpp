#include "radgen/evaluation/clinical/consistency.h"

#include <bit>
#include <string>

namespace radgen::evaluation {
namespace {

bool compares_sections(ContradictionKind kind) {
  return kind == ContradictionKind::kMissingInImpression ||
         kind == ContradictionKind::kOnlyInImpression || kind == ContradictionKind::kOtherSide ||
         kind == ContradictionKind::kOtherSeverity;
}
// Faults of style, and what an impression may leave out, are no contradictions.
bool is_contradiction(ContradictionKind kind) {
  return kind != ContradictionKind::kNumber && kind != ContradictionKind::kRepeatedSentence &&
         kind != ContradictionKind::kComparison &&
         kind != ContradictionKind::kMissingInImpression &&
         kind != ContradictionKind::kOnlyInImpression;
}

}  // namespace

void summarize_consistency(std::span<const ExtractedFindings* const> drafts,
                           std::span<const ExtractedFindings* const> references,
                           std::span<const double> weights, MetricTable& table) {
  double texts = 0, sectioned = 0, sentences = 0, any = 0, denied = 0, denied_too = 0;
  int64_t text_count = 0, sectioned_count = 0, denied_count = 0;
  std::array<double, kContradictionKinds> with{};
  for (size_t s = 0; s < drafts.size(); ++s) {
    const double w = weights[s];
    if (w == 0) continue;
    const int ruled_out = std::popcount(references[s]->negative);
    denied += w * ruled_out;
    denied_count += ruled_out;
    denied_too +=
        w * std::popcount(static_cast<FindingSet>(references[s]->negative & drafts[s]->negative));
    const ExtractedFindings& draft = *drafts[s];
    if (draft.sentences == 0) continue;
    texts += w;
    ++text_count;
    sectioned += w * draft.has_both_sections;
    sectioned_count += draft.has_both_sections;
    sentences += w * draft.sentences;
    bool is_any = false;
    for (const ContradictionKind kind : all_contradiction_kinds()) {
      const size_t k = static_cast<size_t>(kind);
      if (draft.contradictions[k] == 0) continue;
      with[k] += w;
      is_any = is_any || is_contradiction(kind);
    }
    any += w * is_any;
  }
  for (const ContradictionKind kind : all_contradiction_kinds()) {
    const bool is_of_both = compares_sections(kind);
    const double of = is_of_both ? sectioned : texts;
    table.set("consistency." + contradiction_name(kind),
              of > 0 ? with[static_cast<size_t>(kind)] / of : kUndefined,
              is_of_both ? sectioned_count : text_count);
  }
  table.set("consistency.any_contradiction", texts > 0 ? any / texts : kUndefined, text_count);
  table.set("consistency.sentences_per_draft", texts > 0 ? sentences / texts : kUndefined,
            text_count);
  table.set("consistency.negatives_stated", denied > 0 ? denied_too / denied : kUndefined,
            denied_count);
}

}  // namespace radgen::evaluation

// Do the reports contradict themselves? Counts of report/consistency.h over a split, which stand
// beside the F1: a draft that states a finding and denies it gains the same F1 as one that is
// clear.
//
//   summarize_consistency(drafts, references, weights, table);   // consistency.*
//   summarize_consistency(references, references, weights, other);   // what people write
//
// Each kind is a share of the drafts that have a text (an empty one contradicts nothing and says
// nothing). Kinds that compare findings with impression are over the drafts that have both.
// That nobody gains by saying less: sentences_per_draft, and negatives_stated, the share of the
// findings that the references rule out which the drafts rule out too.
#pragma once

#include <span>

#include "radgen/evaluation/clinical/clinical.h"
#include "radgen/evaluation/metrics.h"

namespace radgen::evaluation {

void summarize_consistency(std::span<const ExtractedFindings* const> drafts,
                           std::span<const ExtractedFindings* const> references,
                           std::span<const double> weights, MetricTable& table);

}  // namespace radgen::evaluation

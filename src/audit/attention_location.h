// Where a draft looked.
#pragma once

#include "radgen/audit/case.h"
#include "radgen/evaluation/reference.h"
#include "radgen/report/labeler.h"
#include "radgen/report/prediction.h"

namespace radgen::audit {

// Means over the draft's sentences that state a finding (positive or uncertain) and hold a map.
// Maps of the wrong size for their values, with values below zero or not finite, or empty of mass
// are passed over.
AttentionLocation attention_location_of(const Draft& draft, const evaluation::Reference& reference,
                                        const Labeler& labeler);

}  // namespace radgen::audit

// How much of what a draft says its other samples say too. One image, asked several times, should
// answer the same; what it says once only, or with another side each time, is a guess.
//
//   add_stability(draft, mentions_of_samples);   // draft.sentences[i].stability, .side_stability
#pragma once

#include <vector>

#include "radgen/report/prediction.h"

namespace radgen {

// stability of a sentence: the share of `samples` that state the same finding on the same side with
// the same polarity (there, uncertain ones included, or not there); the least of its findings.
// side_stability, where a finding is stated on one side: of the samples that state it with a side,
// the share whose side it is or that say both. Nothing is set without samples or without findings.
void add_stability(Draft& draft, const std::vector<std::vector<Mention>>& samples);

}  // namespace radgen

// The steps of an error analysis: collect the cases, sort them into kinds, sum them up.
#pragma once

#include <span>

#include "evaluation/pairing.h"
#include "radgen/evaluation/errors/error_analysis.h"

namespace radgen::evaluation {

// Whether one name is the more general one of the other: CheXpert's hierarchy of observations
// (Irvin et al. 2019, figure 1).
bool is_kin(Finding a, Finding b);

// Fills cases and the counts of studies and maps.
void collect_cases(const Pairing& pairing, const std::vector<PhraseMap>& phrase_maps, int threads,
                   uint64_t seed, ErrorAnalysis& errors);

// Fills mismatches, failures and galleries from the cases.
void sort_into_kinds(ErrorAnalysis& errors);

// Shares of the kinds and grounding by finding, of the studies as they are weighted.
MetricTable summarize_errors(const ErrorAnalysis& errors, std::span<const double> weights);

}  // namespace radgen::evaluation

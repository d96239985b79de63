// What a draft's sentences show: does a sentence that states a finding have a region, does one that
// rules findings out have none, and does a stated size fit its region?
#pragma once

#include <span>
#include <vector>

#include "radgen/evaluation/clinical/clinical.h"
#include "radgen/evaluation/metrics.h"
#include "radgen/evaluation/reference.h"
#include "radgen/report/prediction.h"

namespace radgen::evaluation {

// Byte ranges of the draft's sentences in Draft::text(); found by their words where the file does
// not say, empty where they are not found.
std::vector<std::pair<size_t, size_t>> sentence_ranges(const Draft& draft);

// The sentence whose range holds the byte; ranges.size(): none.
size_t sentence_at(const std::vector<std::pair<size_t, size_t>>& ranges, size_t byte);

// Whether a sentence is shown with a region: it is marked as grounded, or (strangers' files) has
// boxes and no map.
bool is_shown_with_region(const DraftSentence& sentence);

struct SentenceCounts {
  int shown = 0, shown_stating = 0;    // with a region; of these, stating a finding
  int stating = 0, stating_shown = 0;  // stating a finding; of these, with a region
  int denying = 0, denying_shown = 0;  // only ruling out; of these, with a region
  int sized = 0, size_matches = 0;     // with a size and a region; of these, fitting
};
SentenceCounts count_sentences(const Draft& draft, const ExtractedFindings& words,
                               const Reference& reference);

// Sets
// grounding.{groundable_precision,groundable_recall,negations_with_region,size_matches_region}.
void summarize_sentences(std::span<const SentenceCounts> studies, std::span<const double> weights,
                         MetricTable& table);

}  // namespace radgen::evaluation

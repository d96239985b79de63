// Does a report contradict itself? Statements against statements, findings against impression, and
// the faults that a reader sees without a film: comparisons with a prior that nobody gave, a
// sentence said twice, a noun and a verb that differ in number.
//
//   const std::vector<Mention> mentions = labeler.mentions(text);
//   for (const Contradiction& c : find_contradictions(mentions, text, {.impression_begin = i})) ..
//
// While a text is being written: ask at the end of each sentence with `is_finished = false`, and
// drop the sentence where the list grew. `text` may stop anywhere; `mentions` are those of it.
// Contradictions come in the order of their later sentence. It costs a few microseconds a sentence
// on top of the labeler.
//
// What contradicts what:
//   - Stated is a positive mention, an uncertain one is neither stated nor denied. A denial on one
//     side says nothing of the other; one with "other", "new", "elsewhere" or "except" in its
//     sentence, one of a place in the lung ("upper", "base") that the statement does not name, and
//     one of a worse degree ("no large effusion") deny something else.
//   - Devices, lesions and fractures are many: two mentions are of one thing only where they use
//     the same noun.
//   - Findings against impression: Lung Opacity stands for what may look like it, Consolidation and
//     Pneumonia for each other, Cardiomegaly and Enlarged Cardiomediastinum too. Devices need not
//     be repeated in an impression.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "radgen/report/finding.h"
#include "radgen/report/text.h"

namespace radgen {

enum class ContradictionKind {
  kStatedAndDenied,      // "Small left effusion. No pleural effusion."
  kTwoSeverities,        // two degrees of one finding on the same side, in one section
  kTwoSizes,             // two sizes of one finding on the same side
  kMissingInImpression,  // the findings state it, the impression says nothing of it
  kOnlyInImpression,     // the impression states what the findings do not speak of
  kOtherSide,            // the impression names a side that the findings do not
  kOtherSeverity,        // the impression names none of the degrees that the findings do
  kComparison,           // with an earlier film that is not there
  kRepeatedSentence,     // the same words twice in one section
  kNumber                // "There are pleural effusion"
};
inline constexpr size_t kContradictionKinds = 10;
const std::array<ContradictionKind, kContradictionKinds>& all_contradiction_kinds();
// "stated_and_denied", "two_severities", "two_sizes", "missing_in_impression",
// "only_in_impression", "other_side", "other_severity", "comparison", "repeated_sentence", "number"
const std::string& contradiction_name(ContradictionKind kind);

struct Contradiction {
  ContradictionKind kind = ContradictionKind::kStatedAndDenied;
  Finding finding = Finding::kNoFinding;  // kNoFinding: of no finding
  // Indices into split_sentences(text), first <= second; equal where one sentence is enough, or
  // where the fault is what the impression does not say (then the sentence of the findings).
  size_t first = 0, second = 0;
};

struct ConsistencyOptions {
  // Byte of `text` where the impression begins; npos: none, and all of it is one section.
  size_t impression_begin = std::string::npos;
  bool is_finished = true;  // false: more may follow, so that nothing is missing yet
  bool has_prior = false;   // an earlier film was given: comparisons are no fault
};

// `mentions` of `text` as Labeler::mentions gives them.
std::vector<Contradiction> find_contradictions(const std::vector<Mention>& mentions,
                                               std::string_view text,
                                               const ConsistencyOptions& options);

// Where a noun and its verb or its article differ in number ("There is opacities", "a effusions",
// "multiple nodule"), by a list of the nouns of chest reports: what it does not know is no fault.
std::vector<Span> find_number_faults(std::string_view text);

}  // namespace radgen

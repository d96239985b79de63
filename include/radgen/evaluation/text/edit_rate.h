// How many words must change to turn a draft into the reference.
//
//   WordEdits e = word_edits(scoring_tokens(draft), scoring_tokens(reference));
//   double rate = e.rate();                                // edits / words of the reference
//
// "Edit rate" has no one definition. Ours is the word error rate: insertions, deletions and
// substitutions of words, each counted once (Levenshtein), over the words of the reference; it may
// exceed 1. It is not the share of a draft that a radiologist changes in review, which only a
// review can measure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace radgen::evaluation {

enum class EditCosts {
  kLevenshtein,    // insertion, deletion, substitution 1
  kTransposition,  // as before, and 1 for two neighbours that change places (once each word)
  kNoSubstitution  // a substitution is a deletion and an insertion: 2
};

// Edits between two sequences of words.
size_t edit_distance(const std::vector<std::string>& a, const std::vector<std::string>& b,
                     EditCosts costs = EditCosts::kLevenshtein);
// Edits between two texts, in Unicode characters.
size_t character_distance(const std::string& a, const std::string& b);

struct WordEdits {
  double edits = 0, reference_words = 0;
  double rate() const;  // NaN without reference words
};
WordEdits word_edits(const std::vector<std::string>& draft,
                     const std::vector<std::string>& reference);

}  // namespace radgen::evaluation

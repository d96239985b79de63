// METEOR 1.5's search for the best one-to-one alignment of two texts among all words that may
// match: a beam over the reference's words, most exact matches first, then fewest chunks, then the
// shortest distances.
#pragma once

#include <cstddef>
#include <vector>

namespace radgen::evaluation {

struct WordMatch {
  size_t draft, reference;  // indices of words
  int module;               // 0 exact, 1 stem, 2 synonym
};

// All pairs of words that may match; a pair may be in it once by each module.
class WordMatches {
 public:
  WordMatches(size_t draft_words, size_t reference_words)
      : by_reference(reference_words),
        draft_coverage(draft_words),
        reference_coverage(reference_words) {}
  void add(size_t draft, size_t reference, int module) {
    by_reference[reference].push_back({draft, reference, module});
    ++draft_coverage[draft];
    ++reference_coverage[reference];
  }
  std::vector<std::vector<WordMatch>> by_reference;
  std::vector<int> draft_coverage, reference_coverage;
};

struct Alignment {
  std::vector<WordMatch> matches;  // by the reference's words
  size_t chunks = 0;               // runs that are consecutive in both texts
};
Alignment best_alignment(const WordMatches& matches);

}  // namespace radgen::evaluation

// Where, how much and how large: the side, severity and size that a sentence gives to one of its
// hits.
#pragma once

#include <optional>

#include "report/assertion.h"

namespace radgen {

// The nearest side in the hit's clause; two sides that belong together ("right upper and left lower
// lobe") are bilateral. Other hits and commas between count as distance.
Side side_of(const Lexicon& lexicon, const Sentence& sentence, const Hit& hit,
             const std::vector<Hit>& hits);

// The severity word before the hit ("small left effusion") or behind its verb ("the effusion is
// small").
Severity severity_of(const Lexicon& lexicon, const Sentence& sentence, const Hit& hit,
                     const std::vector<Hit>& hits);

// A measured size ("1.4 cm", "2 x 3 cm": the larger) and the words that give it. Distances of tips
// ("4 cm above the carina") are none.
struct Size {
  double mm = 0;
  Hit words;
};
std::vector<Size> sizes_in(const Sentence& sentence);

}  // namespace radgen

// Rules labeler in CheXpert's manner: finds mentions of the 14 findings with certainty, side, severity and size, and
// folds them into labels. The lexicon is data/lexicon.json (terms, negation and uncertainty cues, with their origin).
//
//   Labeler labeler;                                    // the built-in lexicon (compiled in from data/lexicon.json)
//   for (const Mention& m : labeler.mentions(text)) ...
//   Labels labels = labeler.labels(text);
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "radgen/report/finding.h"

namespace radgen {

class Labeler {
 public:
  Labeler();
  ~Labeler();
  Labeler(const Labeler&) = delete;
  Labeler& operator=(const Labeler&) = delete;
  // In sentence order. Of the 13 findings only, never kNoFinding. Thread safe.
  std::vector<Mention> mentions(const std::string& text) const;
  // As aggregate(), but also sees abnormalities outside the 13 (hernia, granuloma, ...): they cancel No Finding.
  Labels labels(const std::string& text) const;
  // CheXpert's rules: negative + uncertain -> -1 (also beside a positive), else any positive -> 1. No Finding is 1 when
  // nothing but (possibly) Support Devices is positive or uncertain; a kNoFinding mention stands for an abnormality
  // outside the 13 and has no label of its own.
  static Labels aggregate(const std::vector<Mention>& mentions);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace radgen

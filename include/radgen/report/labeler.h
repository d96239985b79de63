// Rules labeler in CheXpert's manner: finds mentions of the 14 findings with certainty, side,
// severity and size, and folds them into labels. The lexicon is data/lexicon.json (terms, negation
// and uncertainty cues, with their origin).
//
//   Labeler labeler;  // the built-in lexicon (compiled in from data/lexicon.json)
//   for (const Mention& m : labeler.mentions(text)) ...
//   Labels labels = labeler.labels(text);
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "radgen/report/finding.h"

namespace radgen {

// A mention and the words that made it negative or uncertain ("no", "may represent", "normal"), in
// bytes of the text; begin = end = 0 where nothing but the finding words decided.
struct Decision {
  Mention mention;
  size_t cue_begin = 0, cue_end = 0;
};

class Labeler {
 public:
  Labeler();
  ~Labeler();
  Labeler(const Labeler&) = delete;
  Labeler& operator=(const Labeler&) = delete;
  // In sentence order. Of the 13 findings only, never kNoFinding. Thread safe.
  std::vector<Mention> mentions(const std::string& text) const;
  // The same with what decided each of them; with `with_others` also abnormalities outside the 13,
  // as kNoFinding.
  std::vector<Decision> decisions(const std::string& text, bool with_others = false) const;
  // Every place that names an observation, whatever is said of it: heart and mediastinum without a
  // state too, abnormalities outside the 13 as kNoFinding. Assertion, side and size are left open.
  // For comparing spans.
  std::vector<Mention> names(const std::string& text) const;
  // As aggregate(), but also sees abnormalities outside the 13 (hernia, granuloma, ...): they
  // cancel No Finding.
  Labels labels(const std::string& text) const;
  // CheXpert's rules: negative + uncertain -> -1 (also beside a positive), else any positive -> 1.
  // No Finding is 1 when nothing but (possibly) Support Devices is positive or uncertain; a
  // kNoFinding mention stands for an abnormality outside the 13 and has no label of its own.
  static Labels aggregate(const std::vector<Mention>& mentions);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace radgen

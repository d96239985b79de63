// Whether what a sentence says of some of its words is affirmed, denied or hedged: cues before and
// behind, and how far each one reaches. The order of the rules is CheXpert's (Irvin et al. 2019):
// hedges that outrank a denial ("cannot be excluded"), denials, other hedges, else affirmed.
#pragma once

#include <optional>
#include <vector>

#include "report/lexicon.h"

namespace radgen {

// Words [first, last) of a sentence that name a finding or something else.
struct Hit {
  size_t first = 0, last = 0;
};

// What is said of a hit, and the words that say it; an empty cue where nothing denies or hedges.
struct Judgement {
  Assertion assertion = Assertion::kPositive;
  Hit cue;
};

// One sentence, with its clauses and cues found once.
class Sentence {
 public:
  Sentence(const Lexicon& lexicon, std::vector<Word> words);

  const std::vector<Word>& words() const { return words_; }
  size_t clause(size_t word) const { return clauses_[word]; }
  bool is_verb(size_t word) const { return lexicon_.verbs.contains(words_[word].text); }

  // `hits` are all the findings of the sentence, in order: a cue does not reach over one whose
  // clause has a verb.
  Judgement judge(const Hit& hit, const std::vector<Hit>& hits) const;
  // The "or" between `a` and the next hit `b` where they are alternatives of each other:
  // "atelectasis or pneumonia".
  std::optional<Hit> alternative(const Hit& a, const Hit& b) const;

 private:
  struct CueHit {
    size_t first, last;
    Cue cue;
  };
  void find_clauses();
  void find_cues();
  bool reaches_forward(const CueHit& cue, const Hit& hit) const;
  bool reaches_back(const CueHit& cue, const Hit& hit, const std::vector<Hit>& hits) const;
  bool restarts(size_t separator, size_t before) const;

  const Lexicon& lexicon_;
  std::vector<Word> words_;
  std::vector<size_t> clauses_;
  std::vector<CueHit> before_, after_;
};

}  // namespace radgen

// One finding put into words: its noun phrase, a sentence of the findings, a phrase of the
// impression.
#pragma once

#include <string>

#include "grammar.h"
#include "radgen/phantom/truth.h"

namespace radgen::phantom {

// How a finding is spoken of, decided once for the findings and the impression together.
struct Manner {
  Side side = Side::kNone;                  // as said; rarely the wrong one
  Severity severity = Severity::kUnstated;  // as said; unstated in a fifth
  bool is_hedged = false;
  bool with_prior = false;
};

struct Utterance {
  std::string text;   // a sentence with its full stop
  std::string frame;  // "say.effusion: There <be> <np>."
};

class Speech {
 public:
  Speech(const StudyTruth& truth, Wording wording, Random& random)
      : truth_(truth), wording_(wording), random_(random) {}
  // A sentence of the findings section that asserts `f`.
  Utterance state(const TrueFinding& f, const Manner& manner);
  // A short sentence for the impression. Devices are not spoken of one by one there.
  Utterance conclude(const TrueFinding& f, const Manner& manner);
  // "Small right pleural effusion", for a sentence that names two findings.
  std::string core(const TrueFinding& f, const Manner& manner);
  // What goes with the finding without naming it; empty text: nothing.
  Utterance detail(const TrueFinding& f, const Manner& manner);
  // A sentence of `group` with the given slots.
  Utterance sentence(const std::string& group, const Slots& slots = {});

 private:
  Slots slots_of(const TrueFinding& f, const Manner& manner);
  void add_noun_phrase(const TrueFinding& f, const Manner& manner, Slots& slots);
  std::string word(const std::string& group);

  const StudyTruth& truth_;
  Wording wording_;
  Random& random_;
};

}  // namespace radgen::phantom

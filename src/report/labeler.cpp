#include "radgen/report/labeler.h"

#include <algorithm>

#include "radgen/report/text.h"
#include "report/assertion.h"
#include "report/characters.h"
#include "report/lexicon.h"
#include "report/modifiers.h"

namespace radgen {
namespace {

constexpr size_t kStateBefore =
    3;  // words between a state and the structure behind it: "enlargement of the heart"
constexpr size_t kStateBehind = 14;  // words between a structure and its state behind it
constexpr size_t kJoinedReach = 6;   // words up to which a structure and its state are one mention
constexpr std::ptrdiff_t kMostWords = 250;  // of a sentence; real ones have 40 at most

struct Found {
  Hit hit;
  Finding finding = Finding::kNoFinding;
  TermKind kind = TermKind::kFinding;
  int structure = -1;  // index, where the hit is a structure
  Assertion assertion = Assertion::kPositive;
  Hit cue;  // what made it so; empty: nothing
};

bool has_side(Finding finding) {
  return finding != Finding::kCardiomegaly && finding != Finding::kEnlargedCardiomediastinum;
}
bool has_size(Finding finding) {
  return finding != Finding::kSupportDevices && has_side(finding) && finding != Finding::kEdema;
}

// The terms and structures of a sentence, in order; the longest phrase at each word.
std::vector<Found> find_hits(const Lexicon& lexicon, const std::vector<Word>& words) {
  std::vector<Found> hits;
  for (size_t i = 0; i < words.size();) {
    const auto term = lexicon.terms.match(words, i, words.size());
    const auto structure = lexicon.structures.match(words, i, words.size());
    const bool is_term = term.length >= structure.length && term.length > 0;
    const auto& match = is_term ? term : structure;
    for (int value : match.values) {
      Found found{{i, i + match.length}};
      if (is_term) {
        found.kind = static_cast<TermKind>(value / 100);
        found.finding = static_cast<Finding>(value % 100);
        if (found.kind == TermKind::kExcluded) continue;
      } else {
        if (value < 0) continue;
        found.structure = value;
        found.finding = lexicon.structure_list[static_cast<size_t>(value)].finding;
      }
      hits.push_back(found);
    }
    i += std::max<size_t>(match.length, 1);
  }
  return hits;
}

// One sentence's hits, their certainty and what belongs to them.
class SentenceReader {
 public:
  SentenceReader(const Lexicon& lexicon, std::vector<Word> words)
      : lexicon_(lexicon), sentence_(lexicon, std::move(words)), words_(sentence_.words()) {
    named_ = found_ = find_hits(lexicon_, words_);
    for (Found& found : found_) hits_.push_back(found.hit);
    resolve_structures();
    resolve_terms();
  }

  // Appends what was found. `with_others`: also abnormalities outside the 13, as No Finding.
  void append(size_t sentence_index, bool with_others, std::vector<Decision>& decisions) const;
  // Appends every place that names an observation.
  void append_names(size_t sentence_index, std::vector<Mention>& mentions) const;

 private:
  struct StateHit {
    Hit hit;
    State state = State::kUnchanged;
  };

  void resolve_structures();
  void resolve_terms();
  std::optional<StateHit> state_of(const Found& found) const;
  std::optional<StateHit> state_before(const Found& found, const PhraseMatcher& states) const;
  std::optional<StateHit> state_behind(const Found& found, const PhraseMatcher& states) const;
  bool begins_term(size_t word) const;

  const Lexicon& lexicon_;
  Sentence sentence_;
  const std::vector<Word>& words_;
  std::vector<Found> named_;  // everything, as found
  std::vector<Found> found_;  // what has a state or needs none, resolved
  std::vector<Hit> hits_;
};

bool SentenceReader::begins_term(size_t word) const {
  return std::any_of(found_.begin(), found_.end(), [&](const Found& found) {
    return found.structure < 0 && found.kind != TermKind::kOther && found.hit.first == word;
  });
}

std::optional<SentenceReader::StateHit> SentenceReader::state_before(
    const Found& found, const PhraseMatcher& states) const {
  std::optional<StateHit> nearest;
  const size_t first = found.hit.first;
  for (size_t i = first > kStateBefore + 3 ? first - kStateBefore - 3 : 0; i < first;) {
    const auto match = states.match(words_, i, first);
    const size_t end = i + match.length;
    if (match.length > 0 && first - end < kStateBefore)
      nearest = StateHit{{i, end}, static_cast<State>(match.values[0])};
    i += std::max<size_t>(match.length, 1);
  }
  if (!nearest) return std::nullopt;
  for (size_t i = nearest->hit.last; i < first; ++i) {
    const bool is_joint = words_[i].text == "of" || words_[i].text == "the" ||
                          words_[i].text == "in" || words_[i].text == "size";
    if (!is_joint) return std::nullopt;
  }
  if (sentence_.clause(nearest->hit.first) != sentence_.clause(first)) return std::nullopt;
  return nearest;
}

std::optional<SentenceReader::StateHit> SentenceReader::state_behind(
    const Found& found, const PhraseMatcher& states) const {
  std::optional<StateHit> unchanged;
  for (size_t i = found.hit.last; i < words_.size() && i < found.hit.last + kStateBehind;) {
    if (sentence_.clause(i) != sentence_.clause(found.hit.first) || begins_term(i)) break;
    const auto match = states.match(words_, i, words_.size());
    if (match.length > 0) {
      const StateHit state{{i, i + match.length}, static_cast<State>(match.values[0])};
      if (state.state != State::kUnchanged) return state;
      if (!unchanged) unchanged = state;
    }
    i += std::max<size_t>(match.length, 1);
  }
  return unchanged;
}

std::optional<SentenceReader::StateHit> SentenceReader::state_of(const Found& found) const {
  const PhraseMatcher& states =
      lexicon_.structure_list[static_cast<size_t>(found.structure)].states;
  const auto before = state_before(found, states);
  if (before && before->state != State::kUnchanged) return before;
  const auto behind = state_behind(found, states);
  return behind && (behind->state != State::kUnchanged || !before) ? behind : before;
}

void SentenceReader::resolve_structures() {
  std::vector<Found> kept;
  std::optional<StateHit> previous;
  size_t previous_end = 0;
  for (const Found& found : found_) {
    if (found.structure < 0) {
      kept.push_back(found);
      continue;
    }
    auto state = state_of(found);
    // "Normal heart size and mediastinal contours": the state goes with both.
    const bool is_joined =
        previous && found.hit.first >= previous_end && found.hit.first - previous_end <= 2;
    if (!state && is_joined) state = previous;
    previous = state;
    previous_end = found.hit.last;
    if (!state) continue;
    Found resolved = found;
    const auto [said, cue] = sentence_.judge(state->hit, {});
    resolved.cue = cue.last > cue.first ? cue : state->hit;
    switch (state->state) {
      case State::kPositive:
        resolved.assertion = said;
        break;
      case State::kUncertain:
        resolved.assertion =
            said == Assertion::kNegative ? Assertion::kNegative : Assertion::kUncertain;
        break;
      case State::kNegative:
        resolved.assertion = Assertion::kNegative;
        break;
      case State::kUnchanged:
        resolved.assertion = Assertion::kUncertain;
        break;
    }
    const Hit both{std::min(found.hit.first, state->hit.first),
                   std::max(found.hit.last, state->hit.last)};
    const bool is_alone = std::none_of(hits_.begin(), hits_.end(), [&](const Hit& other) {
      return other.first != found.hit.first && other.first >= both.first &&
             other.last <= both.last &&
             (other.first < state->hit.first || other.last > state->hit.last);
    });
    const bool is_abnormal = state->state == State::kPositive || state->state == State::kUncertain;
    if (is_abnormal && resolved.assertion == Assertion::kPositive) resolved.cue = {};
    if (is_abnormal && is_alone && both.last - both.first <= kJoinedReach + 2) resolved.hit = both;
    kept.push_back(resolved);
  }
  // Words of a state ("prominent") are no abnormality of their own.
  std::erase_if(kept, [&](const Found& other) {
    return other.kind == TermKind::kOther &&
           std::any_of(kept.begin(), kept.end(), [&](const Found& found) {
             return found.structure >= 0 && found.hit.first <= other.hit.first &&
                    other.hit.last <= found.hit.last;
           });
  });
  found_ = std::move(kept);
  std::stable_sort(found_.begin(), found_.end(),
                   [](const Found& a, const Found& b) { return a.hit.first < b.hit.first; });
  hits_.clear();
  for (const Found& found : found_) hits_.push_back(found.hit);
}

void SentenceReader::resolve_terms() {
  for (Found& found : found_) {
    if (found.structure >= 0) continue;
    const auto [assertion, cue] = sentence_.judge(found.hit, hits_);
    found.assertion = assertion;
    found.cue = cue;
    if (found.kind == TermKind::kUncertainFinding && found.assertion == Assertion::kPositive) {
      found.assertion = Assertion::kUncertain;
    }
  }
  const auto hedge = [](Found& found, const Hit& joint) {
    if (found.assertion != Assertion::kPositive) return;
    found.assertion = Assertion::kUncertain;
    found.cue = joint;
  };
  const auto is_look_alike = [&](const Found& found) {
    return lexicon_.look_alikes.match(words_, found.hit.first, found.hit.last).length > 0;
  };
  for (size_t i = found_.size(); i-- > 1;) {  // "atelectasis or pneumonia": each is one of two
    Found &a = found_[i - 1], &b = found_[i];
    const bool are_findings = a.structure < 0 && b.structure < 0 && a.kind == TermKind::kFinding &&
                              b.kind == TermKind::kFinding && a.finding != b.finding &&
                              a.finding != Finding::kSupportDevices &&
                              b.finding != Finding::kSupportDevices;
    if (!are_findings || (is_look_alike(a) && is_look_alike(b))) continue;
    if (const auto joint = sentence_.alternative(a.hit, b.hit)) hedge(a, *joint), hedge(b, *joint);
  }
}

void SentenceReader::append(size_t sentence_index, bool with_others,
                            std::vector<Decision>& decisions) const {
  const size_t first = decisions.size();
  std::vector<Hit> of_mention;
  const auto add = [&](const Mention& mention, const Found& found) {
    Decision decision{mention};
    if (found.cue.last > found.cue.first) {
      decision.cue_begin = words_[found.cue.first].begin;
      decision.cue_end = words_[found.cue.last - 1].end;
    }
    decisions.push_back(decision);
    of_mention.push_back(found.hit);
  };
  for (const Found& found : found_) {
    if (found.kind == TermKind::kOther && !with_others) continue;
    Mention m;
    m.finding = found.finding;
    m.assertion = found.assertion;
    m.begin = words_[found.hit.first].begin;
    m.end = words_[found.hit.last - 1].end;
    m.sentence = sentence_index;
    if (has_side(m.finding)) m.side = side_of(lexicon_, sentence_, found.hit, hits_);
    m.severity = severity_of(lexicon_, sentence_, found.hit, hits_);
    add(m, found);
    const auto implied = lexicon_.implied.match(words_, found.hit.first, found.hit.last);
    if (implied.length == found.hit.last - found.hit.first && m.assertion != Assertion::kNegative) {
      m.finding = static_cast<Finding>(implied.values[0]);
      m.assertion = Assertion::kUncertain;
      m.side = Side::kNone;
      m.severity = Severity::kUnstated;
      add(m, found);
    }
  }
  for (const Size& size :
       sizes_in(sentence_)) {  // each size belongs to the nearest finding that can have one
    Mention* nearest = nullptr;
    size_t nearest_distance = 12;
    for (size_t i = first; i < decisions.size(); ++i) {
      const Hit& hit = of_mention[i - first];
      if (!has_size(decisions[i].mention.finding) ||
          sentence_.clause(hit.first) != sentence_.clause(size.words.first))
        continue;
      const size_t distance = hit.first >= size.words.last   ? hit.first - size.words.last
                              : size.words.first >= hit.last ? size.words.first - hit.last
                                                             : 0;
      if (distance < nearest_distance) nearest = &decisions[i].mention, nearest_distance = distance;
    }
    if (nearest != nullptr && !nearest->size_mm) nearest->size_mm = size.mm;
  }
}

void SentenceReader::append_names(size_t sentence_index, std::vector<Mention>& mentions) const {
  for (const Found& found : named_) {
    if (found.structure >= 0) {
      const bool is_named_alone =
          lexicon_.structure_list[static_cast<size_t>(found.structure)].is_named_alone;
      const auto state = is_named_alone ? std::nullopt : state_of(found);
      const bool is_abnormal =
          state && (state->state == State::kPositive || state->state == State::kUncertain);
      if (!is_named_alone && !is_abnormal) continue;
    }
    Mention m;
    m.finding = found.finding;
    m.begin = words_[found.hit.first].begin;
    m.end = words_[found.hit.last - 1].end;
    m.sentence = sentence_index;
    mentions.push_back(m);
  }
}

}  // namespace

struct Labeler::State {
  const Lexicon& lexicon = built_in_lexicon();

  // Calls use(sentence index, words) for every sentence of the text. What claims to be a sentence
  // of more words is read in parts: everything in it is looked at beside everything else.
  template <class Use>
  void for_each_sentence(const std::string& text, const Use& use) const {
    const std::string lower = lower_case(text);
    const std::vector<Span> sentences = split_sentences(text);
    for (size_t i = 0; i < sentences.size(); ++i) {
      const std::vector<Word> words = split_words(lower, sentences[i].begin, sentences[i].end);
      for (auto part = words.begin(); part != words.end();) {
        const auto end = part + std::min(kMostWords, words.end() - part);
        use(i, std::vector<Word>(part, end));
        part = end;
      }
    }
  }

  std::vector<Decision> find(const std::string& text, bool with_others) const {
    std::vector<Decision> decisions;
    for_each_sentence(text, [&](size_t i, std::vector<Word> words) {
      SentenceReader(lexicon, std::move(words)).append(i, with_others, decisions);
    });
    return decisions;
  }
};

namespace {

std::vector<Mention> mentions_of(const std::vector<Decision>& decisions) {
  std::vector<Mention> mentions;
  mentions.reserve(decisions.size());
  for (const Decision& decision : decisions) mentions.push_back(decision.mention);
  return mentions;
}

}  // namespace

Labeler::Labeler() : state_(std::make_unique<State>()) {}
Labeler::~Labeler() = default;

std::vector<Mention> Labeler::mentions(const std::string& text) const {
  return mentions_of(state_->find(text, false));
}

std::vector<Decision> Labeler::decisions(const std::string& text, bool with_others) const {
  return state_->find(text, with_others);
}

std::vector<Mention> Labeler::names(const std::string& text) const {
  std::vector<Mention> mentions;
  state_->for_each_sentence(text, [&](size_t i, std::vector<Word> words) {
    SentenceReader(state_->lexicon, std::move(words)).append_names(i, mentions);
  });
  return mentions;
}

Labels Labeler::labels(const std::string& text) const {
  return aggregate(mentions_of(state_->find(text, true)));
}

Labels Labeler::aggregate(const std::vector<Mention>& mentions) {
  struct Seen {
    bool is_negative = false, is_uncertain = false, is_positive = false;
  };
  std::map<Finding, Seen> seen;
  bool is_normal = true;
  for (const Mention& m : mentions) {
    if (m.assertion != Assertion::kNegative && m.finding != Finding::kSupportDevices)
      is_normal = false;
    if (m.finding == Finding::kNoFinding)
      continue;  // an abnormality outside the 13 has no label of its own
    Seen& of = seen[m.finding];
    of.is_negative = of.is_negative || m.assertion == Assertion::kNegative;
    of.is_uncertain = of.is_uncertain || m.assertion == Assertion::kUncertain;
    of.is_positive = of.is_positive || m.assertion == Assertion::kPositive;
  }
  Labels labels;
  for (const auto& [finding, of] : seen) {
    const bool is_hedged = of.is_uncertain && (of.is_negative || !of.is_positive);
    labels[finding] = is_hedged ? -1 : of.is_positive ? 1 : 0;
  }
  if (is_normal) labels[Finding::kNoFinding] = 1;
  return labels;
}

}  // namespace radgen

#include "report/assertion.h"

#include <algorithm>

namespace radgen {
namespace {

constexpr size_t kAdjectiveReach = 8;   // words between "possible" and what it hedges
constexpr size_t kParticipleReach = 4;  // words between "resolved" and what it denies

bool is_any(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}
// "no opacity is seen to suggest pneumonia", "no opacity concerning for pneumonia": the denial goes
// on.
bool carries_on(std::string_view word) {
  return word.substr(0, 7) == "suggest" || word.substr(0, 7) == "indicat" ||
         is_any(word, {"concerning", "suspicious", "worrisome", "diagnostic", "convincing"});
}
bool is_side(std::string_view word) {
  return is_any(word, {"left", "right", "bilateral", "bibasilar"});
}

}  // namespace

Sentence::Sentence(const Lexicon& lexicon, std::vector<Word> words)
    : lexicon_(lexicon), words_(std::move(words)) {
  find_clauses();
  find_cues();
}

void Sentence::find_clauses() {
  clauses_.resize(words_.size());
  size_t clause = 0;
  for (size_t i = 0; i < words_.size(); ++i) {
    const bool is_stop = words_[i].text == ";" || words_[i].text == ":";
    if (is_stop || lexicon_.clause_breaks.match(words_, i, words_.size()).length > 0) ++clause;
    clauses_[i] = clause;
  }
}

void Sentence::find_cues() {
  const auto find = [&](const PhraseMatcher& matcher, std::vector<CueHit>& cues) {
    for (size_t i = 0; i < words_.size();) {
      const auto match = matcher.match(words_, i, words_.size());
      for (int value : match.values) cues.push_back({i, i + match.length, static_cast<Cue>(value)});
      i += std::max<size_t>(match.length, 1);
    }
  };
  find(lexicon_.cues_before, before_);
  find(lexicon_.cues_after, after_);
  // "There is possible pneumonia": the cue hedges what follows, there is nothing before it.
  std::erase_if(after_, [&](const CueHit& cue) {
    return cue.first > 0 && words_[cue.first - 1].text == "there";
  });
  // "not" within "not seen" is part of the longer cue only, and the reverse.
  const auto is_within = [](const CueHit& part, const std::vector<CueHit>& others) {
    return std::any_of(others.begin(), others.end(), [&](const CueHit& other) {
      return other.first <= part.first && part.last <= other.last &&
             other.last - other.first > part.last - part.first;
    });
  };
  const std::vector<CueHit> before = before_;
  std::erase_if(before_, [&](const CueHit& cue) { return is_within(cue, after_); });
  std::erase_if(after_, [&](const CueHit& cue) { return is_within(cue, before); });
}

// Whether a new statement begins behind the comma or "and" at `separator`: "no effusion, small
// nodule" against "no effusion, large nodule or mass", where an "or" behind keeps the list
// together.
bool Sentence::restarts(size_t separator, size_t before) const {
  const bool is_comma = words_[separator].text == ",";
  const size_t next = separator + 1;
  if (next >= before || !lexicon_.restarts.contains(words_[next].text)) return false;
  if (!is_comma && is_side(words_[next].text)) return false;
  for (size_t i = next; i < words_.size() && clauses_[i] == clauses_[separator]; ++i) {
    if (is_any(words_[i].text, {"or", "nor"})) return false;
  }
  return true;
}

bool Sentence::reaches_forward(const CueHit& cue, const Hit& hit) const {
  if (cue.last > hit.first || clauses_[cue.first] != clauses_[hit.first]) return false;
  const size_t gap = hit.first - cue.last;
  const bool is_participle = cue.cue == Cue::kNegationAdjective;
  const bool is_adjective = cue.cue == Cue::kUncertainAdjective || is_participle;
  if (is_participle && gap > kParticipleReach) return false;
  if (is_adjective && gap > kAdjectiveReach) return false;
  bool is_stopped = false;
  for (size_t i = cue.last; i < hit.first; ++i) {
    const std::string_view word = words_[i].text;
    const std::string_view previous = i > 0 ? words_[i - 1].text : "";
    if (carries_on(word)) {
      is_stopped = false;
    } else if (word == "," || word == "and") {
      if ((is_adjective && word == ",") || is_participle || restarts(i, hit.first)) return false;
    } else if (is_verb(i)) {
      const bool is_joined =
          word == "with" && is_any(previous, {"consistent", "compatible", "associated"});
      is_stopped = is_stopped || !is_joined;
    }
  }
  return !is_stopped;
}

bool Sentence::reaches_back(const CueHit& cue, const Hit& hit, const std::vector<Hit>& hits) const {
  if (cue.first < hit.last || clauses_[cue.first] != clauses_[hit.first]) return false;
  bool has_verb = false;
  for (size_t i = hit.last; i < cue.first; ++i) {
    const bool is_comma = words_[i].text == ",";
    const bool opens_relative = i + 1 < words_.size() && words_[i + 1].text == "which";
    if (is_comma && !opens_relative && (has_verb || restarts(i, cue.first))) return false;
    has_verb = has_verb || (is_verb(i) && words_[i].text != "with");
    const bool is_other =
        std::any_of(hits.begin(), hits.end(), [&](const Hit& other) { return other.first == i; });
    if (is_other && has_verb) return false;
    if (words_[i].text == "with" && !is_any(words_[i - 1].text, {"consistent", "compatible"}))
      return false;
  }
  return true;
}

Judgement Sentence::judge(const Hit& hit, const std::vector<Hit>& hits) const {
  const auto find = [&](Cue kind) -> const CueHit* {
    for (const CueHit& cue : before_) {
      if (cue.cue == kind && reaches_forward(cue, hit)) return &cue;
    }
    for (const CueHit& cue : after_) {
      if (cue.cue == kind && reaches_back(cue, hit, hits)) return &cue;
    }
    return nullptr;
  };
  constexpr std::pair<Cue, Assertion> kRules[] = {
      {Cue::kUncertainFirst, Assertion::kUncertain},
      {Cue::kNegation, Assertion::kNegative},
      {Cue::kNegationAdjective, Assertion::kNegative},
      {Cue::kUncertain, Assertion::kUncertain},
      {Cue::kUncertainAdjective, Assertion::kUncertain}};
  for (const auto& [kind, assertion] : kRules) {
    if (const CueHit* cue = find(kind)) return {assertion, {cue->first, cue->last}};
  }
  return {};
}

std::optional<Hit> Sentence::alternative(const Hit& a, const Hit& b) const {
  if (clauses_[a.first] != clauses_[b.first] || b.first < a.last || b.first - a.last > 6) return {};
  // "No change in the pneumothorax or effusion": a list under a "no", not a choice.
  const bool is_list = std::any_of(before_.begin(), before_.end(), [&](const CueHit& cue) {
    return cue.cue == Cue::kIgnored && is_any(words_[cue.first].text, {"no", "not", "without"}) &&
           reaches_forward(cue, a);
  });
  if (is_list) return {};
  std::optional<Hit> joint;
  for (size_t i = a.last; i < b.first; ++i) {
    if (lexicon_.alternatives.contains(words_[i].text)) joint = Hit{i, i + 1};
    if (is_verb(i)) return {};
  }
  return joint;
}

}  // namespace radgen

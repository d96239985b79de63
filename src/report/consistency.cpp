#include "radgen/report/consistency.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "report/characters.h"
#include "report/lexicon.h"

namespace radgen {
namespace {

constexpr uint8_t kUpperZone = 1, kMiddleZone = 2, kLowerZone = 4;
constexpr double kSizeTolerance = 0.1;  // rounding: "1.4 cm", "15 mm"
constexpr uint8_t kLeftSide = 1, kRightSide = 2;

// One sentence: where it stands, and what decides whether another one speaks of the same thing.
struct ReadSentence {
  bool is_impression = false;
  bool is_of_others = false;  // "no other", "otherwise", "except"
  uint8_t zones = 0;
  std::string words;  // lower case, joined by spaces, without punctuation
};

bool speaks_of_others(std::string_view word) {
  static constexpr std::array<std::string_view, 12> kWords{
      "other",    "otherwise", "others", "additional", "further",       "new",
      "residual", "elsewhere", "except", "aside",      "contralateral", "remaining"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

uint8_t zone_of(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, uint8_t>, 18> kWords{
      {{"upper", kUpperZone},
       {"apex", kUpperZone},
       {"apices", kUpperZone},
       {"apical", kUpperZone},
       {"biapical", kUpperZone},
       {"middle", kMiddleZone},
       {"mid", kMiddleZone},
       {"lingula", kMiddleZone},
       {"lingular", kMiddleZone},
       {"perihilar", kMiddleZone},
       {"lower", kLowerZone},
       {"base", kLowerZone},
       {"bases", kLowerZone},
       {"basal", kLowerZone},
       {"basilar", kLowerZone},
       {"bibasilar", kLowerZone},
       {"bibasal", kLowerZone},
       {"retrocardiac", kLowerZone}}};
  for (const auto& [known, zone] : kWords) {
    if (word == known) return zone;
  }
  return 0;
}

std::vector<ReadSentence> read_sentences(std::string_view lower, const std::vector<Span>& spans,
                                         size_t impression_begin) {
  std::vector<ReadSentence> sentences(spans.size());
  for (size_t i = 0; i < spans.size(); ++i) {
    ReadSentence& sentence = sentences[i];
    sentence.is_impression = spans[i].begin >= impression_begin;
    for (const Word& word : split_words(lower, spans[i].begin, spans[i].end)) {
      if (!is_word(word.text.front()) && word.text.front() != '.') continue;
      sentence.is_of_others = sentence.is_of_others || speaks_of_others(word.text);
      sentence.zones = static_cast<uint8_t>(sentence.zones | zone_of(word.text));
      if (!sentence.words.empty()) sentence.words += ' ';
      sentence.words += word.text;
    }
  }
  return sentences;
}

uint8_t sides_as_bits(Side side) {
  switch (side) {
    case Side::kLeft:
      return kLeftSide;
    case Side::kRight:
      return kRightSide;
    case Side::kBilateral:
      return kLeftSide | kRightSide;
    case Side::kNone:
      break;
  }
  return 0;
}

// Findings that stand for each other between two sections of a report.
bool are_related(Finding a, Finding b) {
  if (a == b) return true;
  const auto is_one_of = [](Finding f, std::initializer_list<Finding> set) {
    return std::find(set.begin(), set.end(), f) != set.end();
  };
  const auto both_in = [&](std::initializer_list<Finding> set) {
    return is_one_of(a, set) && is_one_of(b, set);
  };
  if (both_in({Finding::kConsolidation, Finding::kPneumonia, Finding::kLungOpacity})) return true;
  if (both_in({Finding::kCardiomegaly, Finding::kEnlargedCardiomediastinum})) return true;
  const auto looks_like_opacity = {Finding::kAtelectasis, Finding::kEdema, Finding::kLungLesion};
  return (a == Finding::kLungOpacity && is_one_of(b, looks_like_opacity)) ||
         (b == Finding::kLungOpacity && is_one_of(a, looks_like_opacity));
}

class ConsistencyCheck {
 public:
  ConsistencyCheck(const std::vector<Mention>& mentions, std::string_view text,
                   const ConsistencyOptions& options)
      : text_(text),
        lower_(lower_case(text)),
        spans_(split_sentences(text)),
        options_(options),
        sentences_(read_sentences(lower_, spans_, options.impression_begin)) {
    for (const Mention& m : mentions) {
      const bool is_known = m.finding != Finding::kNoFinding && m.sentence < sentences_.size() &&
                            m.begin < m.end && m.end <= text.size();
      if (is_known) mentions_.push_back(&m);
    }
  }

  std::vector<Contradiction> run() {
    compare_pairs();
    compare_sections();
    check_sentences();
    std::stable_sort(found_.begin(), found_.end(), [](const auto& a, const auto& b) {
      return std::tie(a.second, a.first) < std::tie(b.second, b.first);
    });
    return std::move(found_);
  }

 private:
  const ReadSentence& sentence_of(const Mention& m) const { return sentences_[m.sentence]; }

  void add(ContradictionKind kind, Finding finding, size_t a, size_t b) {
    const Contradiction one{kind, finding, std::min(a, b), std::max(a, b)};
    const bool is_there = std::any_of(found_.begin(), found_.end(), [&](const Contradiction& c) {
      return c.kind == one.kind && c.finding == one.finding && c.first == one.first &&
             c.second == one.second;
    });
    if (!is_there) found_.push_back(one);
  }

  // The last word of the mention, without the plural's s: what the thing is.
  std::string_view noun_of(const Mention& m) const {
    std::string_view words = trim(std::string_view(lower_).substr(m.begin, m.end - m.begin));
    const size_t space = words.find_last_of(" -/");
    if (space != std::string_view::npos) words.remove_prefix(space + 1);
    if (words.size() > 3 && words.ends_with("es") && !words.ends_with("ses")) {
      return words.ends_with("sses") ? words.substr(0, words.size() - 2)
                                     : words.substr(0, words.size() - 1);
    }
    return words.size() > 3 && words.ends_with('s') && !words.ends_with("ss")
               ? words.substr(0, words.size() - 1)
               : words;
  }

  bool may_be_one_thing(const Mention& a, const Mention& b) const {
    const bool are_many = a.finding == Finding::kSupportDevices ||
                          a.finding == Finding::kLungLesion || a.finding == Finding::kFracture;
    return !are_many || noun_of(a) == noun_of(b);
  }

  bool are_elsewhere(const Mention& a, const Mention& b) const {
    const uint8_t za = sentence_of(a).zones, zb = sentence_of(b).zones;
    return za != 0 && zb != 0 && (za & zb) == 0;
  }

  bool denies(const Mention& denial, const Mention& stated) const {
    if (sentence_of(denial).is_of_others || !may_be_one_thing(denial, stated)) return false;
    const uint8_t denied = sides_as_bits(denial.side), said = sides_as_bits(stated.side);
    if (denied != 0 && said != 0 && (denied & said) == 0) return false;
    if (sentence_of(denial).zones != 0 && denial.sentence != stated.sentence &&
        (sentence_of(denial).zones & sentence_of(stated).zones) == 0)
      return false;
    return denial.severity == Severity::kUnstated || denial.severity <= stated.severity;
  }

  // Two positive mentions of one finding in two sentences of one section.
  void compare_statements(const Mention& a, const Mention& b) {
    if (a.sentence == b.sentence || !may_be_one_thing(a, b) || are_elsewhere(a, b)) return;
    const bool is_one_section = sentence_of(a).is_impression == sentence_of(b).is_impression;
    const bool is_same_side = a.side == b.side || a.side == Side::kNone || b.side == Side::kNone;
    if (!is_one_section || !is_same_side) return;
    if (a.severity != Severity::kUnstated && b.severity != Severity::kUnstated &&
        a.severity != b.severity && a.finding != Finding::kSupportDevices) {
      add(ContradictionKind::kTwoSeverities, a.finding, a.sentence, b.sentence);
    }
    if (a.size_mm && b.size_mm && !is_same_size(*a.size_mm, *b.size_mm)) {
      add(ContradictionKind::kTwoSizes, a.finding, a.sentence, b.sentence);
    }
  }

  static bool is_same_size(double a, double b) {
    return std::abs(a - b) <= kSizeTolerance * std::max(a, b);
  }

  void compare_pairs() {
    for (size_t i = 0; i < mentions_.size(); ++i) {
      for (size_t j = i + 1; j < mentions_.size(); ++j) {
        const Mention &a = *mentions_[i], &b = *mentions_[j];
        if (a.finding != b.finding) continue;
        const bool is_a_stated = a.assertion == Assertion::kPositive;
        const bool is_b_stated = b.assertion == Assertion::kPositive;
        if (is_a_stated && is_b_stated) {
          compare_statements(a, b);
        } else if ((is_a_stated && b.assertion == Assertion::kNegative && denies(b, a)) ||
                   (is_b_stated && a.assertion == Assertion::kNegative && denies(a, b))) {
          add(ContradictionKind::kStatedAndDenied, a.finding, a.sentence, b.sentence);
        }
      }
    }
  }

  // The mentions of the other section that speak of the same finding: of itself, else of what it
  // may stand for. Denials only where the caller asks for them.
  std::vector<const Mention*> others(const Mention& m, bool with_denials) const {
    std::vector<const Mention*> same, related;
    for (const Mention* other : mentions_) {
      if (sentence_of(*other).is_impression == sentence_of(m).is_impression) continue;
      if (!with_denials && other->assertion == Assertion::kNegative) continue;
      if (other->finding == m.finding) same.push_back(other);
      if (are_related(other->finding, m.finding)) related.push_back(other);
    }
    return same.empty() ? related : same;
  }

  void compare_impression(const Mention& m) {
    const std::vector<const Mention*> in_findings = others(m, /*with_denials=*/false);
    if (in_findings.empty()) {
      const bool is_device = m.finding == Finding::kSupportDevices;
      // A denial is a contradiction of its own kind.
      if (!is_device && others(m, /*with_denials=*/true).empty()) {
        add(ContradictionKind::kOnlyInImpression, m.finding, m.sentence, m.sentence);
      }
      return;
    }
    uint8_t sides = 0;
    bool has_severity = false, has_same_severity = false, has_size = false, has_same_size = false;
    for (const Mention* other : in_findings) {
      sides = static_cast<uint8_t>(sides | sides_as_bits(other->side));
      if (other->finding != m.finding || !may_be_one_thing(*other, m)) continue;
      const uint8_t one = sides_as_bits(other->side), own = sides_as_bits(m.side);
      if (one != 0 && own != 0 && (one & own) == 0) continue;
      has_severity = has_severity || other->severity != Severity::kUnstated;
      has_same_severity = has_same_severity || other->severity == m.severity;
      has_size = has_size || other->size_mm.has_value();
      has_same_size = has_same_size ||
                      (other->size_mm && m.size_mm && is_same_size(*other->size_mm, *m.size_mm));
    }
    const size_t at = in_findings.front()->sentence;
    if (m.finding == Finding::kSupportDevices) return;
    if (sides != 0 && (sides_as_bits(m.side) & ~sides) != 0) {
      add(ContradictionKind::kOtherSide, m.finding, at, m.sentence);
    }
    if (m.severity != Severity::kUnstated && has_severity && !has_same_severity) {
      add(ContradictionKind::kOtherSeverity, m.finding, at, m.sentence);
    }
    if (m.size_mm && has_size && !has_same_size) {
      add(ContradictionKind::kTwoSizes, m.finding, at, m.sentence);
    }
  }

  void compare_sections() {
    const auto is_impression = [](const ReadSentence& s) { return s.is_impression; };
    const bool has_impression = std::any_of(sentences_.begin(), sentences_.end(), is_impression);
    const bool has_findings = !std::all_of(sentences_.begin(), sentences_.end(), is_impression);
    if (!has_impression || !has_findings) return;
    uint32_t missing = 0;  // by finding: one is said once
    for (const Mention* m : mentions_) {
      if (m->assertion != Assertion::kPositive) continue;
      if (sentence_of(*m).is_impression) {
        compare_impression(*m);
        continue;
      }
      const uint32_t own = 1u << static_cast<unsigned>(m->finding);
      const bool is_needed = options_.is_finished && m->finding != Finding::kSupportDevices;
      if (!is_needed || (missing & own) != 0 || !others(*m, /*with_denials=*/true).empty())
        continue;
      missing |= own;
      add(ContradictionKind::kMissingInImpression, m->finding, m->sentence, m->sentence);
    }
  }

  void add_spans(ContradictionKind kind, const std::vector<Span>& faults) {
    for (const Span& fault : faults) {
      const auto after = std::upper_bound(
          spans_.begin(), spans_.end(), fault.begin,
          [](size_t begin, const Span& sentence) { return begin < sentence.begin; });
      if (after == spans_.begin()) continue;
      const size_t at = static_cast<size_t>(after - spans_.begin()) - 1;
      add(kind, Finding::kNoFinding, at, at);
    }
  }

  void check_sentences() {
    for (size_t i = 0; i < sentences_.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        const bool is_same = sentences_[i].words == sentences_[j].words &&
                             sentences_[i].is_impression == sentences_[j].is_impression;
        if (is_same && !sentences_[i].words.empty())
          add(ContradictionKind::kRepeatedSentence, Finding::kNoFinding, j, i);
      }
    }
    if (!options_.has_prior) add_spans(ContradictionKind::kComparison, find_comparisons(text_));
    add_spans(ContradictionKind::kNumber, find_number_faults(text_));
  }

  std::string_view text_;
  std::string lower_;
  std::vector<Span> spans_;
  ConsistencyOptions options_;
  std::vector<ReadSentence> sentences_;
  std::vector<const Mention*> mentions_;
  std::vector<Contradiction> found_;
};

}  // namespace

const std::array<ContradictionKind, kContradictionKinds>& all_contradiction_kinds() {
  static constexpr std::array<ContradictionKind, kContradictionKinds> kKinds{
      ContradictionKind::kStatedAndDenied,  ContradictionKind::kTwoSeverities,
      ContradictionKind::kTwoSizes,         ContradictionKind::kMissingInImpression,
      ContradictionKind::kOnlyInImpression, ContradictionKind::kOtherSide,
      ContradictionKind::kOtherSeverity,    ContradictionKind::kComparison,
      ContradictionKind::kRepeatedSentence, ContradictionKind::kNumber};
  return kKinds;
}

const std::string& contradiction_name(ContradictionKind kind) {
  static const std::array<std::string, kContradictionKinds> kNames{
      "stated_and_denied",  "two_severities", "two_sizes",      "missing_in_impression",
      "only_in_impression", "other_side",     "other_severity", "comparison",
      "repeated_sentence",  "number"};
  return kNames[static_cast<size_t>(kind)];
}

std::vector<Contradiction> find_contradictions(const std::vector<Mention>& mentions,
                                               std::string_view text,
                                               const ConsistencyOptions& options) {
  return ConsistencyCheck(mentions, text, options).run();
}

}  // namespace radgen

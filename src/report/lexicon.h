// The labeler's words: data/lexicon.json as phrases that are found in the words of a sentence.
//
//   const Lexicon& lexicon = built_in_lexicon();
//   // the longest phrase that begins at word 3
//   PhraseMatcher::Match m = lexicon.terms.match(words, 3, words.size());
//
// A phrase is a row of lower-case words; "opacit*" is any word that starts so, "*" any word,
// "large|small" either word. "$degree" in the file stands for the set of that name.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "radgen/report/finding.h"

namespace radgen {

// A word, a number with its decimals, or one of , ; : ( ) ? of a sentence; hyphens and slashes only
// separate.
struct Word {
  std::string_view text;      // lower case
  size_t begin = 0, end = 0;  // bytes of the whole text
};
std::vector<Word> split_words(std::string_view lower_text, size_t begin, size_t end);

class PhraseMatcher {
 public:
  struct Match {
    size_t length = 0;        // words; 0: none
    std::vector<int> values;  // of every phrase of that length
  };
  void add(const std::string& phrase, int value);
  void add(const nlohmann::json& phrases, int value);
  // The longest phrase that begins at word `at` and ends before `end`.
  Match match(const std::vector<Word>& words, size_t at, size_t end) const;
  bool contains(std::string_view word) const;  // as a phrase of one word

 private:
  struct Choice {
    std::string text;
    bool is_prefix = false;
    bool matches(std::string_view word) const {
      return is_prefix ? word.substr(0, text.size()) == text : word == text;
    }
  };
  struct Part {
    std::vector<Choice> choices;
    bool matches(std::string_view word) const {
      for (const Choice& choice : choices) {
        if (choice.matches(word)) return true;
      }
      return false;
    }
  };
  struct Phrase {
    std::vector<Part> parts;
    int value = 0;
  };
  static uint32_t key(std::string_view word);  // its first three bytes
  std::unordered_map<uint32_t, std::vector<Phrase>> by_start_;
};

// How a hit of `terms` counts.
enum class TermKind { kFinding, kUncertainFinding, kOther, kExcluded };
inline int term_value(TermKind kind, Finding finding) {
  return static_cast<int>(kind) * 100 + static_cast<int>(finding);
}

enum class Cue {
  kIgnored,
  kUncertainFirst,  // outranks negation: "cannot exclude", "no new"
  kNegation,
  kNegationAdjective,  // "resolved effusion"
  kUncertain,
  kUncertainAdjective  // "possible effusion"
};

enum class State { kPositive, kUncertain, kNegative, kUnchanged };

// An organ that is only a finding together with a state: "heart" and "enlarged".
struct Structure {
  Finding finding = Finding::kNoFinding;
  PhraseMatcher states;         // values: State
  bool is_named_alone = false;  // names its finding without a state too
};

struct Lexicon {
  PhraseMatcher terms;       // values: term_value()
  PhraseMatcher structures;  // values: index into structure_list, -1: a phrase that is none
  std::vector<Structure> structure_list;
  PhraseMatcher implied;  // terms that imply an uncertain finding; values: Finding
  PhraseMatcher clause_breaks, verbs, alternatives, restarts;
  PhraseMatcher look_alikes;              // "scarring or atelectasis": one appearance, no doubt
  PhraseMatcher cues_before, cues_after;  // values: Cue
  PhraseMatcher sides;                    // values: Side; kNone: a phrase that is no side
  PhraseMatcher side_links;
  PhraseMatcher severities;  // values: Severity
  // comparisons with an earlier film; values: 1, 0: a phrase that is none
  PhraseMatcher priors;
};

Lexicon parse_lexicon(const nlohmann::json& json);
const Lexicon& built_in_lexicon();

}  // namespace radgen

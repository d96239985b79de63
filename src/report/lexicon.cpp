#include "report/lexicon.h"

#include <algorithm>

#include "radgen/core/error.h"
#include "report/characters.h"

namespace radgen {

// data/lexicon.json and data/cues.json, made into source files by the build.
extern const char* const kLexiconJson;
extern const char* const kCuesJson;

namespace {

// Whether three letters or more stand on both sides: "effusion/pneumothorax", not "w/o", "and/or".
bool joins_words(std::string_view text, size_t begin, size_t slash, size_t end) {
  if (slash < begin + 3 || slash + 3 >= end) return false;
  for (size_t i = 1; i <= 3; ++i) {
    if (!is_letter(text[slash - i]) || !is_letter(text[slash + i])) return false;
  }
  return true;
}

// The word [begin, end), "isn't" and "can't" as two.
void append_word(std::string_view text, size_t begin, size_t end, std::vector<Word>& words) {
  while (begin < end && text[begin] == '\'') ++begin;  // 'effusion'
  size_t last = end;
  while (last > begin && text[last - 1] == '\'') --last;
  if (last == begin) return;
  const std::string_view word = text.substr(begin, last - begin);
  if (word.size() < 5 || !word.ends_with("n't")) {
    words.push_back({word, begin, last});
    return;
  }
  const size_t stem = word == "can't" ? 3 : word.size() - 3;
  words.push_back({word.substr(0, stem), begin, begin + stem});
  words.push_back({"not", begin + stem, last});
}

}  // namespace

std::vector<Word> split_words(std::string_view lower_text, size_t begin, size_t end) {
  std::vector<Word> words;
  const auto part_of_word = [&](size_t i) {
    if (is_word(lower_text[i]) || lower_text[i] == '\'') return true;
    const bool is_point = lower_text[i] == '.' && i + 1 < end && is_digit(lower_text[i + 1]);
    return is_point && (i == begin || !is_letter(lower_text[i - 1]));
  };
  const auto is_apart = [&](size_t i) {
    return i > begin && is_space(lower_text[i - 1]) && i + 1 < end && is_space(lower_text[i + 1]);
  };
  for (size_t i = begin; i < end;) {
    if (part_of_word(i)) {
      size_t stop = i;
      while (stop < end && part_of_word(stop)) ++stop;
      append_word(lower_text, i, stop, words);
      i = stop;
      continue;
    }
    const char c = lower_text[i];
    if (std::string_view(",;:()?").find(c) != std::string_view::npos) {
      words.push_back({lower_text.substr(i, 1), i, i + 1});
    } else if (c == '=') {
      words.push_back({":", i, i + 1});
    } else if (c == '-' && is_apart(i)) {
      words.push_back({lower_text.substr(i, 1), i, i + 1});
    } else if (c == '/' && joins_words(lower_text, begin, i, end)) {
      words.push_back({"or", i, i + 1});
    }
    ++i;
  }
  return words;
}

uint32_t PhraseMatcher::key(std::string_view word) {
  uint32_t key = 0;
  for (size_t i = 0; i < 3; ++i)
    key = key << 8 | (i < word.size() ? static_cast<unsigned char>(word[i]) : 0u);
  return key;
}

void PhraseMatcher::add(const std::string& phrase, int value) {
  const size_t first_end = std::min(phrase.find(' '), phrase.size());
  if (const size_t bar = phrase.find('|'); bar < first_end) {  // one phrase for each first word
    add(phrase.substr(0, bar) + phrase.substr(first_end), value);
    add(phrase.substr(bar + 1), value);
    return;
  }
  Phrase added{{}, value};
  for (size_t begin = 0; begin < phrase.size();) {
    const size_t end = std::min(phrase.find(' ', begin), phrase.size());
    Part part;
    for (size_t first = begin; first < end || first == begin;) {
      const size_t bar = std::min(phrase.find('|', first), end);
      Choice choice{phrase.substr(first, bar - first)};
      if (!choice.text.empty() && choice.text.back() == '*') {
        choice.text.pop_back();
        choice.is_prefix = true;
      }
      part.choices.push_back(std::move(choice));
      first = bar + 1;
    }
    added.parts.push_back(std::move(part));
    begin = end + 1;
  }
  const auto& first = added.parts.empty() ? std::vector<Choice>() : added.parts[0].choices;
  RADGEN_CHECK(
      first.size() == 1 && (!first[0].is_prefix || first[0].text.size() >= 3),
      "lexicon phrase '" + phrase + "' has a first word of fewer than three letters before '*'");
  const uint32_t start = key(first[0].text);
  may_start_.set(filter_bit(start));
  std::vector<Phrase>& phrases = by_start_[start];
  const auto shorter = std::find_if(phrases.begin(), phrases.end(), [&](const Phrase& other) {
    return other.parts.size() < added.parts.size();
  });
  phrases.insert(shorter, std::move(added));
}

void PhraseMatcher::add(const nlohmann::json& phrases, int value) {
  for (const auto& phrase : phrases) add(phrase.get<std::string>(), value);
}

const std::vector<PhraseMatcher::Phrase>* PhraseMatcher::bucket(std::string_view word) const {
  const uint32_t start = key(word);
  if (!may_start_.test(filter_bit(start))) return nullptr;
  const auto found = by_start_.find(start);
  return found == by_start_.end() ? nullptr : &found->second;
}

PhraseMatcher::Match PhraseMatcher::match(const std::vector<Word>& words, size_t at,
                                          size_t end) const {
  Match best;
  const std::vector<Phrase>* phrases = bucket(words[at].text);
  if (phrases == nullptr) return best;
  for (const Phrase& phrase : *phrases) {
    const size_t length = phrase.parts.size();
    if (length < best.length) break;
    if (at + length > end) continue;
    size_t i = 0;
    while (i < length && phrase.parts[i].matches(words[at + i].text)) ++i;
    if (i < length) continue;
    best.length = length;
    best.values.push_back(phrase.value);
  }
  return best;
}

bool PhraseMatcher::contains(std::string_view word) const {
  const std::vector<Phrase>* phrases = bucket(word);
  return phrases != nullptr &&
         std::any_of(phrases->begin(), phrases->end(), [&](const Phrase& one) {
           return one.parts.size() == 1 && one.parts[0].matches(word);
         });
}

namespace {

Finding finding_of(const std::string& name) {
  const auto finding = finding_from_name(name);
  RADGEN_CHECK(finding.has_value(), "lexicon names an unknown finding: " + name);
  return *finding;
}

void add_findings(PhraseMatcher& matcher, const nlohmann::json& lists, TermKind kind) {
  for (const auto& [name, phrases] : lists.items())
    matcher.add(phrases, term_value(kind, finding_of(name)));
}

void add_structures(Lexicon& lexicon, const nlohmann::json& json) {
  for (const auto& entry : json.at("structures")) {
    Structure structure;
    structure.finding = finding_of(entry.at("finding"));
    structure.is_named_alone = entry.value("is_named_alone", false);
    structure.states.add(entry.at("positive"), static_cast<int>(State::kPositive));
    structure.states.add(entry.at("uncertain"), static_cast<int>(State::kUncertain));
    structure.states.add(entry.at("negative"), static_cast<int>(State::kNegative));
    structure.states.add(entry.at("unchanged"), static_cast<int>(State::kUnchanged));
    lexicon.structures.add(entry.at("nouns"), static_cast<int>(lexicon.structure_list.size()));
    lexicon.structure_list.push_back(std::move(structure));
  }
  lexicon.structures.add(json.at("not_structures"), -1);
}

// Puts the words of "sets" where a phrase says "$name".
nlohmann::json with_sets(const nlohmann::json& json, const nlohmann::json& sets) {
  if (json.is_structured()) {
    nlohmann::json out = json;
    for (auto& value : out) value = with_sets(value, sets);
    return out;
  }
  if (!json.is_string()) return json;
  std::string text = json;
  for (const auto& [name, words] : sets.items()) {
    const std::string mark = "$" + name;
    for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark)) {
      text.replace(at, mark.size(), words.get<std::string>());
    }
  }
  return text;
}

// A row of data/cues.json: class, scope and phrases.
void add_cues(Lexicon& lexicon, const nlohmann::json& row) {
  const std::string kind = row.at("class"), scope = row.at("scope");
  const nlohmann::json& phrases = row.at("phrases");
  const auto value = [&](std::initializer_list<std::pair<std::string_view, int>> values) {
    for (const auto& [name, number] : values) {
      if (name == kind) return number;
    }
    throw Error(ErrorCode::kInternal, "cues: class '" + kind + "' has no scope '" + scope + "'");
  };
  const auto of_cue = [&](Cue denies, Cue hedges) {
    return value({{"asks", static_cast<int>(Cue::kUncertainFirst)},
                  {"denies", static_cast<int>(denies)},
                  {"hedges", static_cast<int>(hedges)},
                  {"none", static_cast<int>(Cue::kIgnored)}});
  };
  if (scope == "forward") {
    lexicon.cues_before.add(phrases, of_cue(Cue::kNegation, Cue::kUncertain));
  } else if (scope == "near") {
    lexicon.cues_before.add(phrases, of_cue(Cue::kNegationAdjective, Cue::kUncertainAdjective));
  } else if (scope == "back") {
    lexicon.cues_after.add(phrases, of_cue(Cue::kNegation, Cue::kUncertain));
  } else if (scope == "answer") {
    lexicon.answers.add(phrases, value({{"affirms", static_cast<int>(Answer::kAffirmed)},
                                        {"denies", static_cast<int>(Answer::kDenied)},
                                        {"hedges", static_cast<int>(Answer::kHedged)},
                                        {"none", static_cast<int>(Answer::kNone)},
                                        {"unsaid", static_cast<int>(Answer::kUnsaid)}}));
  } else {
    lexicon.clause_breaks.add(phrases, value({{"denies", static_cast<int>(ClauseBreak::kDenial)}}));
  }
}

}  // namespace

Lexicon parse_lexicon(const nlohmann::json& source, const nlohmann::json& cues) {
  nlohmann::json lists = source;
  for (const char* prose : {"origin", "syntax"}) lists.erase(prose);
  const nlohmann::json json = with_sets(lists, source.value("sets", nlohmann::json::object()));
  Lexicon lexicon;
  add_findings(lexicon.terms, json.at("terms"), TermKind::kFinding);
  add_findings(lexicon.terms, json.at("uncertain_terms"), TermKind::kUncertainFinding);
  lexicon.terms.add(json.at("other"), term_value(TermKind::kOther, Finding::kNoFinding));
  lexicon.terms.add(json.at("excluded"), term_value(TermKind::kExcluded, Finding::kNoFinding));
  add_structures(lexicon, json);
  for (const auto& [name, phrases] : json.at("implied").items()) {
    lexicon.implied.add(phrases, static_cast<int>(finding_of(name)));
  }
  for (const auto& row : with_sets(cues.at("cues"), source.at("sets"))) add_cues(lexicon, row);
  lexicon.clause_breaks.add(json.at("clause_breaks"), static_cast<int>(ClauseBreak::kAll));
  lexicon.subject_words.add(json.at("subject_words"), 0);
  lexicon.verbs.add(json.at("verbs"), 0);
  lexicon.alternatives.add(json.at("alternatives"), 0);
  lexicon.restarts.add(json.at("restart_words"), 0);
  lexicon.look_alikes.add(json.at("look_alikes"), 0);
  for (const auto& [name, phrases] : json.at("sides").items()) {
    lexicon.sides.add(phrases, static_cast<int>(side_from_name(name)));
  }
  lexicon.sides.add(json.at("not_sides"), static_cast<int>(Side::kNone));
  lexicon.side_links.add(json.at("side_links"), 0);
  for (const auto& [name, phrases] : json.at("severity").items()) {
    lexicon.severities.add(phrases, static_cast<int>(severity_from_name(name)));
  }
  lexicon.priors.add(json.at("priors"), 1);
  lexicon.priors.add(json.at("not_priors"), 0);
  return lexicon;
}

const Lexicon& built_in_lexicon() {
  static const Lexicon lexicon =
      parse_lexicon(nlohmann::json::parse(kLexiconJson), nlohmann::json::parse(kCuesJson));
  return lexicon;
}

}  // namespace radgen

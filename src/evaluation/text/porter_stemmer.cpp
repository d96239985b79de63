#include "radgen/evaluation/text/porter_stemmer.h"

#include <array>
#include <span>
#include <unordered_map>

namespace radgen::evaluation {
namespace {

bool ends_with(std::string_view word, std::string_view suffix) { return word.ends_with(suffix); }

bool is_consonant(std::string_view word, size_t i) {
  switch (word[i]) {
    case 'a':
    case 'e':
    case 'i':
    case 'o':
    case 'u':
      return false;
    case 'y':
      return i == 0 || !is_consonant(word, i - 1);
    default:
      return true;
  }
}

// Porter's m: the number of vowel-consonant sequences.
int measure(std::string_view stem) {
  int count = 0;
  bool was_vowel = false;
  for (size_t i = 0; i < stem.size(); ++i) {
    const bool consonant = is_consonant(stem, i);
    if (consonant && was_vowel) ++count;
    was_vowel = !consonant;
  }
  return count;
}

bool contains_vowel(std::string_view stem) {
  for (size_t i = 0; i < stem.size(); ++i) {
    if (!is_consonant(stem, i)) return true;
  }
  return false;
}

bool ends_double_consonant(std::string_view word) {
  const size_t n = word.size();
  return n >= 2 && word[n - 1] == word[n - 2] && is_consonant(word, n - 1);
}

// Porter's *o; the extension adds two-letter stems of a vowel and a consonant.
bool ends_cvc(std::string_view word) {
  const size_t n = word.size();
  if (n == 2) return !is_consonant(word, 0) && is_consonant(word, 1);
  return n >= 3 && is_consonant(word, n - 3) && !is_consonant(word, n - 2) &&
         is_consonant(word, n - 1) && word[n - 1] != 'w' && word[n - 1] != 'x' &&
         word[n - 1] != 'y';
}

struct PorterRule {
  std::string_view suffix, replacement;
};

// The first rule whose suffix fits decides, whether or not its condition (m > `above`) holds.
std::string apply_rules(const std::string& word, std::span<const PorterRule> rules, int above) {
  for (const PorterRule& rule : rules) {
    if (!ends_with(word, rule.suffix)) continue;
    const std::string stem = word.substr(0, word.size() - rule.suffix.size());
    return measure(stem) > above ? stem + std::string(rule.replacement) : word;
  }
  return word;
}

std::string step_1a(const std::string& word) {
  const size_t n = word.size();
  if (ends_with(word, "ies")) return word.substr(0, n - (n == 4 ? 1 : 2));
  if (ends_with(word, "sses")) return word.substr(0, n - 2);
  if (ends_with(word, "ss")) return word;
  return ends_with(word, "s") ? word.substr(0, n - 1) : word;
}

std::string step_1b(const std::string& word) {
  const size_t n = word.size();
  if (ends_with(word, "ied")) return word.substr(0, n - (n == 4 ? 1 : 2));
  if (ends_with(word, "eed")) {
    return measure(std::string_view(word).substr(0, n - 3)) > 0 ? word.substr(0, n - 1) : word;
  }
  std::string stem;
  for (const std::string_view suffix : {"ed", "ing"}) {
    if (!ends_with(word, suffix)) continue;
    const std::string candidate = word.substr(0, n - suffix.size());
    if (contains_vowel(candidate)) stem = candidate;
    if (!stem.empty()) break;
  }
  if (stem.empty()) return word;
  if (ends_with(stem, "at") || ends_with(stem, "bl") || ends_with(stem, "iz")) return stem + "e";
  if (ends_double_consonant(stem)) {
    const char last = stem.back();
    return last == 'l' || last == 's' || last == 'z' ? stem : stem.substr(0, stem.size() - 1);
  }
  return measure(stem) == 1 && ends_cvc(stem) ? stem + "e" : stem;
}

std::string step_1c(const std::string& word) {
  const size_t n = word.size();
  if (n > 2 && word.back() == 'y' && is_consonant(word, n - 2)) return word.substr(0, n - 1) + "i";
  return word;
}

std::string step_2(const std::string& word) {
  static constexpr std::array<PorterRule, 21> kRules{
      {{"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"},   {"anci", "ance"},
       {"izer", "ize"},    {"bli", "ble"},     {"alli", "al"},     {"entli", "ent"},
       {"eli", "e"},       {"ousli", "ous"},   {"ization", "ize"}, {"ation", "ate"},
       {"ator", "ate"},    {"alism", "al"},    {"iveness", "ive"}, {"fulness", "ful"},
       {"ousness", "ous"}, {"aliti", "al"},    {"iviti", "ive"},   {"biliti", "ble"},
       {"fulli", "ful"}}};
  const std::string_view view = word;
  if (ends_with(word, "alli") && measure(view.substr(0, word.size() - 4)) > 0) {
    return step_2(word.substr(0, word.size() - 2));
  }
  // Not in the table: the "l" of "logi" counts as part of the stem.
  if (ends_with(word, "logi")) {
    return measure(view.substr(0, word.size() - 3)) > 0 ? word.substr(0, word.size() - 1) : word;
  }
  return apply_rules(word, kRules, 0);
}

std::string step_3(const std::string& word) {
  static constexpr std::array<PorterRule, 7> kRules{{{"icate", "ic"},
                                                     {"ative", ""},
                                                     {"alize", "al"},
                                                     {"iciti", "ic"},
                                                     {"ical", "ic"},
                                                     {"ful", ""},
                                                     {"ness", ""}}};
  return apply_rules(word, kRules, 0);
}

std::string step_4(const std::string& word) {
  static constexpr std::array<std::string_view, 19> kSuffixes{
      "al",  "ance", "ence", "er",  "ic",  "able", "ible", "ant", "ement", "ment",
      "ent", "ion",  "ou",   "ism", "ate", "iti",  "ous",  "ive", "ize"};
  for (const std::string_view suffix : kSuffixes) {
    if (!ends_with(word, suffix)) continue;
    const std::string stem = word.substr(0, word.size() - suffix.size());
    const bool fits = suffix != "ion" || ends_with(stem, "s") || ends_with(stem, "t");
    return measure(stem) > 1 && fits ? stem : word;
  }
  return word;
}

std::string step_5(const std::string& word) {
  std::string result = word;
  if (ends_with(word, "e")) {
    const std::string stem = word.substr(0, word.size() - 1);
    const int m = measure(stem);
    if (m > 1 || (m == 1 && !ends_cvc(stem))) result = stem;
  }
  if (ends_with(result, "ll") &&
      measure(std::string_view(result).substr(0, result.size() - 1)) > 1) {
    result.pop_back();
  }
  return result;
}

const std::unordered_map<std::string, std::string>& irregular_forms() {
  static const std::unordered_map<std::string, std::string> kForms{
      {"sky", "sky"},        {"skies", "sky"},        {"dying", "die"},
      {"lying", "lie"},      {"tying", "tie"},        {"news", "news"},
      {"innings", "inning"}, {"inning", "inning"},    {"outings", "outing"},
      {"outing", "outing"},  {"cannings", "canning"}, {"canning", "canning"},
      {"howe", "howe"},      {"proceed", "proceed"},  {"exceed", "exceed"},
      {"succeed", "succeed"}};
  return kForms;
}

}  // namespace

std::string porter_stem(std::string_view word) {
  std::string stem(word);
  for (char& c : stem) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (const auto irregular = irregular_forms().find(stem); irregular != irregular_forms().end()) {
    return irregular->second;
  }
  if (stem.size() <= 2) return stem;
  return step_5(step_4(step_3(step_2(step_1c(step_1b(step_1a(stem)))))));
}

}  // namespace radgen::evaluation

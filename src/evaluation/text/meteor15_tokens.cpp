// METEOR 1.5's normalisation of English text: the Moses tokenizer's rules, then quotes and dashes
// made equal, hyphenated words taken apart and dots taken out of initials.
#include <algorithm>
#include <functional>
#include <unordered_map>

#include "evaluation/text/code_points.h"
#include "radgen/evaluation/text/meteor15.h"

namespace radgen::evaluation {
namespace {

using Text = std::u32string;

bool is_digit(char32_t c) { return c >= U'0' && c <= U'9'; }
bool is_alpha(char32_t c) {
  const bool is_latin = (c >= U'A' && c <= U'Z') || (c >= U'a' && c <= U'z') ||
                        (c >= 0xC0 && c <= 0x17E && c != 0xD7 && c != 0xF7);
  return is_latin || (c >= 0x400 && c <= 0x527) || (c >= 0xA640 && c <= 0xA66E) ||
         (c >= 0xA67E && c <= 0xA697) || (c >= 0x1D00 && c <= 0x1D7F);
}
bool is_alnum(char32_t c) { return is_digit(c) || is_alpha(c); }
// The Java class \s.
bool is_blank_point(char32_t c) { return c == U' ' || (c >= 9 && c <= 13); }
// Signs with rules of their own below.
bool is_special(char32_t c) {
  return c == U'.' || c == U'\'' || c == U'`' || c == U',' || c == U'-' || c == 0x2018 ||
         c == 0x2019;
}

using IsClass = std::function<bool(char32_t)>;

// Puts `with` in the place of `middle` between two characters that fit. A character behind a match
// is used up by it, as in a regular expression.
void replace_between(Text& text, const IsClass& before, char32_t middle, const IsClass& behind,
                     std::u32string_view with) {
  Text result;
  size_t i = 0;
  while (i < text.size()) {
    if (i + 2 < text.size() && text[i + 1] == middle && before(text[i]) && behind(text[i + 2])) {
      result += text[i];
      result += with;
      result += text[i + 2];
      i += 3;
    } else {
      result += text[i++];
    }
  }
  text = std::move(result);
}

bool is_not_digit(char32_t c) { return !is_digit(c); }
bool is_not_alpha(char32_t c) { return !is_alpha(c); }

Text separated_signs(const Text& text) {
  Text result;
  for (const char32_t c : text) {
    if (is_alnum(c) || is_blank_point(c) || is_special(c)) {
      result += c;
    } else {
      result += {U' ', c, U' '};
    }
  }
  return result;
}

// Two and more dots become a word of their own; kDots stands for each until the end.
constexpr char32_t kDot = 0xE000;
Text escaped_dots(const Text& text) {
  Text result;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && text[end] == U'.') ++end;
    if (end - i < 2) {
      result += text[i++];
      continue;
    }
    result += U' ';
    result.append(end - i, kDot);
    result += U' ';
    i = end;
  }
  return result;
}

Text plain_quotes_and_dashes(const Text& text) {
  Text quotes;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto single = [&](size_t k) {
      return k < text.size() &&
             (text[k] == U'\'' || text[k] == U'`' || text[k] == 0x2018 || text[k] == 0x2019);
    };
    if (text[i] == 0x201C || text[i] == 0x201D || (single(i) && single(i + 1))) {
      if (single(i)) ++i;
      quotes += U" \" ";
    } else {
      quotes += single(i) ? U'\'' : text[i];
    }
  }
  Text dashes;
  for (size_t i = 0; i < quotes.size(); ++i) {
    const auto dash = [&](size_t k) {
      return k < quotes.size() && (quotes[k] == U'-' || quotes[k] == 0x2013);
    };
    dashes += dash(i) ? U'-' : quotes[i];
    if (dash(i) && dash(i + 1)) ++i;
  }
  return dashes;
}

// Abbreviations that keep their dot anywhere, and those that keep it before a number.
enum class Prefix { kAlways, kBeforeNumber };
const std::unordered_map<std::string, Prefix>& prefixes() {
  static const std::unordered_map<std::string, Prefix> kPrefixes = [] {
    std::unordered_map<std::string, Prefix> all;
    for (char c = 'A'; c <= 'Z'; ++c) all[std::string(1, c)] = Prefix::kAlways;
    for (const char* word :
         {"Adj",   "Adm",  "Adv",  "Asst", "Bart", "Bldg", "Brig", "Bros", "Capt", "Cmdr",   "Col",
          "Comdr", "Con",  "Corp", "Cpl",  "DR",   "Dr",   "Drs",  "Ens",  "Gen",  "Gov",    "Hon",
          "Hr",    "Hosp", "Insp", "Lt",   "MM",   "MR",   "MRS",  "MS",   "Maj",  "Messrs", "Mlle",
          "Mme",   "Mr",   "Mrs",  "Ms",   "Msgr", "Op",   "Ord",  "Pfc",  "Ph",   "Prof",   "Pvt",
          "Rep",   "Reps", "Res",  "Rev",  "Rt",   "Sen",  "Sens", "Sfc",  "Sgt",  "Sr",     "St",
          "Supt",  "Surg", "v",    "vs",   "i.e",  "rev",  "e.g"}) {
      all[word] = Prefix::kAlways;
    }
    for (const char* word : {"No", "Nos", "Art", "Nr", "pp"}) all[word] = Prefix::kBeforeNumber;
    return all;
  }();
  return kPrefixes;
}

// Words with the dot at their end taken off, where it is no part of them.
std::vector<Text> words_without_stops(const Text& text) {
  std::vector<Text> words;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && !is_blank_point(text[end])) ++end;
    if (end > i) words.push_back(text.substr(i, end - i));
    i = end + 1;
  }
  std::vector<Text> result;
  for (size_t i = 0; i < words.size(); ++i) {
    Text& word = words[i];
    if (word.size() < 2 || word.back() != U'.') {
      result.push_back(word);
      continue;
    }
    const Text before = word.substr(0, word.size() - 1);
    const bool has_next = i + 1 < words.size();
    const auto known = prefixes().find(utf8(before));
    if (before.find(U'.') != Text::npos && std::any_of(before.begin(), before.end(), is_alpha)) {
      std::erase(word, U'.');
      result.push_back(word);
    } else if ((known != prefixes().end() && known->second == Prefix::kAlways) ||
               (has_next && words[i + 1].front() >= U'a' && words[i + 1].front() <= U'z') ||
               (known != prefixes().end() && has_next && is_digit(words[i + 1].front()))) {
      result.push_back(word);
    } else {
      result.push_back(before);
      result.push_back(U".");
    }
  }
  return result;
}

}  // namespace

std::vector<std::string> meteor15_tokens(std::string_view input) {
  Text text = separated_signs(U" " + code_points(input) + U" ");
  text = escaped_dots(text);
  replace_between(text, is_not_digit, U',', is_not_digit, U" , ");
  replace_between(text, is_digit, U',', is_not_digit, U" , ");
  replace_between(text, is_not_digit, U',', is_digit, U" , ");
  text = plain_quotes_and_dashes(text);
  const auto joins_left = [](char32_t c) { return is_alnum(c) || c == U'.'; };
  replace_between(text, joins_left, U'-', is_alnum, U" ");
  const auto neither = [](char32_t c) { return !is_alpha(c) && !is_digit(c); };
  replace_between(text, is_not_alpha, U'\'', is_not_alpha, U" ' ");
  replace_between(text, neither, U'\'', is_alpha, U" ' ");
  replace_between(text, is_alpha, U'\'', is_not_alpha, U" ' ");
  replace_between(text, is_alpha, U'\'', is_alpha, U" '");
  replace_between(
      text, is_digit, U'\'', [](char32_t c) { return c == U's'; }, U" '");
  std::vector<std::string> tokens;
  for (Text& word : words_without_stops(text)) {
    for (char32_t& c : word) c = c == kDot ? U'.' : lower_case(c);
    tokens.push_back(utf8(word));
  }
  return tokens;
}

}  // namespace radgen::evaluation

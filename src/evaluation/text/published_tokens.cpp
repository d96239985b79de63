#include "radgen/evaluation/text/published_tokens.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "evaluation/text/code_points.h"
#include "radgen/evaluation/text/tokenize.h"

namespace radgen::evaluation {
namespace {

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  std::string result;
  size_t begin = 0;
  for (size_t found; (found = text.find(what, begin)) != std::string::npos;
       begin = found + what.size()) {
    result.append(text, begin, found - begin).append(with);
  }
  text = result.append(text, begin);
}

void repeat_replace(std::string& text, std::string_view what, std::string_view with, int times) {
  for (int i = 0; i < times; ++i) replace_all(text, what, with);
}

std::string stripped_lower(const std::string& text) {
  std::u32string points = code_points(text);
  size_t begin = 0, end = points.size();
  while (begin < end && is_white(points[begin])) ++begin;
  while (end > begin && is_white(points[end - 1])) --end;
  points = points.substr(begin, end - begin);
  std::transform(points.begin(), points.end(), points.begin(), lower_case);
  return utf8(points);
}

// The cleaning's character class holds the range from ':' to '[', which swallows capitals as well
// (there are none left) and spares the hyphen.
bool is_cleaned_away(char c) {
  return std::strchr(".,?;*!%^&_+(){}]\"/\\'", c) != nullptr || (c >= ':' && c <= '[');
}

std::string clean_sentences(std::string text) {
  repeat_replace(text, "1. ", "", 1);
  for (const char* number : {"2", "3", "4", "5"}) {
    replace_all(text, std::string(". ") + number + ". ", ". ");
  }
  for (const char* number : {"2", "3", "4", "5"}) {
    replace_all(text, std::string(" ") + number + ". ", ". ");
  }
  text = stripped_lower(text);
  std::string result;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t stop = std::min(text.find(". ", begin), text.size());
    // Quotes and slashes go before the ends are trimmed, the other signs after it.
    std::string sentence = text.substr(begin, stop - begin);
    std::erase_if(sentence, [](char c) { return std::strchr("\"/\\'", c) != nullptr && c != 0; });
    sentence = stripped_lower(sentence);
    std::erase_if(sentence, [](char c) { return c != 0 && is_cleaned_away(c); });
    if (begin > 0) result += " . ";
    result += sentence;
    begin = stop + 2;
  }
  return result + " .";
}

// --- Penn Treebank ---

constexpr std::array kAbbreviations{
    "mr",  "mrs", "ms",  "dr",  "st",   "vs",  "jr",     "sr",   "etc", "inc",  "no",  "prof",
    "gen", "rep", "sen", "co",  "corp", "ltd", "fig",    "al",   "cf",  "dept", "est", "jan",
    "feb", "mar", "apr", "jun", "jul",  "aug", "approx", "sept", "oct", "nov",  "dec", "sep"};

bool is_decimal(char32_t c) { return c >= U'0' && c <= U'9'; }
bool is_ascii_letter(char32_t c) {
  const char32_t lower = lower_case(c);
  return lower >= U'a' && lower <= U'z';
}
bool is_letter(char32_t c) {
  return is_ascii_letter(c) || c == 0xAA || c == 0xB5 || c == 0xBA ||
         (c >= 0xC0 && c != 0xD7 && c != 0xF7 && c < 0x2000);
}
bool is_word(char32_t c) { return is_letter(c) || is_decimal(c); }

class PtbLexer {
 public:
  explicit PtbLexer(std::string_view text) : text_(code_points(text)) {
    for (char32_t& c : text_) c = lower_case(c);
  }

  std::vector<std::string> tokens() {
    while (at_ < text_.size()) {
      if (is_white(text_[at_])) {
        ++at_;
      } else if (!take_initials() && !take_abbreviation() && !take_number() && !take_clitic() &&
                 !take_word()) {
        take_sign();
      }
    }
    return std::move(tokens_);
  }

 private:
  char32_t peek(size_t ahead) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : U'\0';
  }
  bool take(size_t length) {
    tokens_.push_back(utf8(std::u32string_view(text_).substr(at_, length)));
    at_ += length;
    return true;
  }
  bool ends_word(size_t ahead) const {
    return at_ + ahead >= text_.size() || !is_word(peek(ahead));
  }

  // u.s.
  bool take_initials() {
    size_t length = 0;
    while (is_ascii_letter(peek(length)) && peek(length + 1) == U'.') length += 2;
    return length >= 4 && take(length);
  }
  bool take_abbreviation() {
    size_t length = 0;
    while (is_ascii_letter(peek(length))) ++length;
    if (length == 0 || peek(length) != U'.') return false;
    const char32_t next = peek(length + 1);
    if (next != U'\0' && !is_white(next) && next != U',' && next != U';' && next != U':' &&
        next != U')') {
      return false;
    }
    const std::string word = utf8(std::u32string_view(text_).substr(at_, length));
    const bool is_known = std::any_of(kAbbreviations.begin(), kAbbreviations.end(),
                                      [&](const char* known) { return word == known; });
    return is_known && take(length + 1);
  }
  bool take_number() {
    size_t length = peek(0) == U'-' || peek(0) == U'+' ? 1 : 0;
    if (!is_decimal(peek(length))) return false;
    while (is_decimal(peek(length)) ||
           (is_decimal(peek(length + 1)) &&
            (peek(length) == U'.' || peek(length) == U',' || peek(length) == U':'))) {
      ++length;
    }
    return !is_letter(peek(length)) && take(length);
  }
  // 's 'm 'd 're 've 'll after a word, and n't (which the word before it leaves over).
  bool take_clitic() {
    for (const std::u32string_view clitic : {U"'s", U"'m", U"'d", U"'re", U"'ve", U"'ll", U"n't"}) {
      if (text_.compare(at_, clitic.size(), clitic) == 0 && ends_word(clitic.size()) && at_ > 0 &&
          is_letter(text_[at_ - 1])) {
        return take(clitic.size());
      }
    }
    return false;
  }
  bool take_word() {
    size_t length = 0;
    while (is_word(peek(length)) || (length > 0 && is_word(peek(length + 1)) &&
                                     (peek(length) == U'-' || peek(length) == U'/' ||
                                      peek(length) == U'_' || peek(length) == U'.' ||
                                      (peek(length) == U',' && is_decimal(peek(length - 1)) &&
                                       is_decimal(peek(length + 1)))))) {
      ++length;
      if (length > 1 && text_.compare(at_ + length - 1, 3, U"n't") == 0) {
        --length;
        break;
      }
    }
    return length > 0 && take(length);
  }
  void take_sign() {
    const char32_t sign = peek(0);
    for (const auto& [open, name] :
         {std::pair{U'(', "-lrb-"}, std::pair{U')', "-rrb-"}, std::pair{U'[', "-lsb-"},
          std::pair{U']', "-rsb-"}, std::pair{U'{', "-lcb-"}, std::pair{U'}', "-rcb-"}}) {
      if (sign == open) {
        tokens_.push_back(name);
        ++at_;
        return;
      }
    }
    size_t length = 1;
    if (sign == U'.' || is_dash(sign)) {
      while (sign == U'.' ? peek(length) == U'.' : is_dash(peek(length))) ++length;
    }
    const bool is_left_out = sign == U'.' || is_dash(sign) || sign == U'"' || sign == U'\'' ||
                             sign == U'`' || sign == U'?' || sign == U'!' || sign == U',' ||
                             sign == U':' || sign == U';';
    if (is_left_out) {
      at_ += length;
    } else {
      take(length);
    }
  }
  static bool is_dash(char32_t c) { return c == U'-' || c == 0x2013 || c == 0x2014; }

  std::u32string text_;
  size_t at_ = 0;
  std::vector<std::string> tokens_;
};

// Signs that 13a always splits off.
bool is_13a_sign(char c) {
  return (c >= '{' && c <= '~') || (c >= '[' && c <= '`') || (c >= ' ' && c <= '&') ||
         (c >= '(' && c <= '+') || (c >= ':' && c <= '@') || c == '/';
}

}  // namespace

std::string clean_r2gen_iu(std::string_view report) {
  std::string text(report);
  repeat_replace(text, "..", ".", 3);
  return clean_sentences(std::move(text));
}

std::string clean_r2gen_mimic(std::string_view report) {
  std::string text(report);
  replace_all(text, "\n", " ");
  repeat_replace(text, "__", "_", 7);
  repeat_replace(text, "  ", " ", 6);
  repeat_replace(text, "..", ".", 8);
  return clean_sentences(std::move(text));
}

std::vector<std::string> ptb_tokens(std::string_view text) { return PtbLexer(text).tokens(); }

std::vector<std::string> tokens_13a(std::string_view text) {
  std::string line(text);
  replace_all(line, "<skipped>", "");
  replace_all(line, "-\n", "");
  replace_all(line, "\n", " ");
  replace_all(line, "&quot;", "\"");
  replace_all(line, "&amp;", "&");
  replace_all(line, "&lt;", "<");
  replace_all(line, "&gt;", ">");
  std::string spaced = " ";
  for (const char c : line + " ") {
    if (is_13a_sign(c)) {
      spaced += {' ', c, ' '};
    } else {
      spaced += c;
    }
  }
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  // Three passes, as the original: each looks at what the one before it made, and a pair of
  // characters is consumed by its match.
  std::string after_word;  // "x." -> "x . "
  for (size_t i = 0; i < spaced.size(); ++i) {
    const bool is_pair = i + 1 < spaced.size() && !digit(spaced[i]) &&
                         (spaced[i + 1] == '.' || spaced[i + 1] == ',');
    after_word += spaced[i];
    if (is_pair) after_word += {' ', spaced[++i], ' '};
  }
  std::string before_word;  // ".x" -> " . x"
  for (size_t i = 0; i < after_word.size(); ++i) {
    const bool is_pair = i + 1 < after_word.size() && !digit(after_word[i + 1]) &&
                         (after_word[i] == '.' || after_word[i] == ',');
    if (is_pair) {
      before_word += {' ', after_word[i], ' ', after_word[i + 1]};
      ++i;
    } else {
      before_word += after_word[i];
    }
  }
  std::string after_digit;  // "3-" -> "3 - "
  for (size_t i = 0; i < before_word.size(); ++i) {
    after_digit += before_word[i];
    if (digit(before_word[i]) && i + 1 < before_word.size() && before_word[i + 1] == '-') {
      after_digit += {' ', '-', ' '};
      ++i;
    }
  }
  return split_raw(after_digit);
}

}  // namespace radgen::evaluation

#include "radgen/evaluation/text/tokenize.h"

namespace radgen::evaluation {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
bool is_ascii_word(char c) {
  return is_ascii_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) > 127;
}
char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// True when the character at `i` joins its neighbours into one word.
bool joins(std::string_view text, size_t i) {
  if (i == 0 || i + 1 >= text.size()) return false;
  const char before = text[i - 1], after = text[i + 1];
  if (text[i] == '.' || text[i] == ',') return is_ascii_digit(before) && is_ascii_digit(after);
  if (text[i] == '-' || text[i] == '\'') return is_ascii_word(before) && is_ascii_word(after);
  return false;
}

}  // namespace

std::vector<std::string> split_raw(std::string_view text) {
  std::vector<std::string> words;
  size_t i = 0;
  while (i < text.size()) {
    while (i < text.size() && is_space(text[i])) ++i;
    const size_t begin = i;
    while (i < text.size() && !is_space(text[i])) ++i;
    if (i > begin) words.emplace_back(text.substr(begin, i - begin));
  }
  return words;
}

std::vector<std::string> split_spaces(std::string_view text) {
  std::vector<std::string> words;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] != ' ') continue;
    words.emplace_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  return words;
}

std::vector<std::string> scoring_tokens(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto flush = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_ascii_word(c) || joins(text, i)) {
      word.push_back(ascii_lower(c));
      continue;
    }
    flush();
    if (!is_space(c)) words.emplace_back(1, c);
  }
  flush();
  return words;
}

}  // namespace radgen::evaluation

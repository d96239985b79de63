#include "radgen/report/text.h"

#include <algorithm>
#include <array>

#include "report/characters.h"

namespace radgen {
namespace {

// Words whose full stop does not end a sentence.
constexpr std::array<std::string_view, 22> kAbbreviations{
    "dr", "drs", "mr", "mrs", "ms",  "prof", "st",   "vs", "approx", "e.g", "i.e",
    "eg", "ie",  "cf", "ca",  "fig", "figs", "resp", "ap", "incl",   "pt",  "dept"};

bool is_abbreviation(std::string_view word) {
  const std::string lower = lower_case(word);
  for (std::string_view known : kAbbreviations) {
    if (lower == known) return lower != "ap" || word == "Ap";  // "AP." ends a sentence
  }
  return false;
}

// A number of a list at `at`: one or two digits, '.' or ')', white space ("2. Stable"). Its length,
// or 0.
size_t list_number_length(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && end < at + 2 && is_digit(text[end])) ++end;
  if (end == at || end + 1 >= text.size()) return 0;
  const bool is_marked = text[end] == '.' || text[end] == ')';
  return is_marked && is_space(text[end + 1]) ? end + 1 - at : 0;
}

std::string_view word_before(std::string_view text, size_t sentence_begin, size_t stop) {
  size_t begin = stop;
  while (begin > sentence_begin && (is_word(text[begin - 1]) || text[begin - 1] == '.')) --begin;
  return text.substr(begin, stop - begin);
}

// Whether the mark at `at` ('.', '!' or '?') ends the sentence that began at `sentence_begin`.
bool ends_sentence(std::string_view text, size_t sentence_begin, size_t at) {
  const char next = at + 1 < text.size() ? text[at + 1] : '\n';
  if (text[at] != '.') return !is_word(next);
  const char previous = at > sentence_begin ? text[at - 1] : ' ';
  if (is_digit(next)) return false;  // "3.5 cm", ".5 cm"
  if (is_letter(next))
    return is_lower(previous) && is_upper(next) &&  // "effusion.Heart"
           at >= sentence_begin + 3 && is_lower(text[at - 2]);
  if (list_number_length(text, sentence_begin) == at + 1 - sentence_begin)
    return false;  // "1. Stable"
  const std::string_view word = word_before(text, sentence_begin, at);
  if (is_abbreviation(word)) return false;
  size_t after = at + 1;
  while (after < text.size() && text[after] == ' ') ++after;
  const char start = after < text.size() ? text[after] : '\n';
  if (word.size() == 1 && is_upper(word[0]) &&
      (is_lower(start) || is_upper(start) || start == '_')) {
    return false;  // "T. spine", "J. Smith"
  }
  if (lower_case(word) == "no" && is_digit(start)) return false;  // "No. 3"
  // "a.m." and the like go on unless a capital follows.
  if (word.find('.') != std::string_view::npos && !is_digit(word[0])) return !is_lower(start);
  return true;
}

bool has_word(std::string_view text) {
  for (char c : text) {
    if (is_word(c) || c == '_') return true;
  }
  return false;
}

// Removes placeholders of de-identification ("___", "XXXX", "[** ... **]") and folds white space.
std::string without_placeholders(std::string_view text) {
  std::string out;
  // A hyphen that tied a word to the mark goes with it: "x-XXXX", "___-year-old".
  const auto skip_to = [&](size_t& i, size_t end) {
    const bool is_tied = out.size() >= 2 && out.back() == '-' && is_letter(out[out.size() - 2]);
    if (is_tied) out.pop_back();
    const bool ties = (out.empty() || out.back() == ' ') && end + 1 < text.size() &&
                      text[end] == '-' && is_letter(text[end + 1]);
    i = ties ? end + 1 : end;
  };
  for (size_t i = 0; i < text.size();) {
    if (text.substr(i, 3) == "[**") {
      const size_t close = text.find("**]", i);
      if (close != std::string_view::npos && text.find('\n', i) > close) {
        skip_to(i, close + 3);
        continue;
      }
    }
    size_t end = i;
    while (end < text.size() && text[end] == '_') ++end;
    if (end >= i + 2) {
      skip_to(i, end);
      continue;
    }
    end = i;
    while (end < text.size() && text[end] == 'X') ++end;
    const bool is_alone =
        (i == 0 || !is_word(text[i - 1])) && (end == text.size() || !is_word(text[end]));
    if (end >= i + 3 && is_alone) {
      skip_to(i, end);
      continue;
    }
    if (is_space(text[i])) {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else {
      const bool closes =
          text[i] == '.' || text[i] == ',' || text[i] == ';' || text[i] == ':' || text[i] == ')';
      const bool is_decimal = text[i] == '.' && i + 1 < text.size() && is_digit(text[i + 1]);
      if (closes && !is_decimal && !out.empty() && out.back() == ' ')
        out.pop_back();  // "to ___." -> "to."
      out += text[i];
    }
    ++i;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace

std::string clean_text(std::string_view text) {
  // List numbers stand at the start of a line or behind the end of a sentence.
  std::string without_numbers;
  bool at_start = true;
  for (size_t i = 0; i < text.size();) {
    if (at_start && is_digit(text[i])) {
      if (const size_t length = list_number_length(text, i)) {
        i += length;
        at_start = false;
        continue;
      }
    }
    if (text[i] == '\n' || text[i] == '\r')
      at_start = true;
    else if (text[i] == '.' || text[i] == ':' || text[i] == ';')
      at_start = i + 1 < text.size() && is_space(text[i + 1]);
    else if (!is_space(text[i]))
      at_start = false;
    without_numbers += text[i++];
  }
  return without_placeholders(without_numbers);
}

size_t count_words(std::string_view text) {
  size_t count = 0;
  for (size_t i = 0; i < text.size();) {
    while (i < text.size() && is_space(text[i])) ++i;
    bool is_counted = false;
    for (; i < text.size() && !is_space(text[i]); ++i) is_counted = is_counted || is_word(text[i]);
    count += is_counted;
  }
  return count;
}

std::vector<Span> split_sentences(std::string_view text) {
  std::vector<Span> sentences;
  size_t begin = 0;
  const auto finish = [&](size_t end) {
    size_t last = end;
    while (last > begin && is_space(text[last - 1])) --last;
    if (has_word(text.substr(begin, last - begin))) sentences.push_back({begin, last});
    begin = end;
    while (begin < text.size() && is_space(text[begin])) ++begin;
  };
  while (begin < text.size() && is_space(text[begin])) ++begin;
  for (size_t i = begin; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || c == '\r') {
      finish(i);
      if (begin > i) i = begin - 1;
    } else if ((c == '.' || c == '!' || c == '?') && ends_sentence(text, begin, i)) {
      size_t end = i + 1;
      while (end < text.size() &&
             std::string_view(".!?)\"']").find(text[end]) != std::string_view::npos)
        ++end;
      finish(end);
      i = std::max(begin, end) - 1;
    }
  }
  finish(text.size());
  return sentences;
}

}  // namespace radgen

#include "report/line_breaks.h"

#include <algorithm>
#include <iterator>

#include "report/characters.h"

namespace radgen {
namespace {

// Columns at which files are wrapped; a longer line is a paragraph of its own.
constexpr size_t kNarrowest = 30, kWidest = 140;

// No sentence ends behind one of these.
constexpr std::string_view kOpenWords[] = {
    "a",         "about",      "above",    "adjacent",    "along",
    "an",        "and",        "any",      "are",         "as",
    "at",        "be",         "been",     "below",       "between",
    "bilateral", "both",       "but",      "by",          "can",
    "cannot",    "chronic",    "could",    "demonstrate", "demonstrates",
    "due",       "during",     "either",   "evidence",    "focal",
    "for",       "from",       "has",      "have",        "if",
    "in",        "interval",   "into",     "is",          "its",
    "large",     "left",       "likely",   "lower",       "may",
    "mid",       "middle",     "might",    "mild",        "mildly",
    "minimal",   "moderate",   "near",     "new",         "no",
    "nor",       "not",        "of",       "on",          "or",
    "over",      "overlying",  "patchy",   "per",         "pleural",
    "possible",  "possibly",   "probable", "probably",    "pulmonary",
    "right",     "severe",     "shows",    "slight",      "small",
    "suggest",   "suggesting", "suggests", "than",        "that",
    "the",       "their",      "there",    "this",        "through",
    "to",        "toward",     "towards",  "under",       "upper",
    "versus",    "via",        "vs",       "was",         "were",
    "which",     "while",      "with",     "within",      "without",
    "would",     "x",          "dr",       "mr",          "mrs",
    "drs",       "these",      "those",    "when",        "where"};
// What begins a sentence even where capitals do not tell.
constexpr std::string_view kOpeners[] = {"no", "there", "the", "this", "these", "it"};
// Names that are written with a capital inside a sentence.
constexpr std::string_view kNames[] = {
    "kerley",   "swan",       "ganz",     "dobbhoff",  "dobhoff",  "hickman",    "foley",
    "schmorl",  "schmorl's",  "ghon",     "bochdalek", "morgagni", "harrington", "hampton",
    "pancoast", "westermark", "dr",       "doctor",    "mr",       "mrs",        "monday",
    "tuesday",  "wednesday",  "thursday", "friday",    "saturday", "sunday",     "january",
    "february", "march",      "april",    "june",      "july",     "august",     "september",
    "october",  "november",   "december", "port",      "cath",     "broviac",    "chiari",
    "pleurx",   "luschka"};

template <size_t n>
bool is_one_of(const std::string_view (&words)[n], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

constexpr std::string_view kClosers = ".!?:;";

bool is_break(char c) { return c == '\n' || c == '\r'; }

std::string word_at(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && (is_word(text[end]) || text[end] == '\'')) ++end;
  return std::string(text.substr(at, end - at));
}

std::string last_word(std::string_view text, size_t end) {
  size_t begin = end;
  while (begin > 0 && (is_word(text[begin - 1]) || text[begin - 1] == '\'')) --begin;
  return lower_case(text.substr(begin, end - begin));
}

// "Pleural effusion: none": up to five words and a colon begin the line.
bool begins_with_label(std::string_view text, size_t at) {
  size_t words = 0;
  bool is_inside = false;
  for (; at < text.size() && words <= 5; ++at) {
    const char c = text[at];
    if (c == ':') return words > 0;
    const bool is_part = is_word(c) || c == '\'';
    if (is_part && !is_inside) ++words;
    is_inside = is_part;
    if (!is_part && std::string_view(" \t-/()&").find(c) == std::string_view::npos) return false;
  }
  return false;
}

}  // namespace

size_t list_mark_length(std::string_view text, size_t at, int* number) {
  const auto char_at = [&](size_t i) { return i < text.size() ? text[i] : ' '; };
  size_t end = at;
  const bool is_bracketed = char_at(end) == '(';
  if (is_bracketed) ++end;
  const size_t digits = end;
  while (end < digits + 2 && is_digit(char_at(end))) ++end;
  if (end > digits) {
    const bool is_marked = char_at(end) == ')' || (!is_bracketed && char_at(end) == '.');
    if (!is_marked) return 0;
    if (number != nullptr) {
      *number = 0;
      for (size_t i = digits; i < end; ++i) *number = *number * 10 + (text[i] - '0');
    }
    ++end;
  } else if (is_bracketed) {
    return 0;
  } else if ((is_lower(char_at(at)) || is_upper(char_at(at))) && char_at(at + 1) == ')') {
    end = at + 2;
  } else if (char_at(at) == '-' || char_at(at) == '*') {
    while (char_at(end) == '-' || char_at(end) == '*') ++end;
  } else {
    return 0;
  }
  const bool has_room = end < text.size() && (is_space(text[end]) || is_letter(text[end]));
  if (!has_room) return 0;
  while (end < text.size() && is_space(text[end])) ++end;
  return end - at;
}

LineBreaks::LineBreaks(std::string_view plain) : text_(plain) {
  bool has_upper = false, has_lower = false;
  size_t line = 0, last = 0;  // begin of the line, end of its last word
  for (size_t i = 0; i < plain.size(); ++i) {
    if (is_break(plain[i])) line = i + 1;
    if (is_space(plain[i])) continue;
    last = i + 1;
    longest_ = std::max(longest_, last - line);
    has_upper = has_upper || is_upper(plain[i]);
    has_lower = has_lower || is_lower(plain[i]);
  }
  case_ = has_upper && has_lower ? Case::kMixed : Case::kOne;
  if (longest_ < kNarrowest || longest_ > kWidest) return;
  size_t full = 0, open = 0;  // lines that end without a mark
  for (size_t i = plain.find('\n'); i != std::string_view::npos; i = plain.find('\n', i + 1)) {
    size_t end = i, next = i + 1;
    while (end > 0 && is_space(plain[end - 1]) && !is_break(plain[end - 1])) --end;
    while (next < plain.size() && is_space(plain[next]) && !is_break(plain[next])) ++next;
    if (end == 0 || next == plain.size() || is_break(plain[end - 1]) || is_break(plain[next]))
      continue;
    if (kClosers.find(plain[end - 1]) != std::string_view::npos) continue;
    ++open;
    full += is_full(end, next);
  }
  is_wrapped_ = open > 0 && 3 * full >= 2 * open;
}

// A line that was wrapped had no room for the word behind it.
bool LineBreaks::is_full(size_t line_end, size_t next) const {
  size_t line = line_end, word = next;
  while (line > 0 && !is_break(text_[line - 1])) --line;
  while (word < text_.size() && !is_space(text_[word])) ++word;
  return line_end - line + 1 + (word - next) > longest_;
}

bool LineBreaks::ends_sentence(size_t at) const {
  size_t end = at, next = at, breaks = 0;
  while (end > 0 && is_space(text_[end - 1])) --end;
  for (; next < text_.size() && is_space(text_[next]); ++next) {
    const bool is_pair = text_[next] == '\n' && next > 0 && text_[next - 1] == '\r';
    breaks += is_break(text_[next]) && !is_pair;
  }
  if (end == 0 || next == text_.size() || breaks > 1) return true;
  if (list_mark_length(text_, next) > 0) return true;
  if (std::string_view(".!?:;,-/(+&").find(text_[end - 1]) != std::string_view::npos) return false;
  while (next + 1 < text_.size() && (text_[next] == '"' || text_[next] == '\'')) ++next;
  const char first = text_[next];
  if (!is_word(first)) return false;
  if (case_ == Case::kMixed && !is_upper(first) && !is_digit(first)) return false;
  if (begins_with_label(text_, next)) {
    size_t line = end;
    while (line > 0 && !is_break(text_[line - 1])) --line;
    while (line < end && is_space(text_[line])) ++line;
    if (case_ == Case::kMixed || begins_with_label(text_, line)) return true;
  }
  const std::string before = last_word(text_, end);
  if (is_one_of(kOpenWords, before)) return false;
  const std::string word = word_at(text_, next), lower = lower_case(word);
  const bool is_name = word.size() < 2 || !is_lower(word[1]) || is_one_of(kNames, lower);
  if (case_ == Case::kMixed && !is_name) return true;
  return is_one_of(kOpeners, lower) || !(is_wrapped_ && is_full(end, next));
}

}  // namespace radgen

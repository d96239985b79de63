#include "radgen/report/text.h"

#include "radgen/report/plain_text.h"
#include "report/characters.h"
#include "report/line_breaks.h"
#include "report/sentences.h"

namespace radgen {
namespace {

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

void end_sentence(std::string& text) {
  size_t end = text.size();
  while (end > 0 && is_space(text[end - 1])) --end;
  const bool is_closed =
      end == 0 || std::string_view(".!?:;,)\"']").find(text[end - 1]) != std::string_view::npos;
  text.resize(end);
  text += is_closed ? " " : ". ";
}

}  // namespace

std::string clean_text(std::string_view text) {
  const PlainText plain(text);
  const std::string_view from = plain.text();
  // Marks of a list stand where a sentence begins, and behind a colon or semicolon. A sentence
  // that only its line or its list ended gets its full stop: the one line that is made has none
  // of them.
  const std::vector<Span> sentences = split_plain_sentences(from);
  auto sentence = sentences.begin();
  std::string out;
  for (size_t i = 0; i < from.size();) {
    const bool begins = sentence != sentences.end() && i == sentence->begin;
    if (begins) {
      if (sentence != sentences.begin()) end_sentence(out);
      ++sentence;
    }
    const bool is_behind_colon = i >= 2 && is_space(from[i - 1]) && !is_space(from[i]) &&
                                 (from[i - 2] == ':' || from[i - 2] == ';');
    if (begins || (is_behind_colon && is_digit(from[i]))) {
      if (const size_t length = list_mark_length(from, i); length > 0) {
        i += length;
        continue;
      }
    }
    out += from[i++];
  }
  return without_placeholders(out);
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

}  // namespace radgen

#include "report/sentences.h"

#include <algorithm>
#include <array>
#include <optional>

#include "radgen/report/plain_text.h"
#include "report/characters.h"
#include "report/line_breaks.h"

namespace radgen {
namespace {

// Words whose full stop does not end a sentence.
constexpr std::array<std::string_view, 22> kAbbreviations{
    "dr", "drs", "mr", "mrs", "ms",  "prof", "st",   "vs", "approx", "e.g", "i.e",
    "eg", "ie",  "cf", "ca",  "fig", "figs", "resp", "ap", "incl",   "pt",  "dept"};

constexpr std::array<std::string_view, 8> kAnswers{"no",     "none",    "nil",      "yes",
                                                   "absent", "present", "negative", "positive"};
constexpr size_t kLongestWord = 40;  // bytes that are looked at before a full stop

bool is_abbreviation(std::string_view word) {
  const std::string lower = lower_case(word);
  for (std::string_view known : kAbbreviations) {
    if (lower == known) return lower != "ap" || word == "Ap";  // "AP." ends a sentence
  }
  return false;
}

size_t letters_before(std::string_view text, size_t begin, size_t end) {
  size_t first = end;
  while (first > begin && is_letter(text[first - 1])) --first;
  return end - first;
}

size_t letters_at(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && is_letter(text[end])) ++end;
  return end - at;
}

bool has_word(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return is_word(c) || c == '_'; });
}

class Splitter {
 public:
  explicit Splitter(std::string_view plain) : text_(plain) {}
  std::vector<Span> split();

 private:
  std::string_view word_before(size_t stop) const {
    size_t begin = stop;
    while (begin > begin_ && stop - begin < kLongestWord &&
           (is_word(text_[begin - 1]) || text_[begin - 1] == '.'))
      --begin;
    return text_.substr(begin, stop - begin);
  }
  bool ends_at_stop(size_t at) const;
  bool ends_before_a_letter(size_t at) const;
  bool ends_at_question(size_t at) const;
  bool ends_at_mark(size_t at) const;
  bool begins_next_item(size_t at) const;
  void finish(size_t end);

  std::string_view text_;
  std::vector<Span> sentences_;
  size_t begin_ = 0;       // of the sentence
  size_t mark_end_ = 0;    // of the list mark that it begins with
  int number_ = 0;         // of that mark
  bool has_word_ = false;  // the sentence, up to here
  std::optional<LineBreaks> breaks_;
};

// "effusion.Heart", "EFFUSION.HEART", "effusion.heart": between two words, not within "e.g".
bool Splitter::ends_before_a_letter(size_t at) const {
  const size_t before = letters_before(text_, begin_, at), behind = letters_at(text_, at + 1);
  if (is_abbreviation(word_before(at))) return false;
  if (before >= 3 && behind >= 2) return true;
  const bool is_capital = is_upper(text_[at + 1]) && behind >= 2;
  if (before == 0) return is_capital && at > begin_ && is_digit(text_[at - 1]);  // "at T12.No"
  return is_capital && before == 2 && is_lower(text_[at - 1]) &&
         is_lower(text_[at - 2]);  // "mm.No"
}

bool Splitter::ends_at_stop(size_t at) const {
  if (at < mark_end_) return false;  // "1. Stable", "1.Stable"
  const char next = at + 1 < text_.size() ? text_[at + 1] : '\n';
  if (is_digit(next)) {  // "3.5 cm", ".5 cm"; but "effusion.2.Small"
    return letters_before(text_, begin_, at) >= 3 && list_mark_length(text_, at + 1) > 0;
  }
  if (is_letter(next)) return ends_before_a_letter(at);
  const std::string_view word = word_before(at);
  if (is_abbreviation(word)) return false;
  size_t after = at + 1;
  while (after < text_.size() && is_space(text_[after])) ++after;
  const char start = after < text_.size() ? text_[after] : '\n';
  if (word.size() == 1 && is_upper(word[0]) &&
      (is_lower(start) || is_upper(start) || start == '_')) {
    // "T. spine", "J. Smith"; but "of type B. No effusion"
    const std::string_view follows = text_.substr(after, letters_at(text_, after));
    const std::string lower = lower_case(follows);
    return is_upper(start) && (lower == "no" || lower == "there" || lower == "the");
  }
  if (lower_case(word) == "no" && is_digit(start) && at + 1 < text_.size())
    return list_mark_length(text_, after) > 0;  // "No. 3"; but "Effusion: No. 2. ..."
  // "a.m." and the like go on unless a capital follows.
  if (word.find('.') != std::string_view::npos && !is_digit(word[0])) return !is_lower(start);
  return true;
}

// "?pneumonia" and "opacity ? pneumonia" ask about what follows.
bool Splitter::ends_at_question(size_t at) const {
  if (!has_word_) return false;
  size_t after = at + 1;
  while (after < text_.size() && text_[after] == ' ') ++after;
  if (after == text_.size()) return true;
  if (after == at + 1 && is_word(text_[after])) return false;
  // "Pneumothorax? None." is a line of a form.
  const std::string lower = lower_case(text_.substr(after, letters_at(text_, after)));
  const size_t behind = after + lower.size();
  const bool is_alone = behind == text_.size() || !is_space(text_[behind]) ||
                        text_[behind] == '\n' || text_[behind] == '\r';
  if (is_alone && std::find(kAnswers.begin(), kAnswers.end(), lower) != kAnswers.end())
    return false;
  const bool is_apart = is_space(text_[at - 1]) || text_[at - 1] == '(';
  return !(is_apart && is_word(text_[after]) && !is_upper(text_[after]));
}

bool Splitter::ends_at_mark(size_t at) const {
  if (text_[at] == '.') return ends_at_stop(at);
  if (text_[at] == '?') return ends_at_question(at);
  return at + 1 == text_.size() || !is_word(text_[at + 1]);
}

// "1. No effusion 2. Small nodule": the list goes on in the line.
bool Splitter::begins_next_item(size_t at) const {
  if (number_ == 0 || at <= mark_end_ || !is_digit(text_[at]) || !is_space(text_[at - 1]))
    return false;
  int number = 0;
  const size_t length = list_mark_length(text_, at, &number);
  return length > 0 && number == number_ + 1 && is_letter(text_[at + length]);
}

void Splitter::finish(size_t end) {
  size_t last = end;
  while (last > begin_ && is_space(text_[last - 1])) --last;
  if (has_word(text_.substr(begin_, last - begin_))) sentences_.push_back({begin_, last});
  begin_ = end;
  while (begin_ < text_.size() && is_space(text_[begin_])) ++begin_;
  number_ = 0;
  has_word_ = false;
  mark_end_ = begin_ + (begin_ < text_.size() ? list_mark_length(text_, begin_, &number_) : 0);
}

std::vector<Span> Splitter::split() {
  finish(0);
  for (size_t i = begin_; i < text_.size(); ++i) {
    const char c = text_[i];
    size_t end = i;
    has_word_ = has_word_ || is_word(c);
    if (c == '\n' || c == '\r') {
      if (!breaks_) breaks_.emplace(text_);
      if (i <= begin_ || !breaks_->ends_sentence(i)) continue;
    } else if (c == '.' || c == '!' || c == '?') {
      if (!ends_at_mark(i)) continue;
      end = i + 1;
      while (end < text_.size() &&
             std::string_view(".!?)\"']").find(text_[end]) != std::string_view::npos)
        ++end;
    } else if (!is_digit(c) || i <= begin_ || !begins_next_item(i)) {
      continue;
    }
    finish(end);
    i = std::max(begin_, end) - 1;
  }
  finish(text_.size());
  return std::move(sentences_);
}

}  // namespace

std::vector<Span> split_plain_sentences(std::string_view plain) { return Splitter(plain).split(); }

std::vector<Span> split_sentences(std::string_view text) {
  const PlainText plain(text);
  std::vector<Span> sentences = split_plain_sentences(plain.text());
  for (Span& one : sentences) one = {plain.begin(one.begin), plain.end(one.end)};
  return sentences;
}

}  // namespace radgen

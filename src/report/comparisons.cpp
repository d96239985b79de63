// Comparisons with an earlier film (text.h). The phrases are "priors" and "not_priors" of
// data/lexicon.json; the longest phrase at a word decides.
#include <algorithm>

#include "radgen/report/plain_text.h"
#include "radgen/report/text.h"
#include "report/characters.h"
#include "report/lexicon.h"
#include "report/sentences.h"

namespace radgen {
namespace {

void append_comparisons(const std::vector<Word>& words, std::vector<Span>& spans) {
  const PhraseMatcher& priors = built_in_lexicon().priors;
  for (size_t i = 0; i < words.size();) {
    const auto match = priors.match(words, i, words.size());
    const bool is_none =
        std::find(match.values.begin(), match.values.end(), 0) != match.values.end();
    if (match.length > 0 && !is_none)
      spans.push_back({words[i].begin, words[i + match.length - 1].end});
    i += std::max<size_t>(match.length, 1);
  }
}

}  // namespace

std::vector<Span> find_comparisons(std::string_view text) {
  const PlainText plain(text);
  const std::string lower = lower_case(plain.text());
  std::vector<Span> spans;
  for (const Span& sentence : split_plain_sentences(plain.text())) {
    append_comparisons(split_words(lower, sentence.begin, sentence.end), spans);
  }
  for (Span& one : spans) one = {plain.begin(one.begin), plain.end(one.end)};
  return spans;
}

std::string without_comparisons(std::string_view text, size_t* dropped) {
  const std::vector<Span> comparisons = find_comparisons(text);
  std::string kept;
  size_t count = 0, next = 0, gap_begin = 0;
  bool has_break = false;  // a line break since the last kept sentence
  for (const Span& sentence : split_sentences(text)) {
    const std::string_view gap = text.substr(gap_begin, sentence.begin - gap_begin);
    has_break = has_break || gap.find('\n') != std::string_view::npos;
    gap_begin = sentence.end;
    while (next < comparisons.size() && comparisons[next].end <= sentence.begin) ++next;
    if (next < comparisons.size() && comparisons[next].begin < sentence.end) {
      ++count;
      continue;
    }
    if (!kept.empty()) kept += has_break ? '\n' : ' ';
    has_break = false;
    kept += text.substr(sentence.begin, sentence.end - sentence.begin);
  }
  if (dropped != nullptr) *dropped = count;
  return kept;
}

}  // namespace radgen

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "checked_set.h"
#include "radgen/core/statistics.h"
#include "radgen/report/bleu.h"
#include "radgen/report/text.h"

namespace radgen::phantom {
namespace {

constexpr size_t kMostCandidates = 400;  // of constant reports; in the order of the data set

// Lower case; words with their decimals and hyphens, every other character a word of its own.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  auto is_alnum = [&](size_t i) {
    return i < text.size() && std::isalnum(static_cast<unsigned char>(text[i])) != 0;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool joins = (c == '.' || c == '-') && i > 0 && is_alnum(i - 1) && is_alnum(i + 1);
    if (is_alnum(i) || joins) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      continue;
    }
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
    if (std::isspace(static_cast<unsigned char>(c)) == 0) words.emplace_back(1, c);
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

std::vector<Ngrams> ngrams_of(const std::vector<const CheckedStudy*>& studies) {
  std::vector<Ngrams> all;
  for (const CheckedStudy* s : studies) all.push_back(ngrams(words_of(s->text)));
  return all;
}

double constant_bleu(const Ngrams& constant, const std::vector<Ngrams>& references) {
  BleuCounts total;
  for (const Ngrams& reference : references) total += bleu_counts(constant, reference);
  return bleu(total, 4);
}

void check_bleu(const CheckedSet& set, SelfCheck& check) {
  const auto train = set.split("train"), validate = set.split("validate"), test = set.split("test");
  if (train.empty() || validate.empty() || test.empty()) return;
  const std::vector<Ngrams> test_ngrams = ngrams_of(test), validate_ngrams = ngrams_of(validate);
  double best = -1;
  Ngrams constant;
  for (size_t i = 0; i < std::min(train.size(), kMostCandidates); ++i) {
    Ngrams candidate = ngrams(words_of(train[i]->text));
    const double value = constant_bleu(candidate, validate_ngrams);
    if (value <= best) continue;
    best = value;
    constant = std::move(candidate);
  }
  BleuCounts oracle;
  for (size_t i = 0; i < test.size(); ++i) {
    oracle += bleu_counts(ngrams(words_of(test[i]->truth.oracle_text)), test_ngrams[i]);
  }
  const auto n = static_cast<int64_t>(test.size());
  check.values.push_back({"shortcut",
                          "constant_bleu_4",
                          constant_bleu(constant, test_ngrams),
                          {},
                          0.25,
                          n,
                          "one training report for all, the best on validate of 400"});
  check.values.push_back({"ceiling", "oracle_bleu_4", bleu(oracle, 4), 0.30, 0.60, n,
                          "the same truth put into words a second time"});
}

void check_lengths(const CheckedSet& set, SelfCheck& check) {
  std::vector<size_t> findings, impressions;
  for (const CheckedStudy& s : set.studies) {
    if (!s.truth.findings_text.empty()) findings.push_back(count_words(s.truth.findings_text));
    impressions.push_back(count_words(s.truth.impression_text));
  }
  if (findings.empty()) return;
  const auto [shortest, longest] = std::minmax_element(findings.begin(), findings.end());
  const auto [briefest, longest_impression] =
      std::minmax_element(impressions.begin(), impressions.end());
  const auto n = static_cast<int64_t>(findings.size());
  check.values.push_back({"words", "findings_words_median",
                          median_of({findings.begin(), findings.end()}), 43, 57, n, "50"});
  check.values.push_back(
      {"words", "findings_words_least", static_cast<double>(*shortest), 15, {}, n, "15"});
  check.values.push_back(
      {"words", "findings_words_most", static_cast<double>(*longest), {}, 120, n, "120"});
  check.values.push_back(
      {"words", "impression_words_least", static_cast<double>(*briefest), 3, {}, n, "3"});
  check.values.push_back({"words",
                          "impression_words_most",
                          static_cast<double>(*longest_impression),
                          {},
                          40,
                          n,
                          "40"});
}

// A sentence without what changes from finding to finding: sides, numbers, severities.
std::string frame_of(const std::string& sentence) {
  static const std::set<std::string> filled = {
      "left", "right",    "bilateral", "small",  "trace",  "minimal", "tiny",
      "mild", "moderate", "large",     "severe", "marked", "subtle",  "slight"};
  std::string frame;
  for (const std::string& w : words_of(sentence)) {
    const bool is_number = std::isdigit(static_cast<unsigned char>(w[0])) != 0;
    frame += is_number ? "# " : filled.count(w) ? "* " : w + " ";
  }
  return frame;
}

void check_frames(const CheckedSet& set, SelfCheck& check) {
  std::map<std::string, int64_t> frames;
  int64_t total = 0;
  for (const CheckedStudy& s : set.studies) {
    if (s.truth.split == "test_wording") continue;
    for (const Span& span : split_sentences(s.text)) {
      ++frames[frame_of(s.text.substr(span.begin, span.end - span.begin))];
      ++total;
    }
  }
  int64_t most = 0;
  for (const auto& [frame, count] : frames) most = std::max(most, count);
  if (total == 0) return;
  check.values.push_back({"words",
                          "commonest_sentence_share",
                          static_cast<double>(most) / static_cast<double>(total),
                          {},
                          0.03,
                          total,
                          "of all sentences, sides, numbers and severities masked"});
}

}  // namespace

void check_words(const CheckedSet& set, SelfCheck& check) {
  check_bleu(set, check);
  check_lengths(set, check);
  check_frames(set, check);
}

}  // namespace radgen::phantom

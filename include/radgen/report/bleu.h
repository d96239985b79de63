// BLEU (Papineni et al. 2002) from summed counts, as the COCO caption tools compute it: clipped
// n-gram matches and lengths are summed over the corpus, 1e-15 is added to matches and lengths and
// 1e-9 to guesses, no smoothing otherwise.
//
//   BleuCounts total;
//   for (...) total += bleu_counts(ngrams(hypothesis_words), {ngrams(reference_words)});
//   double bleu_4 = bleu(total, 4);
//
// Tokenize first; the tokenization changes the score and belongs into its name or definition.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace radgen {

inline constexpr int kBleuOrder = 4;

// The n-grams of one text, n = 1..4: hash and count, sorted by hash. 64-bit hashes stand for the
// words.
struct Ngrams {
  std::array<std::vector<std::pair<uint64_t, int>>, kBleuOrder> counts;
  size_t words = 0;
};
Ngrams ngrams(const std::vector<std::string>& words);

// Sums over texts; doubles, so that a text can be weighted.
struct BleuCounts {
  std::array<double, kBleuOrder> matches{}, guesses{};
  double hypothesis_words = 0,
         reference_words = 0;  // the reference closest in length, the shorter one on a tie
  BleuCounts& operator+=(const BleuCounts& other);
  BleuCounts scaled(double weight) const;
};
BleuCounts bleu_counts(const Ngrams& hypothesis, const std::vector<Ngrams>& references);
BleuCounts bleu_counts(const Ngrams& hypothesis, const Ngrams& reference);

// BLEU-n with the brevity penalty, n = 1..4; 0 when there are no words.
double bleu(const BleuCounts& counts, int n);

// One reference a text.
double corpus_bleu(const std::vector<std::vector<std::string>>& hypotheses,
                   const std::vector<std::vector<std::string>>& references, int n);

}  // namespace radgen

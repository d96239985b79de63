#include "radgen/report/bleu.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "radgen/core/error.h"
#include "radgen/core/random.h"

namespace radgen {
namespace {

using Counts = std::vector<std::pair<uint64_t, int>>;

// Sum over n-grams of min(hypothesis, reference); both sorted.
double clipped_matches(const Counts& hypothesis, const Counts& reference) {
  double matches = 0;
  auto h = hypothesis.begin();
  auto r = reference.begin();
  while (h != hypothesis.end() && r != reference.end()) {
    if (h->first == r->first) {
      matches += std::min(h->second, r->second);
      ++h;
      ++r;
    } else if (h->first < r->first) {
      ++h;
    } else {
      ++r;
    }
  }
  return matches;
}

// For each n-gram the largest count in any reference.
Counts merged_maximum(const Counts& a, const Counts& b) {
  Counts merged;
  merged.reserve(a.size() + b.size());
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (j == b.size() || (i < a.size() && a[i].first < b[j].first)) {
      merged.push_back(a[i++]);
    } else if (i == a.size() || b[j].first < a[i].first) {
      merged.push_back(b[j++]);
    } else {
      merged.emplace_back(a[i].first, std::max(a[i].second, b[j].second));
      ++i;
      ++j;
    }
  }
  return merged;
}

}  // namespace

Ngrams ngrams(const std::vector<std::string>& words) {
  Ngrams result;
  result.words = words.size();
  std::vector<uint64_t> hashes;
  hashes.reserve(words.size());
  for (const std::string& word : words) hashes.push_back(hash_text(word));
  for (size_t n = 1; n <= static_cast<size_t>(kBleuOrder); ++n) {
    std::vector<uint64_t> grams;
    for (size_t i = 0; i + n <= hashes.size(); ++i) {
      uint64_t hash = n;
      for (size_t k = 0; k < n; ++k) hash = hash_mix(hash, hashes[i + k]);
      grams.push_back(hash);
    }
    std::sort(grams.begin(), grams.end());
    Counts& counts = result.counts[n - 1];
    for (const uint64_t gram : grams) {
      if (!counts.empty() && counts.back().first == gram) {
        ++counts.back().second;
      } else {
        counts.emplace_back(gram, 1);
      }
    }
  }
  return result;
}

BleuCounts& BleuCounts::operator+=(const BleuCounts& other) {
  for (size_t n = 0; n < matches.size(); ++n) {
    matches[n] += other.matches[n];
    guesses[n] += other.guesses[n];
  }
  hypothesis_words += other.hypothesis_words;
  reference_words += other.reference_words;
  return *this;
}

BleuCounts BleuCounts::scaled(double weight) const {
  BleuCounts result = *this;
  for (size_t n = 0; n < matches.size(); ++n) {
    result.matches[n] *= weight;
    result.guesses[n] *= weight;
  }
  result.hypothesis_words *= weight;
  result.reference_words *= weight;
  return result;
}

BleuCounts bleu_counts(const Ngrams& hypothesis, const Ngrams& reference) {
  BleuCounts result;
  result.hypothesis_words = static_cast<double>(hypothesis.words);
  result.reference_words = static_cast<double>(reference.words);
  for (size_t n = 0; n < result.matches.size(); ++n) {
    result.guesses[n] = hypothesis.words > n ? static_cast<double>(hypothesis.words - n) : 0;
    result.matches[n] = clipped_matches(hypothesis.counts[n], reference.counts[n]);
  }
  return result;
}

BleuCounts bleu_counts(const Ngrams& hypothesis, const std::vector<Ngrams>& references) {
  RADGEN_CHECK(!references.empty(), "BLEU needs a reference");
  Ngrams merged = references.front();
  const auto distance = [&](size_t words) {
    return std::llabs(static_cast<long long>(words) - static_cast<long long>(hypothesis.words));
  };
  for (size_t i = 1; i < references.size(); ++i) {
    for (size_t n = 0; n < merged.counts.size(); ++n) {
      merged.counts[n] = merged_maximum(merged.counts[n], references[i].counts[n]);
    }
    const size_t words = references[i].words;
    if (distance(words) < distance(merged.words) ||
        (distance(words) == distance(merged.words) && words < merged.words)) {
      merged.words = words;
    }
  }
  return bleu_counts(hypothesis, merged);
}

double bleu(const BleuCounts& counts, int n) {
  RADGEN_CHECK(n >= 1 && n <= kBleuOrder, "BLEU-1 to BLEU-4");
  constexpr double kTiny = 1e-15, kSmall = 1e-9;  // COCO's guards
  if (counts.hypothesis_words <= 0 || counts.reference_words <= 0) return 0;
  double product = 1;
  for (size_t k = 0; k < static_cast<size_t>(n); ++k) {
    product *= (counts.matches[k] + kTiny) / (counts.guesses[k] + kSmall);
  }
  const double ratio = (counts.hypothesis_words + kTiny) / (counts.reference_words + kSmall);
  const double penalty = ratio < 1 ? std::exp(1 - 1 / ratio) : 1;
  return std::pow(product, 1.0 / n) * penalty;
}

double corpus_bleu(const std::vector<std::vector<std::string>>& hypotheses,
                   const std::vector<std::vector<std::string>>& references, int n) {
  RADGEN_CHECK(hypotheses.size() == references.size(), "one reference a text");
  BleuCounts total;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    total += bleu_counts(ngrams(hypotheses[i]), ngrams(references[i]));
  }
  return bleu(total, n);
}

}  // namespace radgen

#include "radgen/evaluation/text/sentence_bleu.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include "radgen/core/error.h"
#include "radgen/core/random.h"
#include "radgen/evaluation/metrics.h"

namespace radgen::evaluation {
namespace {

using Tokens = std::vector<std::string>;
// Sorted by hash.
using GramCounts = std::vector<std::pair<uint64_t, int>>;

GramCounts count_grams(const Tokens& words, size_t n) {
  std::vector<uint64_t> hashes, grams;
  for (const std::string& word : words) hashes.push_back(hash_text(word));
  for (size_t i = 0; i + n <= hashes.size(); ++i) {
    uint64_t hash = n;
    for (size_t k = 0; k < n; ++k) hash = hash_mix(hash, hashes[i + k]);
    grams.push_back(hash);
  }
  std::sort(grams.begin(), grams.end());
  GramCounts counts;
  for (const uint64_t gram : grams) {
    if (counts.empty() || counts.back().first != gram) counts.emplace_back(gram, 0);
    ++counts.back().second;
  }
  return counts;
}

int count_of(const GramCounts& counts, uint64_t gram) {
  const auto found = std::lower_bound(counts.begin(), counts.end(), std::pair{gram, 0});
  return found != counts.end() && found->first == gram ? found->second : 0;
}

// Matches clipped at the largest count in any reference.
double clipped_matches(const Tokens& hypothesis, const std::vector<Tokens>& references, size_t n) {
  std::vector<GramCounts> allowed;
  for (const Tokens& reference : references) allowed.push_back(count_grams(reference, n));
  double matches = 0;
  for (const auto& [gram, count] : count_grams(hypothesis, n)) {
    int most = 0;
    for (const GramCounts& counts : allowed) most = std::max(most, count_of(counts, gram));
    matches += std::min(count, most);
  }
  return matches;
}

double gram_count(const Tokens& words, size_t n) {
  return words.size() >= n ? static_cast<double>(words.size() - n + 1) : 0;
}

// Length of the reference closest in length, the shorter one on a tie.
double closest_length(const Tokens& hypothesis, const std::vector<Tokens>& references) {
  double best = 0, best_distance = std::numeric_limits<double>::infinity();
  for (const Tokens& reference : references) {
    const double length = static_cast<double>(reference.size());
    const double distance = std::abs(length - static_cast<double>(hypothesis.size()));
    if (distance < best_distance || (distance == best_distance && length < best)) {
      best = length;
      best_distance = distance;
    }
  }
  return best;
}

double brevity_penalty(double words, double reference_words) {
  if (words > reference_words) return 1;
  return words > 0 ? std::exp(1 - reference_words / words) : 0;
}

// The constants of NLTK's defaults.
constexpr double kEpsilon = 0.1, kSmoothingAlpha = 5, kK = 5;

struct Precision {
  double matches, grams;
  double value;
};

void smooth_3(std::span<Precision> p) {
  double share = 1;
  for (Precision& q : p) {
    if (q.matches != 0) continue;
    share /= 2;
    q.value = share / q.grams;
  }
}

void smooth_4(std::span<Precision> p, double words) {
  double power = 1;
  for (Precision& q : p) {
    if (q.matches != 0 || words <= 1) continue;
    power *= 2;
    q.value = 1 / (power * kK / std::log(words)) / q.grams;
  }
}

// `five`: the precision of 5-grams, which stands in for the order above the highest.
void smooth_5(std::span<Precision> p, double five) {
  double before = p[0].value + 1;
  for (size_t i = 0; i < p.size(); ++i) {
    const double after = i + 1 < p.size() ? p[i + 1].value : five;
    p[i].value = (before + p[i].value + after) / 3;
    before = p[i].value;
  }
}

// False where it is not defined.
bool smooth_6(std::span<Precision> p, std::span<const double> grams) {
  if (p.size() < 3 || p[2].value == 0) return false;
  for (size_t i = 2; i < p.size(); ++i) {
    const double prior = p[i - 2].value == 0 ? 0 : p[i - 1].value * p[i - 1].value / p[i - 2].value;
    p[i].value = (p[i].matches + kSmoothingAlpha * prior) / (grams[i] + kSmoothingAlpha);
  }
  return true;
}

}  // namespace

NltkBleu::NltkBleu(const Tokens& hypothesis, const std::vector<Tokens>& references) {
  for (size_t n = 1; n <= kOrders; ++n) {
    matches_[n - 1] = clipped_matches(hypothesis, references, n);
    grams_[n - 1] = gram_count(hypothesis, n);
    grams_[n - 1] = std::max(1.0, grams_[n - 1]);
  }
  words_ = static_cast<double>(hypothesis.size());
  reference_words_ = closest_length(hypothesis, references);
}

NltkBleu& NltkBleu::operator+=(const NltkBleu& other) {
  for (size_t n = 0; n < kOrders; ++n) {
    matches_[n] += other.matches_[n];
    grams_[n] += other.grams_[n];
  }
  words_ += other.words_;
  reference_words_ += other.reference_words_;
  return *this;
}

double NltkBleu::score(int order, Smoothing smoothing) const {
  RADGEN_CHECK(order >= 1 && order <= 4, "BLEU-1 to BLEU-4");
  if (matches_[0] == 0) return 0;
  const size_t n = static_cast<size_t>(order);
  std::vector<Precision> precisions;
  std::vector<double> grams;
  for (size_t i = 0; i < n; ++i) {
    precisions.push_back({matches_[i], grams_[i], matches_[i] / grams_[i]});
    grams.push_back(std::max(0.0, words_ - static_cast<double>(i)));
  }
  const double five = matches_[4] / grams_[4];
  switch (smoothing) {
    case Smoothing::kMethod0:
      for (Precision& p : precisions) {
        if (p.matches == 0) p.value = std::numeric_limits<double>::min();
      }
      break;
    case Smoothing::kMethod1:
      for (Precision& p : precisions) {
        if (p.matches == 0) p.value = kEpsilon / p.grams;
      }
      break;
    case Smoothing::kMethod2:
      for (size_t i = 1; i < n; ++i) {
        precisions[i].value = (precisions[i].matches + 1) / (precisions[i].grams + 1);
      }
      break;
    case Smoothing::kMethod3:
      smooth_3(precisions);
      break;
    case Smoothing::kMethod4:
      smooth_4(precisions, words_);
      break;
    case Smoothing::kMethod5:
      smooth_5(precisions, five);
      break;
    case Smoothing::kMethod6:
      if (!smooth_6(precisions, grams)) return kUndefined;
      break;
    case Smoothing::kMethod7:
      smooth_4(precisions, words_);
      smooth_5(precisions, five);
      break;
  }
  double sum = 0;
  for (const Precision& p : precisions) {
    if (p.value > 0) sum += std::log(p.value) / order;
  }
  return brevity_penalty(words_, reference_words_) * std::exp(sum);
}

SacreBleu::SacreBleu(const Tokens& hypothesis, const std::vector<Tokens>& references) {
  for (size_t n = 1; n <= matches_.size(); ++n) {
    matches_[n - 1] = clipped_matches(hypothesis, references, n);
    grams_[n - 1] = gram_count(hypothesis, n);
  }
  words_ = static_cast<double>(hypothesis.size());
  reference_words_ = closest_length(hypothesis, references);
}

SacreBleu& SacreBleu::operator+=(const SacreBleu& other) {
  for (size_t n = 0; n < matches_.size(); ++n) {
    matches_[n] += other.matches_[n];
    grams_[n] += other.grams_[n];
  }
  words_ += other.words_;
  reference_words_ += other.reference_words_;
  return *this;
}

double SacreBleu::score(bool uses_effective_order) const {
  if (matches_[0] == 0) return 0;
  double sum = 0, share = 1;
  size_t orders = 0;
  for (; orders < matches_.size() && grams_[orders] > 0; ++orders) {
    if (matches_[orders] == 0) share /= 2;
    sum += std::log((matches_[orders] == 0 ? share : matches_[orders]) / grams_[orders]);
  }
  if (!uses_effective_order && orders < matches_.size()) return 0;
  return brevity_penalty(words_, reference_words_) * std::exp(sum / static_cast<double>(orders));
}

}  // namespace radgen::evaluation

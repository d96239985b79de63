#include "radgen/evaluation/text/cider.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "radgen/report/bleu.h"

namespace radgen::evaluation {
namespace {

constexpr double kSigma = 6;  // of the length penalty, in bigrams

}  // namespace

static_assert(kBleuOrder == 4, "CIDEr uses n-grams of 1 to 4 words");

Cider::Cider(const std::vector<std::vector<Words>>& references) {
  for (const std::vector<Words>& study : references) {
    std::unordered_set<uint64_t> seen;
    for (const Words& words : study) {
      for (const auto& order : ngrams(words).counts) {
        for (const auto& [gram, count] : order) seen.insert(gram);
      }
    }
    for (const uint64_t gram : seen) ++documents_[gram];
  }
  if (!references.empty()) log_studies_ = std::log(static_cast<double>(references.size()));
}

Cider::Vector Cider::vector_of(const Words& words) const {
  Vector vector;
  const Ngrams grams = ngrams(words);
  for (size_t n = 0; n < kOrders; ++n) {
    for (const auto& [gram, count] : grams.counts[n]) {
      const auto found = documents_.find(gram);
      const double documents = found == documents_.end() ? 0 : found->second;
      const double weight = count * (log_studies_ - std::log(std::max(1.0, documents)));
      vector.weights[n].emplace_back(gram, weight);
      vector.norm[n] += weight * weight;
      if (n == 1) vector.bigrams += count;
    }
    vector.norm[n] = std::sqrt(vector.norm[n]);
  }
  return vector;
}

CiderScore Cider::score(const Words& hypothesis, const std::vector<Words>& references) const {
  CiderScore total;
  if (references.empty()) return total;
  const Vector h = vector_of(hypothesis);
  for (const Words& words : references) {
    const Vector r = vector_of(words);
    const double difference = h.bigrams - r.bigrams;
    const double penalty = std::exp(-difference * difference / (2 * kSigma * kSigma));
    for (size_t n = 0; n < kOrders; ++n) {
      double plain = 0, clipped = 0;
      auto other = r.weights[n].begin();
      for (const auto& [gram, weight] : h.weights[n]) {
        while (other != r.weights[n].end() && other->first < gram) ++other;
        if (other == r.weights[n].end() || other->first != gram) continue;
        plain += weight * other->second;
        clipped += std::min(weight, other->second) * other->second;
      }
      const double norms = h.norm[n] * r.norm[n];
      if (norms != 0) {
        plain /= norms;
        clipped /= norms;
      }
      total.cider += plain;
      total.cider_d += clipped * penalty;
    }
  }
  const double scale = 10.0 / static_cast<double>(kOrders * references.size());
  total.cider *= scale;
  total.cider_d *= scale;
  return total;
}

}  // namespace radgen::evaluation

#include "radgen/inference/sample_ranking.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "radgen/core/error.h"

namespace radgen {
namespace {

constexpr double kNeutral = 0.5;

double logit(double p) {
  const double inside = std::clamp(p, 1e-6, 1 - 1e-6);
  return std::log(inside / (1 - inside));
}

// words (second: -1) and pairs of words -> count
using Grams = std::map<std::pair<int64_t, int64_t>, int64_t>;

Grams grams_of(const std::vector<int64_t>& text) {
  Grams grams;
  for (size_t i = 0; i < text.size(); ++i) {
    ++grams[{text[i], -1}];
    if (i + 1 < text.size()) ++grams[{text[i], text[i + 1]}];
  }
  return grams;
}

// 2 |a and b| / (|a| + |b|) of multisets; two empty ones are alike.
double dice(const Grams& a, const Grams& b) {
  int64_t shared = 0, all = 0;
  for (const auto& [gram, count] : a) {
    const auto found = b.find(gram);
    if (found != b.end()) shared += std::min(count, found->second);
    all += count;
  }
  for (const auto& [gram, count] : b) all += count;
  return all == 0 ? 1 : 2 * static_cast<double>(shared) / static_cast<double>(all);
}

}  // namespace

double support_of(const Labels& stated, const std::vector<double>& probabilities,
                  const std::vector<double>& thresholds) {
  RADGEN_CHECK(probabilities.size() == kFindingCount, "one probability a finding");
  RADGEN_CHECK(thresholds.empty() || thresholds.size() == kFindingCount, "one threshold a finding");
  double support = 0;
  for (size_t i = 0; i < kFindingCount; ++i) {
    const Finding finding = all_findings()[i];
    const auto label = stated.find(finding);
    if (finding == Finding::kNoFinding || label == stated.end() || label->second == 0) continue;
    support += logit(probabilities[i]) - logit(thresholds.empty() ? kNeutral : thresholds[i]);
  }
  return support;
}

std::vector<double> mbr_scores(const std::vector<std::vector<int64_t>>& texts) {
  std::vector<Grams> grams;
  for (const auto& text : texts) grams.push_back(grams_of(text));
  std::vector<double> mbr(texts.size(), texts.size() > 1 ? 0 : 1);
  const double others = static_cast<double>(texts.size()) - 1;
  for (size_t a = 0; a < texts.size(); ++a) {
    for (size_t b = a + 1; b < texts.size(); ++b) {
      const double alike = dice(grams[a], grams[b]);
      mbr[a] += alike / others;
      mbr[b] += alike / others;
    }
  }
  return mbr;
}

double best_threshold(std::vector<FindingCase> cases) {
  std::sort(cases.begin(), cases.end(), [](const FindingCase& a, const FindingCase& b) {
    return a.probability > b.probability;
  });
  const auto all = static_cast<size_t>(
      std::count_if(cases.begin(), cases.end(), [](const auto& c) { return c.is_stated; }));
  if (all == 0 || all == cases.size()) return kNeutral;
  double best = -1, threshold = kNeutral, found = 0;
  for (size_t i = 0; i < cases.size(); ++i) {
    found += cases[i].is_stated;
    // no threshold parts them
    if (i + 1 < cases.size() && cases[i + 1].probability == cases[i].probability) continue;
    const double f1 = 2 * found / static_cast<double>(i + 1 + all);
    if (f1 <= best) continue;
    best = f1;
    threshold = i + 1 < cases.size() ? (cases[i].probability + cases[i + 1].probability) / 2
                                     : cases[i].probability;
  }
  return threshold;
}

}  // namespace radgen

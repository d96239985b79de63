#include "evaluation/grounding/attention_map_validation.h"

#include <algorithm>
#include <cmath>

#include "evaluation/grounding/attention_map_statistics.h"
#include "evaluation/grounding/sentence_regions.h"

namespace radgen::evaluation {
namespace {

constexpr double kUniformEntropy = 0.98, kSame = 0.999;

bool is_broken(const AttentionMap& map) {
  const size_t cells =
      static_cast<size_t>(std::max(map.rows, 0)) * static_cast<size_t>(std::max(map.columns, 0));
  return cells != map.values.size() ||
         std::any_of(map.values.begin(), map.values.end(),
                     [](float v) { return !std::isfinite(v) || v < 0; });
}

// Cosine of the maps' deviations from their means; 1 for two constant maps.
double likeness(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size() || a.empty()) return 0;
  const double n = static_cast<double>(a.size());
  double mean_a = 0, mean_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    mean_a += a[i] / n;
    mean_b += b[i] / n;
  }
  double both = 0, first = 0, second = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    both += (a[i] - mean_a) * (b[i] - mean_b);
    first += (a[i] - mean_a) * (a[i] - mean_a);
    second += (b[i] - mean_b) * (b[i] - mean_b);
  }
  if (first <= 1e-18 || second <= 1e-18) return first <= 1e-18 && second <= 1e-18 ? 1 : 0;
  return both / std::sqrt(first * second);
}

}  // namespace

AttentionMapValidation validate_maps(const std::vector<const Draft*>& drafts) {
  AttentionMapValidation health;
  int rows = 0, columns = 0;
  std::vector<double> last_mean;
  for (const Draft* draft : drafts) {
    if (draft == nullptr) continue;
    std::vector<double> mean, first;
    size_t usable = 0;
    bool all_same = true;
    for (const DraftSentence& sentence : draft->sentences) {
      ++health.sentences;
      health.shown += is_shown_with_region(sentence);
      health.boxes_only += sentence.map.empty() && !sentence.boxes.empty();
      if (sentence.map.empty()) continue;
      ++health.maps;
      if (is_broken(sentence.map)) {
        ++health.broken;
        continue;
      }
      if (rows == 0) {
        rows = sentence.map.rows;
        columns = sentence.map.columns;
      }
      health.other_grid += sentence.map.rows != rows || sentence.map.columns != columns;
      health.uniform += normalized_entropy(sentence.map) > kUniformEntropy;
      const std::vector<double> values(sentence.map.values.begin(), sentence.map.values.end());
      if (mean.empty()) mean.assign(values.size(), 0.0);
      if (values.size() != mean.size()) continue;
      for (size_t i = 0; i < values.size(); ++i) mean[i] += values[i];
      if (usable++ == 0) {
        first = values;
      } else {
        all_same = all_same && likeness(first, values) > kSame;
      }
    }
    if (usable > 1) {
      ++health.compared;
      health.same_in_study += all_same;
    }
    if (usable == 0) continue;
    if (!last_mean.empty()) {
      ++health.neighbours;
      health.same_as_neighbour += likeness(last_mean, mean) > kSame;
    }
    last_mean = std::move(mean);
  }
  return health;
}

}  // namespace radgen::evaluation

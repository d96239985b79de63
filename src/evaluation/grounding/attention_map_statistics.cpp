#include "evaluation/grounding/attention_map_statistics.h"

#include <algorithm>
#include <cmath>

#include "radgen/evaluation/metrics.h"

namespace radgen::evaluation {
namespace {

double sum_of(const AttentionMap& map) {
  double sum = 0;
  for (const float v : map.values) sum += v > 0 ? v : 0;
  return sum;
}

// In nats, of the map divided by its sum.
double entropy_of(const AttentionMap& map, double sum) {
  double entropy = 0;
  for (const float v : map.values) {
    if (v > 0) entropy -= v / sum * std::log(v / sum);
  }
  return entropy;
}

}  // namespace

bool is_usable_map(const AttentionMap& map) {
  const size_t cells =
      static_cast<size_t>(std::max(map.rows, 0)) * static_cast<size_t>(std::max(map.columns, 0));
  return cells > 0 && cells == map.values.size() &&
         std::all_of(map.values.begin(), map.values.end(),
                     [](float v) { return std::isfinite(v) && v >= 0; }) &&
         sum_of(map) > 0;
}

double normalized_entropy(const AttentionMap& map) {
  const double sum = sum_of(map);
  if (sum <= 0 || map.values.size() < 2) return 0;
  return entropy_of(map, sum) / std::log(static_cast<double>(map.values.size()));
}

double map_spread(const AttentionMap& map, const Box& map_box, int width, int height) {
  if (!is_usable_map(map) || map_box.area() <= 0 || width < 1 || height < 1) return kUndefined;
  const double patch = map_box.area() / static_cast<double>(map.values.size());
  const double covered = std::exp(entropy_of(map, sum_of(map))) * patch;
  return std::min(1.0, covered / (static_cast<double>(width) * height));
}

double border_share(const AttentionMap& map, const Box& map_box, int width, int height,
                    double margin) {
  if (!is_usable_map(map) || map_box.area() <= 0 || width < 1 || height < 1) return kUndefined;
  const auto is_outer = [margin](double share) { return share < margin || share > 1 - margin; };
  double outer = 0;
  for (int r = 0; r < map.rows; ++r) {
    const bool is_outer_row = is_outer((map_box.y + (r + 0.5) * map_box.h / map.rows) / height);
    for (int c = 0; c < map.columns; ++c) {
      const double x = (map_box.x + (c + 0.5) * map_box.w / map.columns) / width;
      if (is_outer_row || is_outer(x)) {
        outer += map.values[static_cast<size_t>(r) * static_cast<size_t>(map.columns) +
                            static_cast<size_t>(c)];
      }
    }
  }
  return outer / sum_of(map);
}

}  // namespace radgen::evaluation

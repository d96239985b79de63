#include "radgen/evaluation/bootstrap.h"

#include <algorithm>
#include <cmath>

#include "radgen/core/random.h"
#include "radgen/evaluation/metrics.h"

namespace radgen::evaluation {

Resamples::Resamples(size_t studies, size_t count, uint64_t seed)
    : studies_(studies), count_(count), seed_(seed) {}

std::vector<double> Resamples::weights(size_t r) const {
  std::vector<double> weights(studies_, 0.0);
  Random random(seed_, {r});
  for (size_t i = 0; i < studies_; ++i) {
    weights[static_cast<size_t>(random.integer(0, static_cast<int64_t>(studies_) - 1))] += 1;
  }
  return weights;
}

Interval percentile_interval(std::vector<double> values, double level) {
  const size_t all = values.size();
  std::erase_if(values, [](double v) { return std::isnan(v); });
  if (values.empty() || 2 * values.size() < all) return {kUndefined, kUndefined};
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const double position = share * static_cast<double>(values.size() - 1);
    const size_t below = static_cast<size_t>(position);
    const size_t above = std::min(below + 1, values.size() - 1);
    return values[below] +
           (position - static_cast<double>(below)) * (values[above] - values[below]);
  };
  return {at((1 - level) / 2), at((1 + level) / 2)};
}

}  // namespace radgen::evaluation

#include "radgen/core/statistics.h"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "radgen/core/error.h"

namespace radgen {
namespace {

constexpr double kNotDefined = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double mean_of(const std::vector<double>& values) {
  if (values.empty()) return kNotDefined;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double sample_deviation_of(const std::vector<double>& values) {
  if (values.size() < 2) return kNotDefined;
  const double mean = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

double quantile(const std::vector<double>& sorted, double q) {
  RADGEN_CHECK(!sorted.empty() && q >= 0 && q <= 1, "a quantile needs values and 0 <= q <= 1");
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  if (below + 1 >= sorted.size()) return sorted.back();
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[below + 1] - sorted[below]);
}

double median_of(std::vector<double> values) {
  if (values.empty()) return kNotDefined;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double normal_tail(double z) { return 0.5 * std::erfc(z / std::numbers::sqrt2); }

double normal_quantile(double p) {
  RADGEN_CHECK(p > 0 && p < 1, "a normal quantile needs 0 < p < 1");
  return std::numbers::sqrt2 * boost::math::erfc_inv(2 * p);
}

}  // namespace radgen

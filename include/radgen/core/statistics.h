// The statistics that several layers need: means, order statistics and the normal distribution.
//
//   std::sort(values.begin(), values.end());
//   const double p95 = quantile(values, 0.95);
//   const double p = 2 * normal_tail(std::abs(t));
//
// NaN where nothing is defined. Not part of a build with RADGEN_ONLY=model, which has no Boost.
#pragma once

#include <vector>

namespace radgen {

double mean_of(const std::vector<double>& values);              // NaN without values
double sample_deviation_of(const std::vector<double>& values);  // over n - 1; NaN below two values

// Linear interpolation between order statistics (type 7 of Hyndman and Fan 1996); `sorted` is not
// empty, 0 <= q <= 1.
double quantile(const std::vector<double>& sorted, double q);
// The middle value, the mean of the two middle ones; NaN without values.
double median_of(std::vector<double> values);

inline constexpr double kNormal95 = 1.959963984540054;  // P(|Z| < kNormal95) = .95
double normal_tail(double z);                           // P(Z > z)
double normal_quantile(double p);                       // z with P(Z > z) = p, 0 < p < 1

}  // namespace radgen

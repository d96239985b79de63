#include "radgen/explore/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "radgen/core/error.h"
#include "radgen/core/statistics.h"

namespace radgen::explore {
namespace {

// r = +-1 has an infinite atanh; the interval is then the point itself.
Correlation with_interval(double r, size_t count, double variance) {
  Correlation out{count, std::clamp(r, -1.0, 1.0), 0, 0, true};
  if (std::abs(out.value) >= 1 - 1e-12) {
    out.low = out.high = out.value;
    return out;
  }
  const double centre = std::atanh(out.value), reach = kNormal95 * std::sqrt(variance);
  out.low = std::tanh(centre - reach);
  out.high = std::tanh(centre + reach);
  return out;
}

// Nothing where it is not defined: too few pairs, or a side without any spread.
bool product_moment(const std::vector<double>& x, const std::vector<double>& y, double& r) {
  const double mean_x = mean_of(x), mean_y = mean_of(y);
  double xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  if (!(xx > 0) || !(yy > 0)) return false;
  r = xy / std::sqrt(xx * yy);
  return true;
}

std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> out(values.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double mean = (static_cast<double>(begin) + static_cast<double>(end) + 1) / 2;
    for (size_t i = begin; i < end; ++i) out[order[i]] = mean;
    begin = end;
  }
  return out;
}

}  // namespace

Summary summarize(std::vector<double> values) {
  Summary out;
  if (values.empty()) return out;
  std::sort(values.begin(), values.end());
  out.count = values.size();
  out.mean = mean_of(values);
  out.minimum = values.front();
  out.p5 = quantile(values, 0.05);
  out.median = quantile(values, 0.5);
  out.p95 = quantile(values, 0.95);
  out.maximum = values.back();
  return out;
}

std::vector<double> bin_shares(const std::vector<double>& values, double low, double high,
                               size_t bins) {
  RADGEN_CHECK(low < high && bins > 0, "bins need a range");
  std::vector<double> shares(bins, 0);
  for (const double value : values) {
    const double at = (value - low) / (high - low) * static_cast<double>(bins);
    const double last = static_cast<double>(bins - 1);
    shares[static_cast<size_t>(std::clamp(std::floor(at), 0.0, last))] += 1;
  }
  for (double& share : shares) share /= std::max<double>(1, static_cast<double>(values.size()));
  return shares;
}

double round_axis_end(std::vector<double> values) {
  if (values.empty()) return 1;
  std::sort(values.begin(), values.end());
  const double end = std::max(quantile(values, 0.995) * 1.02, 1e-6);
  const double power = std::pow(10, std::floor(std::log10(end)));
  for (const double lead : {1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0}) {
    if (lead * power >= end) return lead * power;
  }
  return 10 * power;
}

Correlation pearson(const std::vector<double>& x, const std::vector<double>& y) {
  RADGEN_CHECK(x.size() == y.size(), "a correlation needs pairs");
  double r = 0;
  if (x.size() < 4 || !product_moment(x, y, r)) return {x.size(), 0, 0, 0, false};
  return with_interval(r, x.size(), 1 / static_cast<double>(x.size() - 3));
}

Correlation spearman(const std::vector<double>& x, const std::vector<double>& y) {
  RADGEN_CHECK(x.size() == y.size(), "a correlation needs pairs");
  double r = 0;
  if (x.size() < 4 || !product_moment(ranks(x), ranks(y), r)) return {x.size(), 0, 0, 0, false};
  return with_interval(r, x.size(), (1 + r * r / 2) / static_cast<double>(x.size() - 3));
}

}  // namespace radgen::explore

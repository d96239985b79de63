// The statistics of a data set's page: summaries, shares in bins, and correlation with its
// confidence interval.
#pragma once

#include <cstddef>
#include <vector>

namespace radgen::explore {

struct Summary {
  size_t count = 0;
  double mean = 0, minimum = 0, p5 = 0, median = 0, p95 = 0, maximum = 0;  // all 0 for no values
};
Summary summarize(std::vector<double> values);

// The share of the values in each of `bins` equal bins from low to high; what lies outside counts
// to the outer bins. All 0 for no values.
std::vector<double> bin_shares(const std::vector<double>& values, double low, double high,
                               size_t bins);

// A range of round numbers for the axis of a histogram: 0 to a little above the 99.5th percentile,
// so that one odd value does not flatten the rest. {0, 1} for no values.
double round_axis_end(std::vector<double> values);

struct Correlation {
  size_t count = 0;
  double value = 0, low = 0, high = 0;  // 95 % interval
  bool is_defined = false;              // fewer than 4 pairs, or one side constant: not defined
};
// Pearson's r with Fisher's interval: atanh(r) +- 1.96 / sqrt(n - 3).
Correlation pearson(const std::vector<double>& x, const std::vector<double>& y);
// Spearman's rho (mean ranks for ties) with the interval of Bonett and Wright 2000:
// atanh(rho) +- 1.96 sqrt((1 + rho^2 / 2) / (n - 3)).
Correlation spearman(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace radgen::explore

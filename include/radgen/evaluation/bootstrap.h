// Bootstrap over studies: which studies a resample holds is drawn once and shared by all systems,
// so that differences between systems are paired. Efron and Tibshirani 1993, percentile intervals.
//
//   Resamples resamples(studies, 1000, seed);
//   for (size_t r = 0; r < resamples.count(); ++r) values.push_back(score(resamples.weights(r)));
//   Interval interval = percentile_interval(values);      // 2.5 % and 97.5 %
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace radgen::evaluation {

class Resamples {
 public:
  Resamples(size_t studies, size_t count, uint64_t seed);
  size_t count() const { return count_; }
  // How often each study is in resample `r`; sums to the number of studies. The same for the same
  // seed.
  std::vector<double> weights(size_t r) const;

 private:
  size_t studies_, count_;
  uint64_t seed_;
};

struct Interval {
  double low, high;  // NaN when fewer than half of the values are defined
};
// Linear between order statistics; undefined (NaN) values are left out.
Interval percentile_interval(std::vector<double> values, double level = 0.95);

}  // namespace radgen::evaluation

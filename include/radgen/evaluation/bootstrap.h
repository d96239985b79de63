// Bootstrap over patients: which patients a resample holds, with all their studies, is drawn once
// and shared by all systems, so that differences between systems are paired. Efron and Tibshirani
// 1993, percentile intervals.
//
//   Resamples resamples(patient_of_study, 1000, seed);   // or (studies, ...): each its own patient
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
  // `patients`: of each study, numbers from 0 on without gaps.
  Resamples(std::vector<size_t> patients, size_t count, uint64_t seed);
  size_t count() const { return count_; }
  // How often each study is in resample `r`: as often as its patient was drawn. The same for the
  // same seed.
  std::vector<double> weights(size_t r) const;

 private:
  std::vector<size_t> patients_;
  size_t patient_count_, count_;
  uint64_t seed_;
};

struct Interval {
  double low, high;  // NaN when fewer than half of the values are defined
};
// Linear between order statistics; undefined (NaN) values are left out.
Interval percentile_interval(std::vector<double> values, double level = 0.95);

}  // namespace radgen::evaluation

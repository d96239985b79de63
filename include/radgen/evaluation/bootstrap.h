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
#include <functional>
#include <span>
#include <vector>

#include "radgen/evaluation/metrics.h"

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
// 95 % score interval of a share that was seen to be hits / trials (Wilson 1927); NaN without
// trials. Takes the trials as independent.
Interval wilson_interval(int64_t hits, int64_t trials);

// Sets the 95 % intervals of the metrics in `table` from `summarize` of every resample.
using Summarize = std::function<MetricTable(std::span<const double> weights)>;
void add_intervals(MetricTable& table, const Resamples& resamples, int threads,
                   const Summarize& summarize);

// Linear between order statistics; undefined (NaN) values are left out.
Interval percentile_interval(std::vector<double> values, double level = 0.95);

}  // namespace radgen::evaluation

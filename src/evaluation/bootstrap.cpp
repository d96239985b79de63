#include "radgen/evaluation/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "radgen/core/parallel.h"
#include "radgen/core/random.h"
#include "radgen/core/statistics.h"

namespace radgen::evaluation {

namespace {

std::vector<size_t> one_each(size_t studies) {
  std::vector<size_t> patients(studies);
  std::iota(patients.begin(), patients.end(), size_t{0});
  return patients;
}

}  // namespace

Resamples::Resamples(size_t studies, size_t count, uint64_t seed)
    : Resamples(one_each(studies), count, seed) {}

Resamples::Resamples(std::vector<size_t> patients, size_t count, uint64_t seed)
    : patients_(std::move(patients)),
      patient_count_(patients_.empty() ? 0
                                       : *std::max_element(patients_.begin(), patients_.end()) + 1),
      count_(count),
      seed_(seed) {}

std::vector<double> Resamples::weights(size_t r) const {
  std::vector<double> drawn(patient_count_, 0.0);
  Random random(seed_, {r});
  for (size_t i = 0; i < patient_count_; ++i) {
    drawn[static_cast<size_t>(random.integer(0, static_cast<int64_t>(patient_count_) - 1))] += 1;
  }
  std::vector<double> weights;
  weights.reserve(patients_.size());
  for (const size_t patient : patients_) weights.push_back(drawn[patient]);
  return weights;
}

Interval wilson_interval(int64_t hits, int64_t trials) {
  if (trials <= 0) return {kUndefined, kUndefined};
  constexpr double kZ = kNormal95;
  const double n = static_cast<double>(trials), p = static_cast<double>(hits) / n;
  const double centre = (p + kZ * kZ / (2 * n)) / (1 + kZ * kZ / n);
  const double reach = kZ / (1 + kZ * kZ / n) * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  return {std::max(0.0, centre - reach), std::min(1.0, centre + reach)};
}

void add_intervals(MetricTable& table, const Resamples& resamples, int threads,
                   const Summarize& summarize) {
  std::vector<std::string> paths;
  for (const auto& [path, metric] : table.all()) paths.push_back(path);
  std::vector<std::vector<double>> values(paths.size(), std::vector<double>(resamples.count()));
  parallel_for(resamples.count(), threads, [&](size_t r) {
    const MetricTable resampled = summarize(resamples.weights(r));
    for (size_t p = 0; p < paths.size(); ++p) values[p][r] = resampled.value(paths[p]);
  });
  for (size_t p = 0; p < paths.size(); ++p) {
    const Interval interval = percentile_interval(std::move(values[p]));
    table.set_interval(paths[p], interval.low, interval.high);
  }
}

Interval percentile_interval(std::vector<double> values, double level) {
  const size_t all = values.size();
  std::erase_if(values, [](double v) { return std::isnan(v); });
  if (values.empty() || 2 * values.size() < all) return {kUndefined, kUndefined};
  std::sort(values.begin(), values.end());
  return {quantile(values, (1 - level) / 2), quantile(values, (1 + level) / 2)};
}

}  // namespace radgen::evaluation

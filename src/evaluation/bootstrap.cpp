#include "radgen/evaluation/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "radgen/core/random.h"
#include "radgen/evaluation/metrics.h"

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

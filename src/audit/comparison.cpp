#include "audit/comparison.h"

#include <algorithm>
#include <cmath>

namespace radgen::audit {

Tally::Tally(const Layout& layout, std::span<const uint8_t> weights)
    : strata_(layout.strata), levels_(layout.levels) {
  const size_t strata = static_cast<size_t>(strata_);
  n_.assign(strata * static_cast<size_t>(levels_), 0.0);
  yes_ = n_;
  for (size_t i = 0; i < layout.size(); ++i) {
    const double w = weights.empty() ? 1.0 : weights[layout.patient[i]];
    const size_t at = place(layout.stratum[i], layout.level[i]);
    n_[at] += w;
    if (layout.is_yes[i]) yes_[at] += w;
  }
  total_n_.assign(strata, 0.0);
  total_yes_.assign(strata, 0.0);
  for (int k = 0; k < strata_; ++k) {
    for (int level = 0; level < levels_; ++level) {
      total_n_[static_cast<size_t>(k)] += n_[place(k, level)];
      total_yes_[static_cast<size_t>(k)] += yes_[place(k, level)];
    }
  }
}

Tally::Rates Tally::raw(int level) const {
  Rates rates;
  for (int k = 0; k < strata_; ++k) {
    const size_t at = place(k, level);
    rates.trials += n_[at];
    rates.yes += yes_[at];
    rates.other_trials += stratum_trials(k) - n_[at];
    rates.other_yes += stratum_yes(k) - yes_[at];
  }
  return rates;
}

Tally::Stratified Tally::stratified(int level) const {
  Stratified result;
  for (int k = 0; k < strata_; ++k) {
    const size_t at = place(k, level);
    const double n = n_[at], m = stratum_trials(k) - n;
    if (n <= 0 || m <= 0) continue;
    const double w = n * m / (n + m);
    result.weight += w;
    result.rate += w * yes_[at] / n;
    result.other_rate += w * (stratum_yes(k) - yes_[at]) / m;
    result.matched += n;
  }
  if (result.weight > 0) {
    result.rate /= result.weight;
    result.other_rate /= result.weight;
  }
  return result;
}

double GapTest::t() const {
  if (!(standard_error > 0) || !(degrees_of_freedom > 0)) return 0;
  const double x = gap / standard_error, g = skewness, df = degrees_of_freedom;
  const double t = x - g / 6 * x * x + g * g / 108 * x * x * x + g / 6;
  return std::copysign((8 * df + 1) / (8 * df + 3) * std::sqrt(df * std::log1p(t * t / df)), t);
}

GapTest test_gap(const Layout& layout, const Tally& tally, int level) {
  GapTest test;
  const Tally::Stratified gap = tally.stratified(level);
  if (gap.weight <= 0) return test;
  test.gap = gap.gap();
  struct Factors {
    double in = 0, out = 0, mean = 0, mean_in = 0, mean_out = 0;
  };
  std::vector<Factors> factors(static_cast<size_t>(tally.strata()));
  double independent = 0, third = 0;
  for (int k = 0; k < tally.strata(); ++k) {
    const double n = tally.trials(k, level), all = tally.stratum_trials(k), m = all - n;
    if (n <= 0 || m <= 0) continue;
    const double w = n * m / all / gap.weight, mean = tally.stratum_yes(k) / all;
    const double yes = tally.yes(k, level);
    factors[static_cast<size_t>(k)] = {w / n, w / m, mean, yes / n,
                                       (tally.stratum_yes(k) - yes) / m};
    independent += w * w * mean * (1 - mean) * all / (all - 1) * (1 / n + 1 / m);
    third += w * w * w * mean * (1 - mean) * (1 - 2 * mean) * (1 / (n * n) - 1 / (m * m));
  }
  std::vector<double> by_patient, centred, expected;  // contributions and their variances
  double trials =
      0;  // sum of squares of the trials' own contributions, each less the mean of its group
  for (size_t i = 0; i < layout.size(); ++i) {
    const Factors& f = factors[static_cast<size_t>(layout.stratum[i])];
    if (f.in == 0) continue;
    const size_t patient = layout.patient[i];
    if (by_patient.size() <= patient) {
      by_patient.resize(patient + 1, 0.0);
      centred.resize(patient + 1, 0.0);
      expected.resize(patient + 1, 0.0);
    }
    const bool is_in = layout.level[i] == level;
    const double factor = is_in ? f.in : -f.out, y = layout.is_yes[i];
    by_patient[patient] += factor * (y - f.mean);
    const double own = factor * (y - (is_in ? f.mean_in : f.mean_out));
    centred[patient] += own;
    trials += own * own;
    expected[patient] += factor * factor * f.mean * (1 - f.mean);
  }
  double patients = 0, variance = 0, squares = 0;
  for (size_t p = 0; p < by_patient.size(); ++p) {
    patients += centred[p] * centred[p];
    variance += expected[p];
    squares += expected[p] * expected[p];
    if (by_patient[p] == 0) continue;
    test.by_patient.emplace_back(static_cast<uint32_t>(p), static_cast<float>(by_patient[p]));
  }
  const double design_effect = trials > 0 ? std::max(1.0, patients / trials) : 1.0;
  test.standard_error = std::sqrt(independent * design_effect);
  if (squares > 0) test.degrees_of_freedom = std::max(1.0, variance * variance / squares - 2);
  if (independent > 0) test.skewness = third / std::pow(independent, 1.5);
  return test;
}

Layout without_strata(Layout layout) {
  std::fill(layout.stratum.begin(), layout.stratum.end(), 0);
  layout.strata = layout.size() > 0 ? 1 : 0;
  return layout;
}

}  // namespace radgen::audit

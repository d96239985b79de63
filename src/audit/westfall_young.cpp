#include "audit/westfall_young.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "radgen/core/parallel.h"
#include "radgen/core/random.h"
#include "radgen/core/statistics.h"

namespace radgen::audit {
namespace {

constexpr double kLargestSignal = 3.5, kEvenPart = 0.05;

// log of p, with more or less of it for t > 0; beyond 37 standard errors erfc is 0.
double log_p(double t, double upper_part) {
  return std::log(normal_tail(std::min(std::abs(t), 37.0)) / (t > 0 ? upper_part : 1 - upper_part));
}

// Signs by (patient, flip).
std::vector<float> draw_signs(size_t patients, size_t flips, uint64_t seed) {
  std::vector<float> signs(patients * flips);
  for (size_t p = 0; p < patients; ++p) {
    Random random(seed, {p});
    uint64_t bits = 0;
    for (size_t f = 0; f < flips; ++f) {
      if (f % 64 == 0) bits = random.bits();
      signs[p * flips + f] = (bits >> (f % 64) & 1) != 0 ? 1.0f : -1.0f;
    }
  }
  return signs;
}

// log(p / share) of one test under each flip.
std::vector<float> null_ranks(const WestfallYoungTest& test, const std::vector<float>& signs,
                              size_t flips) {
  std::vector<float> sums(flips, 0.0f);
  double squares = 0;
  for (const auto& [patient, score] : test.by_patient) {
    const float* sign = &signs[patient * flips];
    const float s = score;
    for (size_t f = 0; f < flips; ++f) sums[f] += s * sign[f];
    squares += static_cast<double>(score) * score;
  }
  const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
  const double log_share = std::log(test.share);
  for (float& sum : sums) sum = static_cast<float>(log_p(scale * sum, test.upper_part) - log_share);
  return sums;
}

}  // namespace

WestfallYoungResult westfall_young(const std::vector<WestfallYoungTest>& tests, size_t patients,
                                   size_t flips, double alpha, uint64_t seed, int threads) {
  WestfallYoungResult result;
  result.corrected_p.assign(tests.size(), 1.0);
  result.critical_z.assign(tests.size(), std::numeric_limits<double>::quiet_NaN());
  if (tests.empty() || flips == 0) return result;
  const std::vector<float> signs = draw_signs(patients, flips, seed);
  std::vector<std::vector<float>> null(tests.size());
  parallel_for(tests.size(), threads,
               [&](size_t i) { null[i] = null_ranks(tests[i], signs, flips); });
  std::vector<double> rank(tests.size());
  std::vector<size_t> order(tests.size());
  for (size_t i = 0; i < tests.size(); ++i) {
    rank[i] = log_p(tests[i].t, tests[i].upper_part) - std::log(tests[i].share);
  }
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return rank[a] < rank[b]; });
  // From the least to the most extreme: the minimum over a test and all that are less extreme.
  std::vector<float> minimum(flips, std::numeric_limits<float>::infinity());
  for (size_t i = order.size(); i-- > 0;) {
    const std::vector<float>& own = null[order[i]];
    size_t reached = 0;
    for (size_t f = 0; f < flips; ++f) {
      minimum[f] = std::min(minimum[f], own[f]);
      reached += minimum[f] <= rank[order[i]];
    }
    result.corrected_p[order[i]] =
        static_cast<double>(reached + 1) / static_cast<double>(flips + 1);
  }
  for (size_t i = 1; i < order.size(); ++i) {
    result.corrected_p[order[i]] =
        std::max(result.corrected_p[order[i]], result.corrected_p[order[i - 1]]);
  }
  std::sort(minimum.begin(), minimum.end());
  const double position = alpha * static_cast<double>(flips + 1) - 1;
  const double factor =
      std::exp(static_cast<double>(minimum[static_cast<size_t>(std::max(0.0, position))]));
  for (size_t i = 0; i < tests.size(); ++i) {
    const double p = std::clamp(factor * tests[i].share, 1e-300, 1.0);
    result.critical_z[i] = normal_quantile(p * tests[i].upper_part);
  }
  return result;
}

std::vector<double> shares_of(const std::vector<Stake>& stakes, double alpha) {
  const auto best = [&](const Stake& stake, double c) {
    const double signal = std::min(stake.signal, kLargestSignal);
    if (!(signal > 0) || !(stake.importance > 0)) return 0.0;
    return normal_tail(signal / 2 + (c - std::log(stake.importance)) / signal);
  };
  const auto sum = [&](double c) {
    double total = 0;
    for (const Stake& stake : stakes) total += best(stake, c);
    return total;
  };
  double low = -50, high = 200;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (sum(middle) > alpha ? low : high) = middle;
  }
  std::vector<double> shares;
  const double total = sum(high),
               even = 1.0 / static_cast<double>(std::max<size_t>(1, stakes.size()));
  for (const Stake& stake : stakes) {
    const double chosen = total > 0 ? best(stake, high) / total : even;
    shares.push_back(alpha * ((1 - kEvenPart) * chosen + kEvenPart * even));
  }
  return shares;
}

}  // namespace radgen::audit

#include "radgen/evaluation/mann_whitney.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "radgen/core/parallel.h"
#include "radgen/core/random.h"
#include "radgen/core/statistics.h"
#include "radgen/evaluation/calibration/confidence.h"

namespace radgen::evaluation {
namespace {

constexpr uint64_t kFlips = 0x666c6970;  // stream of random numbers

using Strata = std::vector<std::vector<RankedValue>>;

// Those that hold both kinds, each sorted by value.
Strata comparable(std::span<const RankedValue> values) {
  std::map<size_t, std::vector<RankedValue>> by_stratum;
  for (const RankedValue& v : values) by_stratum[v.stratum].push_back(v);
  Strata strata;
  for (auto& [stratum, members] : by_stratum) {
    const auto marked = std::count_if(members.begin(), members.end(),
                                      [](const RankedValue& v) { return v.is_marked; });
    if (marked == 0 || marked == static_cast<std::ptrdiff_t>(members.size())) continue;
    std::stable_sort(members.begin(), members.end(),
                     [](const RankedValue& a, const RankedValue& b) { return a.value < b.value; });
    strata.push_back(std::move(members));
  }
  return strata;
}

// Van Elteren's mean of the strata's Mann-Whitney shares.
double superiority_of(const Strata& strata, std::span<const double> weights) {
  double sum = 0, total = 0;
  for (const std::vector<RankedValue>& stratum : strata) {
    std::vector<ConfidenceEvent> events;  // sorted, as the values are
    double marked = 0, others = 0;
    for (const RankedValue& v : stratum) {
      events.push_back({v.study, v.value, v.is_marked});
      (v.is_marked ? marked : others) += weights[v.study];
    }
    if (marked <= 0 || others <= 0) continue;
    const double weight = marked * others / (marked + others + 1);
    sum += weight * auroc(events, weights);
    total += weight;
  }
  return total > 0 ? sum / total : kUndefined;
}

// Each patient's part of sum (mark - share marked) (rank - mean rank) / (N + 1).
std::map<size_t, double> contributions(const Strata& strata) {
  std::map<size_t, double> by_patient;
  for (const std::vector<RankedValue>& stratum : strata) {
    const double n = static_cast<double>(stratum.size());
    const double share =
        static_cast<double>(std::count_if(stratum.begin(), stratum.end(),
                                          [](const RankedValue& v) { return v.is_marked; })) /
        n;
    for (size_t begin = 0, end = 0; begin < stratum.size(); begin = end) {
      while (end < stratum.size() && stratum[end].value == stratum[begin].value) ++end;
      const double rank = static_cast<double>(begin + 1 + end) / 2;  // ties share their mean rank
      for (size_t i = begin; i < end; ++i) {
        by_patient[stratum[i].patient] +=
            ((stratum[i].is_marked ? 1 : 0) - share) * (rank - (n + 1) / 2) / (n + 1);
      }
    }
  }
  return by_patient;
}

double flipped_p(const std::map<size_t, double>& by_patient, const MannWhitneyOptions& options) {
  double observed = 0;
  for (const auto& [patient, part] : by_patient) observed += part;
  std::vector<uint8_t> reached(options.flips);
  parallel_for(options.flips, options.threads, [&](size_t f) {
    Random random(options.seed, {kFlips, f});
    double sum = 0;
    for (const auto& [patient, part] : by_patient) sum += random.chance(0.5) ? part : -part;
    reached[f] = std::abs(sum) >= std::abs(observed) - 1e-12;
  });
  const auto count = std::count(reached.begin(), reached.end(), 1);
  return static_cast<double>(count + 1) / static_cast<double>(options.flips + 1);
}

}  // namespace

MannWhitneyResult mann_whitney(std::span<const RankedValue> values, const Resamples& resamples,
                               const MannWhitneyOptions& options) {
  MannWhitneyResult result;
  std::vector<double> marked, others;
  size_t studies = 0;
  for (const RankedValue& v : values) {
    (v.is_marked ? marked : others).push_back(v.value);
    studies = std::max(studies, v.study + 1);
  }
  result.marked = static_cast<int64_t>(marked.size());
  result.others = static_cast<int64_t>(others.size());
  result.marked_median = median_of(std::move(marked));
  result.other_median = median_of(std::move(others));
  const Strata strata = comparable(values);
  for (const auto& stratum : strata) result.compared += static_cast<int64_t>(stratum.size());
  if (strata.empty()) return result;
  result.superiority = superiority_of(strata, std::vector<double>(studies, 1.0));
  if (options.flips > 0) result.p = flipped_p(contributions(strata), options);
  if (resamples.count() == 0) return result;
  std::vector<double> resampled(resamples.count());
  parallel_for(resamples.count(), options.threads,
               [&](size_t r) { resampled[r] = superiority_of(strata, resamples.weights(r)); });
  const Interval interval = percentile_interval(std::move(resampled));
  result.low = interval.low;
  result.high = interval.high;
  return result;
}

}  // namespace radgen::evaluation

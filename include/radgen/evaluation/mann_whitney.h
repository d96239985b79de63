// Do values of one kind lie above those of the other? Mann and Whitney's question, asked within
// strata and with patients, not values, as what is independent.
//
//   std::vector<RankedValue> values;                   // e.g. the entropies of statements' maps
//   values.push_back({finding, patient, study, entropy, is_wrong});
//   MannWhitneyResult c = mann_whitney(values, resamples, {.flips = 2000, .seed = 0});
//   c.superiority                                      // P(marked > other), ties half; .5: alike
//
// Strata are combined by van Elteren 1960: each counts n m / (n + m + 1). The test flips the signs
// of the patients' contributions to the rank sum (Mann and Whitney 1947 permute the values, which
// would take two sentences of one film for independent); two-sided. The interval is over resampled
// patients. A stratum with values of one kind alone says nothing and is left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "radgen/evaluation/bootstrap.h"
#include "radgen/evaluation/metrics.h"

namespace radgen::evaluation {

struct RankedValue {
  size_t stratum = 0;
  size_t patient = 0;
  size_t study = 0;  // index that Resamples weighs
  double value = 0;  // finite
  bool is_marked = false;
};

struct MannWhitneyResult {
  int64_t marked = 0, others = 0;              // all values, of every stratum
  int64_t compared = 0;                        // values in strata that hold both kinds
  double superiority = kUndefined;             // NaN: no stratum holds both
  double low = kUndefined, high = kUndefined;  // 95 % interval; NaN without resamples
  double p = kUndefined;                       // two-sided; at least 1 / (flips + 1)
  double marked_median = kUndefined, other_median = kUndefined;
};

struct MannWhitneyOptions {
  size_t flips = 2000;
  uint64_t seed = 0;
  int threads = 1;
};

MannWhitneyResult mann_whitney(std::span<const RankedValue> values, const Resamples& resamples,
                               const MannWhitneyOptions& options);

}  // namespace radgen::evaluation

// Many tests at once: the chance of any false alarm held at alpha, whatever depends on whatever.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace radgen::audit {

struct WestfallYoungTest {
  double t = 0;             // normal under the hypothesis
  double share = 0;         // of alpha, set before the outcomes are seen
  double upper_part = 0.5;  // of the share, for t > 0; the rest is for t < 0 (a half: two-sided)
  // The test's contributions by patient under the hypothesis; signs are flipped for all tests of a
  // patient together.
  std::vector<std::pair<uint32_t, float>> by_patient;
};

struct WestfallYoungResult {
  std::vector<double> corrected_p;  // step-down
  std::vector<double> critical_z;   // t > 0 that alone reaches alpha in the first step
};

// Westfall and Young 1993, step-down minimum of p / share, with the null distribution of the
// minimum from flipping the patients' signs (`flips` times). Deterministic from the seed.
WestfallYoungResult westfall_young(const std::vector<WestfallYoungTest>& tests, size_t patients,
                                   size_t flips, double alpha, uint64_t seed, int threads);

// What a test's share of alpha depends on: the signal, target gap over standard error, and how much
// the test matters.
struct Stake {
  double signal = 0, importance = 1;
};
// Shares of alpha that sum to it. Nineteen of twenty parts maximise the expected number (by
// importance) of target gaps found (Roeder and Wasserman 2009, eq. 4; signals above 3.5 count as
// that, which keeps small gaps in sight where there are many cases); the last part is spread
// evenly, so that a very large gap in a very small group is not missed.
std::vector<double> shares_of(const std::vector<Stake>& stakes, double alpha);

}  // namespace radgen::audit

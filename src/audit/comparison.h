// One group against the others on one endpoint: the gap, its score by patient, its standard error.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "audit/trials.h"

namespace radgen::audit {

// Trials and hits by (stratum, level); weighted, so that a resample of the patients costs one pass.
class Tally {
 public:
  // `weights`: how often each patient counts; empty: once.
  Tally(const Layout& layout, std::span<const uint8_t> weights);

  struct Rates {
    double trials = 0, other_trials = 0, yes = 0, other_yes = 0;
    double rate() const { return trials > 0 ? yes / trials : kUnknown; }
    double other_rate() const { return other_trials > 0 ? other_yes / other_trials : kUnknown; }
    double gap() const { return rate() - other_rate(); }
  };
  Rates raw(int level) const;

  // Over the strata that hold both: the mean of their gaps, weighted by n m / (n + m) (Mantel and
  // Haenszel's risk difference, Greenland and Robins 1985), which is the gap of the rates
  // standardised to that mix.
  struct Stratified {
    double weight = 0, rate = 0, other_rate = 0;  // of weight 0 nothing is known
    double matched = 0;                           // trials of the group in such strata
    double gap() const { return weight > 0 ? rate - other_rate : kUnknown; }
  };
  Stratified stratified(int level) const;

  double trials(int stratum, int level) const { return n_[place(stratum, level)]; }
  double yes(int stratum, int level) const { return yes_[place(stratum, level)]; }
  double stratum_trials(int stratum) const { return total_n_[static_cast<size_t>(stratum)]; }
  double stratum_yes(int stratum) const { return total_yes_[static_cast<size_t>(stratum)]; }
  int strata() const { return strata_; }

 private:
  size_t place(int stratum, int level) const {
    return static_cast<size_t>(stratum) * static_cast<size_t>(levels_) + static_cast<size_t>(level);
  }
  int strata_, levels_;
  std::vector<double> n_, yes_, total_n_, total_yes_;
};

// The gap as a sum over patients under the hypothesis of no gap (efficient score: each trial less
// the mean of its stratum).
struct GapTest {
  double gap = kUnknown;
  // That of independent trials without a gap (the score test's), widened by the design effect: how
  // much more the patients' sums vary than their trials would alone, at least 1.
  double standard_error = kUnknown;
  std::vector<std::pair<uint32_t, float>> by_patient;  // patient, contribution; sums to the gap
  double skewness = 0;  // of the gap without a difference; rare events lean to one side
  // How many patients the standard error rests on: Satterthwaite's (1946) degrees of freedom of a
  // sum over patients, from their expected variances, less the two rates. A few patients of a small
  // group can be most of it.
  double degrees_of_freedom = 0;
  // Normal without a difference: the gap over its error, freed of its skewness by Hall's cubic
  // transformation (Hall 1992), which is monotone, and brought from Student's t to the normal
  // distribution by Wallace's formula (1959). Without the first rare misses would raise false
  // alarms, without the second small groups.
  double t() const;
};
GapTest test_gap(const Layout& layout, const Tally& tally, int level);

// The same trials in one stratum.
Layout without_strata(Layout layout);

}  // namespace radgen::audit

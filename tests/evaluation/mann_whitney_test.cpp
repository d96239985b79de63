// Mann-Whitney within strata: hand-computed, and the test's level and power on made-up values.
#include "radgen/evaluation/mann_whitney.h"

#include <gtest/gtest.h>

#include <cmath>

#include "radgen/core/random.h"

namespace radgen::evaluation {
namespace {

const Resamples kNone(0, 0, 0);

MannWhitneyResult compare(const std::vector<RankedValue>& values, size_t flips = 0) {
  return mann_whitney(values, kNone, {.flips = flips, .seed = 1, .threads = 1});
}

TEST(MannWhitneyResult, SuperiorityIsTheShareOfPairsTiesHalf) {
  // Marked 3, 2; others 1, 2: pairs 3>1, 3>2, 2>1, 2=2.
  const MannWhitneyResult c =
      compare({{0, 0, 0, 3, true}, {0, 1, 1, 2, true}, {0, 2, 2, 1, false}, {0, 3, 3, 2, false}});
  EXPECT_DOUBLE_EQ(c.superiority, 3.5 / 4);
  EXPECT_EQ(c.marked, 2);
  EXPECT_EQ(c.others, 2);
  EXPECT_DOUBLE_EQ(c.marked_median, 2.5);
  EXPECT_DOUBLE_EQ(c.other_median, 1.5);
}

TEST(MannWhitneyResult, AStratumIsComparedWithItselfAlone) {
  // Stratum 1 lies far above stratum 0; within each the marked ones are lower.
  const MannWhitneyResult c = compare({{0, 0, 0, 1, true},
                                       {0, 1, 1, 2, false},
                                       {1, 2, 2, 11, true},
                                       {1, 3, 3, 12, false},
                                       {2, 4, 4, 99, true}});
  EXPECT_DOUBLE_EQ(c.superiority, 0);
  EXPECT_EQ(c.compared, 4);  // stratum 2 holds one kind alone
}

TEST(MannWhitneyResult, WithoutTwoKindsInAStratumThereIsNoAnswer) {
  const MannWhitneyResult c = compare({{0, 0, 0, 1, true}, {1, 1, 1, 2, false}}, 50);
  EXPECT_TRUE(std::isnan(c.superiority));
  EXPECT_TRUE(std::isnan(c.p));
  EXPECT_TRUE(std::isnan(compare({}).superiority));
}

// Made-up entropies of `patients`, two values each; marked ones are higher by `shift`.
std::vector<RankedValue> values_of(uint64_t seed, size_t patients, double shift) {
  Random random(seed);
  std::vector<RankedValue> values;
  for (size_t p = 0; p < patients; ++p) {
    const double own = random.normal(0, 2);  // what a patient's films share
    const bool is_marked = random.chance(0.3);
    for (size_t i = 0; i < 2; ++i) {
      values.push_back({i, p, p, own + random.normal() + (is_marked ? shift : 0), is_marked});
    }
  }
  return values;
}

TEST(MannWhitneyResult, FalseAlarmsStayNearTheLevelAlthoughPatientsRepeat) {
  size_t alarms = 0;
  constexpr size_t kRuns = 200;
  for (uint64_t run = 0; run < kRuns; ++run) {
    alarms += compare(values_of(run, 60, 0), 199).p <= 0.05;
  }
  EXPECT_LE(alarms, 20u);  // 10 expected; more than 20 has a probability below 0.002
}

TEST(MannWhitneyResult, FindsAShift) {
  const MannWhitneyResult c = compare(values_of(7, 120, 3), 999);
  EXPECT_GT(c.superiority, 0.75);
  EXPECT_LT(c.p, 0.005);
}

TEST(MannWhitneyResult, IntervalHoldsTheValue) {
  const std::vector<RankedValue> values = values_of(3, 80, 1);
  const MannWhitneyResult c =
      mann_whitney(values, Resamples(80, 200, 5), {.flips = 0, .seed = 1, .threads = 2});
  EXPECT_LT(c.low, c.superiority);
  EXPECT_GT(c.high, c.superiority);
  EXPECT_TRUE(std::isnan(c.p));
}

}  // namespace
}  // namespace radgen::evaluation

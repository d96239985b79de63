// Mann-Whitney within strata: hand-computed, and the test's level and power on made-up values.
#include "radgen/evaluation/rank_comparison.h"

#include <gtest/gtest.h>

#include <cmath>

#include "radgen/core/random.h"

namespace radgen::evaluation {
namespace {

const Resamples kNone(0, 0, 0);

RankComparison compare(const std::vector<RankedValue>& values, size_t flips = 0) {
  return compare_ranks(values, kNone, {.flips = flips, .seed = 1, .threads = 1});
}

TEST(RankComparison, SuperiorityIsTheShareOfPairsTiesHalf) {
  // Marked 3, 2; others 1, 2: pairs 3>1, 3>2, 2>1, 2=2.
  const RankComparison c =
      compare({{0, 0, 0, 3, true}, {0, 1, 1, 2, true}, {0, 2, 2, 1, false}, {0, 3, 3, 2, false}});
  EXPECT_DOUBLE_EQ(c.superiority, 3.5 / 4);
  EXPECT_EQ(c.marked, 2);
  EXPECT_EQ(c.others, 2);
  EXPECT_DOUBLE_EQ(c.marked_median, 2.5);
  EXPECT_DOUBLE_EQ(c.other_median, 1.5);
}

TEST(RankComparison, AStratumIsComparedWithItselfAlone) {
  // Stratum 1 lies far above stratum 0; within each the marked ones are lower.
  const RankComparison c = compare({{0, 0, 0, 1, true},
                                    {0, 1, 1, 2, false},
                                    {1, 2, 2, 11, true},
                                    {1, 3, 3, 12, false},
                                    {2, 4, 4, 99, true}});
  EXPECT_DOUBLE_EQ(c.superiority, 0);
  EXPECT_EQ(c.compared, 4);  // stratum 2 holds one kind alone
}

TEST(RankComparison, WithoutTwoKindsInAStratumThereIsNoAnswer) {
  const RankComparison c = compare({{0, 0, 0, 1, true}, {1, 1, 1, 2, false}}, 50);
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

TEST(RankComparison, FalseAlarmsStayNearTheLevelAlthoughPatientsRepeat) {
  size_t alarms = 0;
  constexpr size_t kRuns = 200;
  for (uint64_t run = 0; run < kRuns; ++run) {
    alarms += compare(values_of(run, 60, 0), 199).p <= 0.05;
  }
  EXPECT_LE(alarms, 20u);  // 10 expected; more than 20 has a probability below 0.002
}

TEST(RankComparison, FindsAShift) {
  const RankComparison c = compare(values_of(7, 120, 3), 999);
  EXPECT_GT(c.superiority, 0.75);
  EXPECT_LT(c.p, 0.005);
}

TEST(RankComparison, IntervalHoldsTheValue) {
  const std::vector<RankedValue> values = values_of(3, 80, 1);
  const RankComparison c =
      compare_ranks(values, Resamples(80, 200, 5), {.flips = 0, .seed = 1, .threads = 2});
  EXPECT_LT(c.low, c.superiority);
  EXPECT_GT(c.high, c.superiority);
  EXPECT_TRUE(std::isnan(c.p));
}

}  // namespace
}  // namespace radgen::evaluation

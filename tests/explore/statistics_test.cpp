#include "radgen/explore/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace radgen::explore {
namespace {

TEST(Correlation, MatchesWorkedExamples) {
  // r of these pairs is 0.8; Fisher's interval is tanh(atanh(0.8) +- 1.96 / sqrt(2)).
  const std::vector<double> x{1, 2, 3, 4, 5}, y{2, 1, 4, 3, 5};
  const Correlation r = pearson(x, y);
  ASSERT_TRUE(r.is_defined);
  EXPECT_NEAR(r.value, 0.8, 1e-12);
  EXPECT_NEAR(r.low, std::tanh(std::atanh(0.8) - 1.959964 / std::sqrt(2.0)), 1e-6);
  EXPECT_NEAR(r.high, std::tanh(std::atanh(0.8) + 1.959964 / std::sqrt(2.0)), 1e-6);
  const Correlation rho = spearman({1, 10, 100, 1000, 10000}, y);  // ranks alone count
  EXPECT_NEAR(rho.value, 0.8, 1e-12);
  EXPECT_LT(rho.low, r.low);  // Bonett and Wright's interval is wider
  EXPECT_NEAR(spearman({1, 1, 2, 2}, {1, 1, 2, 2}).value, 1, 1e-12);
}

TEST(Correlation, IsNotDefinedForFewOrConstantValues) {
  EXPECT_FALSE(pearson({1, 2, 3}, {1, 2, 3}).is_defined);
  EXPECT_FALSE(pearson({1, 1, 1, 1}, {1, 2, 3, 4}).is_defined);
  EXPECT_FALSE(spearman({}, {}).is_defined);
}

TEST(Summary, InterpolatesBetweenOrderStatistics) {
  const Summary s = summarize({4, 1, 3, 2});
  EXPECT_DOUBLE_EQ(s.median, 2.5);
  EXPECT_DOUBLE_EQ(s.mean, 2.5);
  EXPECT_NEAR(s.p5, 1.15, 1e-12);
  EXPECT_EQ(summarize({}).count, 0u);
}

TEST(BinShares, CountWhatLiesOutsideToTheOuterBins) {
  EXPECT_EQ(bin_shares({-5, 0.5, 1.5, 99}, 0, 2, 2), (std::vector<double>{0.5, 0.5}));
  EXPECT_EQ(bin_shares({}, 0, 1, 3), (std::vector<double>{0, 0, 0}));
}

TEST(RoundAxisEnd, IsARoundNumberAboveNearlyAllValues) {
  EXPECT_DOUBLE_EQ(round_axis_end({10, 20, 141}), 150);
  EXPECT_DOUBLE_EQ(round_axis_end({}), 1);
}

}  // namespace
}  // namespace radgen::explore

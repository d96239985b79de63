#include "radgen/core/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "radgen/core/error.h"

namespace radgen {
namespace {

TEST(Statistics, MeanAndDeviationAreNotDefinedWithoutValues) {
  EXPECT_TRUE(std::isnan(mean_of({})));
  EXPECT_TRUE(std::isnan(sample_deviation_of({3})));
  EXPECT_DOUBLE_EQ(mean_of({1, 2, 6}), 3);
  EXPECT_DOUBLE_EQ(sample_deviation_of({1, 2, 6}), std::sqrt(7.0));
}

// numpy.quantile of the same values (its default, type 7).
TEST(Statistics, QuantilesLieBetweenOrderStatistics) {
  const std::vector<double> sorted{1, 2, 4, 8};
  EXPECT_DOUBLE_EQ(quantile(sorted, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(sorted, 0.5), 3);
  EXPECT_DOUBLE_EQ(quantile(sorted, 0.9), 6.8);
  EXPECT_DOUBLE_EQ(quantile(sorted, 1), 8);
  EXPECT_DOUBLE_EQ(quantile({5}, 0.3), 5);
  EXPECT_THROW(quantile({}, 0.5), Error);
  EXPECT_THROW(quantile(sorted, 1.1), Error);
}

TEST(Statistics, TheMedianOfAnEvenNumberIsTheMeanOfTheMiddleTwo) {
  EXPECT_DOUBLE_EQ(median_of({9, 1, 4}), 4);
  EXPECT_DOUBLE_EQ(median_of({9, 1, 4, 6}), 5);
  EXPECT_TRUE(std::isnan(median_of({})));
}

// scipy.stats.norm.sf and norm.isf.
TEST(Statistics, TailsAndQuantilesOfTheNormalDistributionAreThoseOfTables) {
  EXPECT_NEAR(normal_tail(1.959963984540054), 0.025, 1e-15);
  EXPECT_NEAR(normal_tail(6) / 9.865876450376946e-10, 1, 1e-12);
  EXPECT_NEAR(normal_quantile(0.025), kNormal95, 1e-14);
  EXPECT_NEAR(normal_quantile(1e-12), 7.034483825301131, 1e-12);
  EXPECT_NEAR(normal_quantile(0.9), -1.2815515655446004, 1e-14);
  EXPECT_THROW(normal_quantile(0), Error);
  EXPECT_THROW(normal_quantile(1), Error);
}

}  // namespace
}  // namespace radgen

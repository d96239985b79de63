#include "audit/westfall_young.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "radgen/core/random.h"
#include "radgen/core/statistics.h"

namespace radgen::audit {
namespace {

constexpr size_t kPatients = 200;

// A test of patients' standard normal contributions, all shifted by `shift` of their sum's error.
WestfallYoungTest drawn_test(Random& random, double shift) {
  WestfallYoungTest test;
  double sum = 0, squares = 0;
  for (size_t p = 0; p < kPatients; ++p) {
    const double v = random.normal();
    test.by_patient.emplace_back(static_cast<uint32_t>(p), static_cast<float>(v));
    sum += v;
    squares += v * v;
  }
  test.t = sum / std::sqrt(squares) + shift;
  return test;
}

std::vector<WestfallYoungTest> drawn_family(uint64_t seed, size_t size, double shift_of_first) {
  Random random(seed);
  std::vector<WestfallYoungTest> tests;
  for (size_t i = 0; i < size; ++i) {
    tests.push_back(drawn_test(random, i == 0 ? shift_of_first : 0));
    tests.back().share = 0.05 / static_cast<double>(size);
  }
  return tests;
}

TEST(Normal, QuantileTurnsTheTailAround) {
  EXPECT_NEAR(normal_quantile(0.025), 1.959964, 1e-5);
  for (const double z : {-2.0, 0.0, 1.3, 4.5, 8.0})
    EXPECT_NEAR(normal_quantile(normal_tail(z)), z, 1e-6);
}

TEST(WestfallYoung, FalseAlarmsOfAllTestsTogetherStayBelowAlpha) {
  int alarms = 0;
  constexpr int kRounds = 300;
  for (int round = 0; round < kRounds; ++round) {
    const WestfallYoungResult result = westfall_young(
        drawn_family(static_cast<uint64_t>(round), 30, 0), kPatients, 400, 0.05, 7, 1);
    alarms += *std::min_element(result.corrected_p.begin(), result.corrected_p.end()) <= 0.05;
  }
  EXPECT_LE(alarms, 28) << "15 expected of 300, standard deviation 3.8";
  EXPECT_GE(alarms, 4) << "a test that never rejects holds any level";
}

TEST(WestfallYoung, AStrongDifferenceIsFoundAndOnlyThat) {
  const WestfallYoungResult result =
      westfall_young(drawn_family(3, 40, 6), kPatients, 1000, 0.05, 1, 1);
  EXPECT_LE(result.corrected_p[0], 0.01);
  EXPECT_GT(*std::min_element(result.corrected_p.begin() + 1, result.corrected_p.end()), 0.05);
}

TEST(WestfallYoung, TheSameTestTwiceCostsNothing) {
  std::vector<WestfallYoungTest> once = drawn_family(5, 1, 2.2), twice = once;
  twice.push_back(once.front());
  for (WestfallYoungTest& test : twice) test.share = 0.025;
  once.front().share = 0.05;
  const double a = westfall_young(once, kPatients, 2000, 0.05, 1, 1).corrected_p[0];
  const double b = westfall_young(twice, kPatients, 2000, 0.05, 1, 1).corrected_p[0];
  EXPECT_NEAR(a, b, 1e-12) << "Bonferroni would double it";
}

TEST(WestfallYoung, IsTheSameForAnyNumberOfThreads) {
  const auto family = drawn_family(9, 25, 3);
  EXPECT_EQ(westfall_young(family, kPatients, 300, 0.05, 4, 1).corrected_p,
            westfall_young(family, kPatients, 300, 0.05, 4, 3).corrected_p);
}

TEST(Shares, SumToAlphaAndLeaveNobodyOut) {
  const std::vector<double> shares = shares_of({{4, 1}, {2, 1}, {0.1, 1}, {4, 0.05}, {0, 1}}, 0.05);
  EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 0.05, 1e-9);
  for (const double share : shares) EXPECT_GE(share, 0.05 * 0.05 / 5 - 1e-12);
  EXPECT_GT(shares[0], 5 * shares[3]) << "what matters less gets less";
  EXPECT_GT(shares[1], 5 * shares[2])
      << "a test that cannot see the gap gets hardly more than its even part";
}

}  // namespace
}  // namespace radgen::audit

#include "radgen/core/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include "radgen/core/error.h"
#include "radgen/core/parallel.h"

namespace radgen {
namespace {

// Values of the published reference algorithms (splitmix64 seeds xoshiro256++ with seed 0 and seed
// 42), computed independently of this code.
TEST(Random, FollowsTheReferenceAlgorithm) {
  Random zero(0);
  for (const uint64_t expected :
       {0x53175d61490b23dfULL, 0x61da6f3dc380d507ULL, 0x5c0fdf91ec9a7bfcULL, 0x02eebf8c3bbe5e1aULL})
    EXPECT_EQ(zero.bits(), expected);
  Random seeded(42);
  for (const uint64_t expected :
       {0xd0764d4f4476689fULL, 0x519e4174576f3791ULL, 0xfbe07cfb0c24ed8cULL, 0xb37d9f600cd835b8ULL})
    EXPECT_EQ(seeded.bits(), expected);
}

TEST(Random, SameStreamSameNumbersOtherStreamOtherNumbers) {
  Random a(7, {1, 2}), b(7, {1, 2}), c(7, {2, 1}), d(8, {1, 2});
  const uint64_t first = a.bits();
  EXPECT_EQ(first, b.bits());
  EXPECT_NE(first, c.bits());
  EXPECT_NE(first, d.bits());
}

TEST(Random, ForkDependsOnTheSeedAndNotOnWhatWasDrawn) {
  Random fresh(5), used(5);
  for (int i = 0; i < 100; ++i) used.bits();
  EXPECT_EQ(fresh.fork(3).bits(), used.fork(3).bits());
  EXPECT_NE(fresh.fork(3).bits(), fresh.fork(4).bits());
}

TEST(Random, NumbersDoNotDependOnTheNumberOfThreads) {
  const auto draw = [](int threads) {
    std::vector<double> values(200);
    parallel_for(values.size(), threads, [&](size_t i) {
      Random random(9, {i});
      for (int k = 0; k < 5; ++k) values[i] += random.normal();
    });
    return values;
  };
  EXPECT_EQ(draw(1), draw(4));
}

TEST(Random, IntegersReachBothEndsAndAreEven) {
  Random random(1);
  std::array<int, 6> seen{};
  for (int i = 0; i < 60000; ++i) ++seen[static_cast<size_t>(random.integer(-2, 3) + 2)];
  for (const int count : seen) EXPECT_NEAR(count, 10000, 400);  // 4 standard deviations
  EXPECT_EQ(random.integer(5, 5), 5);
  EXPECT_NO_THROW(random.integer(INT64_MIN, INT64_MAX));
  EXPECT_THROW(random.integer(1, 0), Error);
}

TEST(Random, DistributionsHaveTheirMoments) {
  Random random(2);
  constexpr int kCount = 100000;
  double sum = 0, squares = 0, uniform = 0, small = 0, large = 0;
  for (int i = 0; i < kCount; ++i) {
    const double x = random.normal(3, 2);
    sum += x;
    squares += (x - 3) * (x - 3);
    const double u = random.uniform(2, 4);
    ASSERT_GE(u, 2);
    ASSERT_LT(u, 4);
    uniform += u;
    small += static_cast<double>(random.poisson(2.5));
    large += static_cast<double>(random.poisson(100));
  }
  EXPECT_NEAR(sum / kCount, 3, 0.03);
  EXPECT_NEAR(std::sqrt(squares / kCount), 2, 0.03);
  EXPECT_NEAR(uniform / kCount, 3, 0.01);
  EXPECT_NEAR(small / kCount, 2.5, 0.03);
  EXPECT_NEAR(large / kCount, 100, 0.15);
  EXPECT_EQ(random.poisson(0), 0);
}

TEST(Random, LogUniformIsEvenOnTheLogScale) {
  Random random(3);
  int below = 0;
  for (int i = 0; i < 10000; ++i) {
    const double x = random.log_uniform(0.01, 100);
    ASSERT_GE(x, 0.01);
    ASSERT_LE(x, 100);
    below += x < 1;
  }
  EXPECT_NEAR(below, 5000, 250);
}

TEST(Random, WeightedNeverPicksWeightZero) {
  Random random(4);
  std::array<int, 4> seen{};
  for (int i = 0; i < 10000; ++i) ++seen[random.weighted({0, 1, 3, 0})];
  EXPECT_EQ(seen[0], 0);
  EXPECT_EQ(seen[3], 0);
  EXPECT_NEAR(seen[2], 7500, 200);
  EXPECT_THROW(random.weighted({0, 0}), Error);
}

TEST(Random, ShuffleKeepsEveryItem) {
  Random random(6);
  std::vector<int> items(50);
  std::iota(items.begin(), items.end(), 0);
  const std::vector<int> sorted = items;
  random.shuffle(items);
  EXPECT_NE(items, sorted);
  std::sort(items.begin(), items.end());
  EXPECT_EQ(items, sorted);
}

TEST(Hash, SpreadsNeighbours) {
  std::set<uint64_t> seen;
  for (uint64_t a = 0; a < 100; ++a) {
    for (uint64_t b = 0; b < 100; ++b) seen.insert(hash_mix(a, b));
  }
  EXPECT_EQ(seen.size(), 10000u);
  EXPECT_NE(hash_text("study-1"), hash_text("study-2"));
  EXPECT_EQ(hash_text("x"), hash_text("x"));
}

}  // namespace
}  // namespace radgen

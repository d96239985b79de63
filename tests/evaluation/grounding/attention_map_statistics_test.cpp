// What a map looks like: entropy, spread, border. Hand-computed.
#include "evaluation/grounding/attention_map_statistics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace radgen::evaluation {
namespace {

AttentionMap map_of(int rows, int columns, std::vector<float> values) {
  return {rows, columns, std::move(values)};
}
const Box kSquare{0, 0, 40, 40};

TEST(AttentionMapStatistics, EntropyIsOneForAnEvenMapAndZeroForOnePatch) {
  EXPECT_NEAR(normalized_entropy(map_of(2, 2, {0.25f, 0.25f, 0.25f, 0.25f})), 1, 1e-12);
  EXPECT_DOUBLE_EQ(normalized_entropy(map_of(2, 2, {0, 0.4f, 0, 0})), 0);
  EXPECT_DOUBLE_EQ(normalized_entropy(map_of(2, 2, {0, 0, 0, 0})), 0);
}

TEST(AttentionMapStatistics, SpreadIsTheShareThatAnEvenMapCovers) {
  EXPECT_NEAR(map_spread(map_of(2, 2, {0.3f, 0.3f, 0, 0}), kSquare, 40, 40), 0.5, 1e-6);
  EXPECT_NEAR(map_spread(map_of(2, 2, {1, 1, 1, 1}), kSquare, 40, 40), 1, 1e-6);
  // The map's rectangle is half of the image.
  EXPECT_NEAR(map_spread(map_of(1, 2, {1, 1}), {0, 0, 40, 20}, 40, 40), 0.5, 1e-6);
}

TEST(AttentionMapStatistics, BrokenMapsHaveNoSpread) {
  EXPECT_FALSE(is_usable_map(map_of(2, 2, {1, 1, 1})));
  EXPECT_FALSE(is_usable_map(map_of(1, 2, {1, -1})));
  EXPECT_FALSE(is_usable_map(map_of(1, 2, {0, 0})));
  EXPECT_FALSE(is_usable_map(map_of(1, 1, {NAN})));
  EXPECT_TRUE(std::isnan(map_spread(map_of(1, 2, {1, -1}), kSquare, 40, 40)));
  EXPECT_TRUE(std::isnan(border_share(map_of(1, 2, {0, 0}), kSquare, 40, 40, 0.1)));
}

TEST(AttentionMapStatistics, BorderIsWhatLiesAtTheEdgesOrOutside) {
  std::vector<float> values(16, 0.0f);
  values[0] = 3;  // a corner patch of a 4 x 4 grid: its centre lies at an eighth
  values[5] = 1;  // an inner one
  EXPECT_NEAR(border_share(map_of(4, 4, values), kSquare, 40, 40, 0.2), 0.75, 1e-6);
  EXPECT_NEAR(border_share(map_of(4, 4, values), kSquare, 40, 40, 0.1), 0, 1e-6);
  EXPECT_NEAR(border_share(map_of(4, 4, values), {-40, 0, 40, 40}, 40, 40, 0), 1, 1e-6);
}

}  // namespace
}  // namespace radgen::evaluation

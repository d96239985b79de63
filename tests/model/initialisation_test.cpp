#include "radgen/model/initialisation.h"

#include <gtest/gtest.h>

#include <cmath>

namespace radgen {
namespace {

TEST(SineCosinePositions, HoldTheRowInTheFirstHalfAndTheColumnInTheSecond) {
  const torch::Tensor positions = sine_cosine_positions({3, 4}, 8, 0.5).view({3, 4, 8});
  for (int64_t row = 0; row < 3; ++row) {
    for (int64_t column = 0; column < 4; ++column) {
      const torch::Tensor here = positions[row][column];
      EXPECT_TRUE(torch::equal(here.narrow(0, 0, 4), positions[row][0].narrow(0, 0, 4)));
      EXPECT_TRUE(torch::equal(here.narrow(0, 4, 4), positions[0][column].narrow(0, 4, 4)));
      EXPECT_NEAR(here[0].item<double>(), 0.5 * std::sin(row), 1e-6);
      EXPECT_NEAR(here[6].item<double>(), 0.5 * std::cos(column), 1e-6);
    }
  }
}

TEST(SineCosinePositions, TellEveryPatchOfALargeGridApart) {
  const torch::Tensor positions = sine_cosine_positions({16, 13}, 32, 1)[0];
  const torch::Tensor distance = torch::cdist(positions, positions) + torch::eye(208) * 9;
  EXPECT_GT(distance.min().item<double>(), 0.3);
}

}  // namespace
}  // namespace radgen

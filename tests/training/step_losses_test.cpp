#include "radgen/training/step_losses.h"

#include <gtest/gtest.h>

#include "radgen/report/finding.h"
#include "training/small_training.h"

namespace radgen {
namespace {

using torch::Tensor;

constexpr int64_t kClasses = static_cast<int64_t>(kFindingCount);

TEST(HalfSize, ImagesAndPatchLabelsAreMeansOfWhatTheyCover) {
  Batch batch;
  batch.image = torch::arange(64, torch::kFloat).view({1, 1, 8, 8});  // 2 x 2 patches of 4 px
  batch.patch_labels = torch::zeros({1, kClasses, 4});
  batch.patch_labels[0][2] = torch::tensor({1.F, 0.F, 1.F, 0.F});
  const Batch small = at_low_resolution(batch, {2, 2});
  ASSERT_EQ(small.image.sizes(), (std::vector<int64_t>{1, 1, 4, 4}));
  EXPECT_FLOAT_EQ(small.image[0][0][0][0].item<float>(), (0 + 1 + 8 + 9) / 4.0F);
  ASSERT_EQ(small.patch_labels.sizes(), (std::vector<int64_t>{1, kClasses, 1}));
  EXPECT_FLOAT_EQ(small.patch_labels[0][2][0].item<float>(), 0.5F);
}

TEST(HalfSize, AnOddGridIsRoundedUp) {
  Batch batch;
  batch.image = torch::ones({2, 1, 12, 20});
  batch.patch_labels = torch::ones({2, kClasses, 15});
  const Batch small = at_low_resolution(batch, {3, 5});
  EXPECT_EQ(small.image.sizes(), (std::vector<int64_t>{2, 1, 8, 12}));
  EXPECT_EQ(small.patch_labels.sizes(), (std::vector<int64_t>{2, kClasses, 6}));
  EXPECT_TRUE(torch::allclose(small.patch_labels, torch::ones_like(small.patch_labels)));
}

class StepLosses : public ::testing::Test {
 protected:
  TrainConfig config = small_train_config();
  Batch batch = small_batch();
};

TEST_F(StepLosses, WordsCountFromTheFirstStepBehindTheEncoders) {
  GroundedModel network(config.network);
  network->eval();
  for (const int64_t step : {0, 3}) {
    const Losses losses = step_losses(network, batch, config, step);
    EXPECT_FALSE(losses.text.defined());
    EXPECT_NEAR(losses.total.item<double>(),
                losses.labels.item<double>() + losses.patches.item<double>(), 1e-6);
  }
  EXPECT_TRUE(step_losses(network, batch, config, 4).text.defined());
}

TEST_F(StepLosses, TheFirstStepsSeeSmallImages) {
  GroundedModel network(config.network);
  network->eval();
  const double small = step_losses(network, batch, config, 1).patches.item<double>();
  const double whole = step_losses(network, batch, config, 2).patches.item<double>();
  EXPECT_NE(small, whole);
  config.loop.low_resolution_steps = 0;
  EXPECT_EQ(step_losses(network, batch, config, 1).patches.item<double>(), whole);
}

}  // namespace
}  // namespace radgen

#include "radgen/training/step_losses.h"

#include <gtest/gtest.h>

#include "radgen/report/finding.h"

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
  StepLosses() {
    config.network.encoder = {.stem = "conv",
                              .patch_px = 4,
                              .width = 16,
                              .layers = 1,
                              .heads = 2,
                              .mlp_ratio = 2,
                              .image_height_px = 12,
                              .image_width_px = 16,
                              .has_cls = false};
    config.network.decoder.width = 12;
    config.network.decoder.layers = 1;
    config.network.decoder.heads = 2;
    config.network.decoder.vocabulary_size = 20;
    config.network.finding_classes = kClasses;
    config.network.loss.lambda_labels = config.network.loss.lambda_patches = 1;
    config.loop.encoder_pretraining_steps = 4;
    config.loop.low_resolution_steps = 2;
    batch.image = torch::randn({2, 1, 12, 16});
    batch.text_ids = torch::tensor({{2, 6, 7, 3}, {2, 8, 3, 0}}, torch::kLong);
    batch.targets = torch::tensor({{6, 7, 3, 0}, {8, 3, 0, 0}}, torch::kLong);
    batch.prompt_length = torch::zeros({2}, torch::kLong);
    batch.text_mask = batch.targets > 0;
    batch.positive_tokens = batch.grounding_tokens = torch::zeros({2, 4}, torch::kBool);
    batch.grounding_masks = torch::zeros({2, 4, 12});
    batch.labels = torch::zeros({2, kClasses});
    batch.patch_labels = torch::zeros({2, kClasses, 12});
    batch.has_boxes = torch::ones({2, kClasses}, torch::kBool);
  }
  TrainConfig config;
  Batch batch;
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

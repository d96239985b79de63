#include "radgen/training/checkpoint.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "radgen/core/error.h"
#include "radgen/core/files.h"

namespace radgen {
namespace {

ModelConfig tiny() {
  ModelConfig config;
  config.encoder.patch_px = 8;
  config.encoder.width = 8;
  config.encoder.layers = 1;
  config.encoder.heads = 2;
  config.encoder.image_height_px = config.encoder.image_width_px = 16;
  config.decoder.width = 8;
  config.decoder.layers = 1;
  config.decoder.heads = 2;
  config.decoder.vocabulary_size = 20;
  config.decoder.max_tokens = 16;
  return config;
}

class Checkpoint : public ::testing::Test {
 protected:
  void SetUp() override {
    run_ = fs::temp_directory_path() / ("radgen_checkpoint_" + std::to_string(::getpid()));
    fs::remove_all(run_);
    torch::manual_seed(1);
    network_ = GroundedModel(tiny());
    optimizer_ = std::make_unique<Optimizer>(parameters(network_), OptimizerConfig());
  }
  void TearDown() override { fs::remove_all(run_); }

  static std::map<std::string, torch::Tensor> parameters(GroundedModel& network) {
    std::map<std::string, torch::Tensor> named;
    for (const auto& item : network->named_parameters()) named[item.key()] = item.value();
    return named;
  }
  void save(int64_t step, bool is_best, int64_t keep_last = 2) {
    TrainState state;
    state.step = step;
    state.best = 0.25;
    save_checkpoint(run_, state, network_, *optimizer_, is_best, keep_last);
  }

  fs::path run_;
  GroundedModel network_{nullptr};
  std::unique_ptr<Optimizer> optimizer_;
};

TEST_F(Checkpoint, RestoresWeightsAndState) {
  save(7, true);
  torch::manual_seed(2);
  GroundedModel other(tiny());
  Optimizer optimizer(parameters(other), OptimizerConfig());
  const auto found = find_checkpoint(run_);
  ASSERT_TRUE(found.has_value());
  const TrainState state = load_checkpoint(*found, other, optimizer);
  EXPECT_EQ(state.step, 7);
  EXPECT_EQ(*state.best, 0.25);
  for (const auto& item : network_->named_parameters())
    EXPECT_TRUE(torch::equal(item.value(), other->named_parameters()[item.key()])) << item.key();
}

TEST_F(Checkpoint, KeepsTheLastOnesAndTheBest) {
  save(1, true);
  for (int64_t step : {2, 3, 4, 5}) save(step, false);
  EXPECT_TRUE(fs::exists(run_ / "checkpoints/step-00000001"));
  EXPECT_FALSE(fs::exists(run_ / "checkpoints/step-00000003"));
  EXPECT_TRUE(fs::exists(run_ / "checkpoints/step-00000004"));
  EXPECT_EQ(fs::read_symlink(run_ / "checkpoints/last"), "step-00000005");
  EXPECT_EQ(fs::read_symlink(run_ / "checkpoints/best"), "step-00000001");
}

TEST_F(Checkpoint, AlteredOrHalfWrittenOnesArePassedOver) {
  save(1, false);
  save(2, false);
  std::string bytes = read_file(run_ / "checkpoints/step-00000002/model.safetensors");
  bytes.back() ^= 1;
  write_file_atomic(run_ / "checkpoints/step-00000002/model.safetensors", bytes);
  fs::create_directories(run_ / "checkpoints/step-00000003.tmp-1");
  const auto found = find_checkpoint(run_);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->filename(), "step-00000001");
  EXPECT_FALSE(fs::exists(run_ / "checkpoints/step-00000003.tmp-1"));
  EXPECT_THROW(load_checkpoint_weights(run_ / "checkpoints/step-00000002", network_), Error);
}

TEST_F(Checkpoint, ARunWithoutOneHasNone) { EXPECT_FALSE(find_checkpoint(run_).has_value()); }

}  // namespace
}  // namespace radgen

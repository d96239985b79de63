#include "radgen/training/untrained_model.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "data/temporary_folder.h"
#include "inference/tiny_model.h"
#include "radgen/core/error.h"
#include "radgen/core/log.h"

namespace radgen {
namespace {

TEST(TrainConfig, EveryConfigurationOfTheProjectLoadsAndFitsTogether) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(RADGEN_SOURCE_DIR) / "configs")) {
    if (entry.path().extension() != ".json") continue;
    TrainConfig config;
    EXPECT_NO_THROW(load_config(config, {entry.path()}, {})) << entry.path();
    EXPECT_NO_THROW(completed(config, 1500, {})) << entry.path();
    ++count;
  }
  EXPECT_GE(count, 5);
}

class UntrainedModelTest : public ::testing::Test {
 protected:
  UntrainedModelTest() {
    const LoadedModel tiny = tiny_model(folder_.path());
    tokenizer_ = tiny.tokenizer;
    config_.network = tiny.config.network;
    config_.data.model_input = tiny.config.model_input;
    config_.decoding.num_samples = 3;
    config_.seed = 5;
    config_ = completed(config_, tokenizer_->vocabulary_size(), {.size_px = 64});
  }
  TemporaryFolder folder_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  TrainConfig config_;
};

TEST_F(UntrainedModelTest, ItsFolderIsMarkedAndKeepsWhatTheConfigurationSays) {
  const LoadedModel made = untrained_model(config_, tokenizer_);
  save_model_folder(folder_.path() / "model", made, made.card);
  const LoadedModel read = load_model_folder(folder_.path() / "model");
  EXPECT_TRUE(read.has_random_weights);
  EXPECT_TRUE(read.is_phantom_trained) << "the careful answer for who does not know the mark";
  EXPECT_NE(read.version.find("random weights"), std::string::npos);
  EXPECT_EQ(read.card["random_weights"], true);
  EXPECT_EQ(read.config.decoding.num_samples, 3);
  EXPECT_EQ(read.config.model_input.preparation.size_px, 64);
  EXPECT_EQ(read.calibration.studies, 0);
  for (const auto& item : made.network->named_parameters())
    EXPECT_TRUE(torch::equal(item.value(), read.network->named_parameters()[item.key()]))
        << item.key();
}

TEST_F(UntrainedModelTest, WeightsFollowFromTheSeedAlone) {
  const auto weights = [&](int64_t seed) {
    config_.seed = seed;
    torch::rand({3});  // whatever was drawn before
    return torch::nn::utils::parameters_to_vector(untrained_network(config_)->parameters());
  };
  const torch::Tensor first = weights(5);
  EXPECT_TRUE(torch::equal(first, weights(5)));
  EXPECT_FALSE(torch::equal(first, weights(6)));
}

TEST_F(UntrainedModelTest, ATokenizerOfAnotherSizeIsRefused) {
  config_.network.decoder.vocabulary_size += 1;
  EXPECT_THROW(untrained_model(config_, tokenizer_), Error);
}

}  // namespace
}  // namespace radgen

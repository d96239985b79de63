#include "radgen/training/trainer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "data/small_dataset.h"
#include "data/temporary_folder.h"
#include "radgen/core/error.h"
#include "radgen/core/signals.h"
#include "radgen/core/stop.h"
#include "radgen/inference/model_folder.h"
#include "training/small_training.h"

namespace radgen {
namespace {

class TrainerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    root_ = new TemporaryFolder();
    prepare_small_dataset(root_->path() / "in", data(), 6, 64);
  }
  static void TearDownTestSuite() { delete root_; }
  static fs::path data() { return root_->path() / "out"; }

  // Every part of the demo's training, in seconds.
  static TrainRequest request(const std::string& run) {
    TrainRequest request;
    TrainConfig& config = request.config;
    config = small_train_config();
    config.network.encoder.patch_px = 16;
    config.network.decoder.max_tokens = 48;
    config.data.model_input = {.height_px = 64, .width_px = 48};
    config.loop.batch_size = 4;
    config.loop.max_steps = 6;
    config.loop.encoder_pretraining_steps = 2;
    config.loop.low_resolution_steps = 1;
    config.loop.log_every_steps = 2;
    config.validation.every_steps = 3;
    config.validation.generated_studies = 2;
    config.decoding.max_tokens = 12;
    request.data = data();
    request.output = root_->path() / run;
    request.device = "cpu";
    return request;
  }
  static std::string weights_of(const fs::path& run) {
    return sha256_file(run / "model/model.safetensors");
  }
  static inline TemporaryFolder* root_ = nullptr;
};

TEST_F(TrainerTest, ARunEndsInAModelFolderThatLoadsAndInItsMetrics) {
  const TrainRequest asked = request("whole");
  const TrainSummary summary = train(asked);
  EXPECT_EQ(summary.steps, 6);
  EXPECT_EQ(summary.stopped_by, "schedule");
  EXPECT_EQ(summary.validation["studies"], 12);
  const LoadedModel model = load_model_folder(summary.model);
  EXPECT_EQ(model.config.network.finding_classes, static_cast<int64_t>(kFindingCount));
  EXPECT_EQ(model.calibration.finding_thresholds.size(), kFindingCount);
  EXPECT_EQ(model.card["training"]["steps"], 6);
  int64_t validations = 0, logged = 0;
  read_jsonl(asked.output / "metrics.jsonl", [&](const nlohmann::json& line, size_t) {
    validations += line["split"] == "validate";
    logged += line["split"] == "train";
  });
  EXPECT_EQ(validations, 2);
  EXPECT_EQ(logged, 3);
}

TEST_F(TrainerTest, ARunThatItsTokenStoppedAndThatIsResumedEndsInTheSameWeights) {
  const auto long_run = [](const std::string& name) {
    TrainRequest asked = request(name);
    asked.config.loop.max_steps = 80;
    asked.config.loop.checkpoint_every_steps = 20;
    asked.config.validation.every_steps = 80;
    return asked;
  };
  train(long_run("undisturbed"));
  StopSource source;
  std::thread drain([&] {
    const fs::path first = root_->path() / "stopped/checkpoints/step-00000020";
    for (int waited_ms = 0; !fs::exists(first) && waited_ms < 60000; ++waited_ms)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    source.request(SIGTERM);
  });
  {
    const StopScope scope(source.token());
    EXPECT_THROW(train(long_run("stopped")), Interrupted);
  }
  drain.join();
  EXPECT_FALSE(fs::exists(root_->path() / "stopped/model"));
  const auto last = fs::read_symlink(root_->path() / "stopped/checkpoints/last").string();
  EXPECT_GE(last, "step-00000020") << "what was learnt until then is saved";
  EXPECT_LT(last, "step-00000080");
  TrainRequest resumed = long_run("stopped");
  resumed.is_resume = true;
  EXPECT_EQ(train(resumed).steps, 80);
  EXPECT_EQ(weights_of(root_->path() / "stopped"), weights_of(root_->path() / "undisturbed"));
}

TEST_F(TrainerTest, ASignalOfTheProcessStopsNoTrainingThatWasNotGivenItsToken) {
  install_stop_signals();
  std::raise(SIGTERM);
  EXPECT_EQ(train(request("library call")).steps, 6);
  forget_stop_signal();
}

TEST_F(TrainerTest, APlanWritesNothing) {
  const auto plan = plan_training(request("planned"));
  EXPECT_EQ(plan["train_studies"], 12);
  EXPECT_EQ(plan["validate_studies"], 12);
  EXPECT_EQ(plan["steps"], 6);
  EXPECT_GT(plan["parameters"], 1000);
  EXPECT_FALSE(fs::exists(root_->path() / "planned"));
}

TEST_F(TrainerTest, WhatCannotBeTrainedLeavesNothingBehind) {
  TrainRequest elsewhere = request("nothing");
  elsewhere.data = root_->path() / "no such folder";
  EXPECT_THROW(train(elsewhere), Error);
  TrainRequest too_large = request("nothing");
  too_large.config.loop.batch_size = 13;
  EXPECT_THROW(train(too_large), Error);
  EXPECT_FALSE(fs::exists(root_->path() / "nothing"));
}

TEST_F(TrainerTest, PatienceEndsARunThatGetsNoBetter) {
  TrainRequest patient = request("patient");
  patient.config.validation.every_steps = 1;
  patient.config.validation.generated_studies = 0;
  patient.config.validation.metric = "loss";
  patient.config.validation.mode = "min";
  patient.config.validation.min_delta = 1e6;  // nothing is so much better
  patient.config.validation.patience = 2;
  const TrainSummary summary = train(patient);
  EXPECT_EQ(summary.stopped_by, "patience");
  EXPECT_EQ(summary.steps, 3);
  EXPECT_EQ(summary.best_step, 1);
}

}  // namespace
}  // namespace radgen

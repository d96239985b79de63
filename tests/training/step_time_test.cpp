#include "radgen/training/step_time.h"

#include <gtest/gtest.h>

#include "training/small_training.h"

namespace radgen {
namespace {

TEST(StepTime, EachPhaseCountsItsOwnSteps) {
  LoopConfig loop;
  loop.encoder_pretraining_steps = 100;
  loop.low_resolution_steps = 60;
  const StepTimes times{.half_size = 0.1, .encoder = 0.3, .whole = 1};
  EXPECT_DOUBLE_EQ(expected_seconds(times, loop, 0, 200), 60 * 0.1 + 40 * 0.3 + 100 * 1);
  EXPECT_DOUBLE_EQ(expected_seconds(times, loop, 50, 110), 10 * 0.1 + 40 * 0.3 + 10 * 1);
  EXPECT_DOUBLE_EQ(expected_seconds(times, loop, 150, 200), 50);
  EXPECT_EQ(describe_times(times, loop, 50, 110),
            "10 steps of 0.10 s, 40 steps of 0.30 s, 10 steps of 1.00 s");
}

TEST(StepTime, TenStepsAreMeasuredOverAllPhases) {
  const StepTimes times = measure_steps(small_train_config(), small_batch(), torch::kCPU,
                                        /*is_bf16=*/false, /*limit_s=*/600);
  EXPECT_EQ(times.measured, 10);
  EXPECT_GT(times.half_size, 0);
  EXPECT_GT(times.encoder, 0);
  EXPECT_GT(times.whole, 0);
}

TEST(StepTime, OneStepOfEachPhaseIsMeasuredWhereTheyAreSlow) {
  const StepTimes times = measure_steps(small_train_config(), small_batch(), torch::kCPU,
                                        /*is_bf16=*/false, /*limit_s=*/0);
  EXPECT_EQ(times.measured, 3);
  EXPECT_GT(times.whole, 0);
}

}  // namespace
}  // namespace radgen

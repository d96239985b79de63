// How long a training will take on this machine, told before it begins.
//
//   const StepTimes times = measure_steps(config, batch, device, is_bf16);
//   expected_seconds(times, config.loop, /*from=*/0, /*to=*/2100);
//
// The phases of the schedule (step_losses.h) cost differently, so each is measured; a twin of the
// network takes the steps, the one that is trained is not touched.
#pragma once

#include <torch/torch.h>

#include <string>

#include "radgen/data/batch.h"
#include "radgen/training/config.h"

namespace radgen {

// Seconds of one optimizer step (all its `accumulation` batches) in each phase; 0: no such phase.
struct StepTimes {
  double half_size = 0, encoder = 0, whole = 0;
  int64_t measured = 0;  // steps that were timed, without those that warm up
};

// Ten steps at most: fewer when `limit_s` has passed, but one in each phase. `batch` on the CPU.
StepTimes measure_steps(const TrainConfig& config, const Batch& batch, torch::Device device,
                        bool is_bf16, double limit_s = 20);

// Seconds for the steps [from, to).
double expected_seconds(const StepTimes& times, const LoopConfig& loop, int64_t from, int64_t to);

// "800 steps of 0.08 s, 200 of 0.19 s and 1100 of 0.41 s"
std::string describe_times(const StepTimes& times, const LoopConfig& loop, int64_t from,
                           int64_t to);

}  // namespace radgen

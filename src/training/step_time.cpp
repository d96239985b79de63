#include "radgen/training/step_time.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <map>

#include "radgen/model/autocast.h"
#include "radgen/training/optimizer.h"
#include "radgen/training/step_losses.h"

namespace radgen {

namespace {

// One phase of the schedule: its steps are [begin, end).
struct Phase {
  int64_t begin, end, timed;  // timed: steps to measure; ten in all
  double StepTimes::*seconds;
};

std::array<Phase, 3> phases(const LoopConfig& loop) {
  const int64_t all = std::numeric_limits<int64_t>::max();
  return {Phase{0, loop.low_resolution_steps, 3, &StepTimes::half_size},
          Phase{loop.low_resolution_steps, loop.encoder_pretraining_steps, 3, &StepTimes::encoder},
          Phase{loop.encoder_pretraining_steps, all, 4, &StepTimes::whole}};
}

int64_t steps_within(const Phase& phase, int64_t from, int64_t to) {
  return std::max<int64_t>(0, std::min(to, phase.end) - std::max(from, phase.begin));
}

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

StepTimes measure_steps(const TrainConfig& config, const Batch& batch, torch::Device device,
                        bool is_bf16, double limit_s) {
  GroundedModel twin(config.network);
  twin->to(device);
  twin->train();
  std::map<std::string, torch::Tensor> parameters;
  for (const auto& item : twin->named_parameters()) parameters[item.key()] = item.value();
  Optimizer optimizer(parameters, config.optimizer);
  const Batch seen = batch.to(device);
  auto take = [&](int64_t step) {
    const double started = now_s();
    for (int64_t i = 0; i < config.loop.accumulation; ++i) {
      Losses losses;
      {
        const Autocast precision(is_bf16, device);
        losses = step_losses(twin, seen, config, step);
      }
      losses.total.backward();
      losses.total.item<double>();  // waits for the device
    }
    optimizer.step(0);
    return now_s() - started;
  };
  StepTimes times;
  const double begin = now_s();
  for (const Phase& phase : phases(config.loop)) {
    if (phase.begin >= phase.end) continue;
    const double first = take(phase.begin);  // allocates and chooses kernels
    double sum = 0;
    int64_t count = 0;
    while (count < phase.timed && now_s() - begin < limit_s) {
      sum += take(phase.begin);
      ++count;
    }
    times.*phase.seconds = count > 0 ? sum / static_cast<double>(count) : first;
    times.measured += std::max<int64_t>(count, 1);
  }
  return times;
}

double expected_seconds(const StepTimes& times, const LoopConfig& loop, int64_t from, int64_t to) {
  double seconds = 0;
  for (const Phase& phase : phases(loop))
    seconds += times.*phase.seconds * static_cast<double>(steps_within(phase, from, to));
  return seconds;
}

std::string describe_times(const StepTimes& times, const LoopConfig& loop, int64_t from,
                           int64_t to) {
  std::vector<std::string> parts;
  for (const Phase& phase : phases(loop))
    if (const int64_t steps = steps_within(phase, from, to); steps > 0)
      parts.push_back(fmt::format("{} steps of {:.2f} s", steps, times.*phase.seconds));
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace radgen

// Checkpoints: all that makes a resumed run continue bit for bit, written so that a half-written
// one is never taken.
//
//   RUN/checkpoints/step-00000100/{model,optimizer}.safetensors, state.json, manifest.json
//   RUN/checkpoints/last -> step-...    RUN/checkpoints/best -> step-...
//
// A checkpoint counts only with a manifest.json whose sizes and hashes hold.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "radgen/model/grounded_model.h"
#include "radgen/training/optimizer.h"

namespace radgen {

// Everything of a run that is not a tensor. Random numbers need no state: every draw is from a
// stream of (seed, step) or (seed, epoch, study).
struct TrainState {
  int64_t step = 0;            // optimizer steps done
  int64_t epoch = 0;           // of the next batch
  int64_t batch_in_epoch = 0;  // batches taken in this epoch
  int64_t studies_seen = 0;
  double seconds = 0;          // training time so far, over all resumptions
  std::optional<double> best;  // best value of the selection metric
  int64_t best_step = 0;
  int64_t stalled = 0;   // validations since the best
  double mean_loss = 0;  // running average shown in the log
  std::string config_sha256, data_sha256;
};

// Writes, moves `last` (and `best`), then deletes all but the newest `keep_last` and the best one.
void save_checkpoint(const std::filesystem::path& run, const TrainState& state,
                     const GroundedModel& network, const Optimizer& optimizer, bool is_best,
                     int64_t keep_last);

// The newest checkpoint of a run whose manifest holds; nothing when there is none. Left-over
// temporary folders go.
std::optional<std::filesystem::path> find_checkpoint(const std::filesystem::path& run);

// Throws Error{kData} when a file is missing, altered or belongs to another network.
TrainState load_checkpoint(const std::filesystem::path& checkpoint, GroundedModel& network,
                           Optimizer& optimizer);
void load_checkpoint_weights(const std::filesystem::path& checkpoint, GroundedModel& network);

}  // namespace radgen

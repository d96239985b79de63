// The training loop: steps, validations, checkpoints, and the model folder at the end.
//
//   TrainSummary summary = train({.config = config, .data = "prepared", .output = "runs/a"});
//
// A killed run continues bit for bit on one CPU machine with the same number of threads: weights,
// optimizer and position are in the checkpoint, and every random draw is from a stream of (seed,
// step) or (seed, epoch, study).
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "radgen/training/config.h"
#include "radgen/training/initial_weights.h"

namespace radgen {

struct TrainRequest {
  TrainConfig config;
  std::filesystem::path data;    // prepared dataset
  std::filesystem::path output;  // run folder
  InitialWeights initial;        // what to start from; empty: chance
  bool is_resume = false;
  bool may_overwrite = false;
  std::string device = "auto";
  std::string command;  // what was typed, for command.txt
};

struct TrainSummary {
  int64_t steps = 0, parameters = 0;
  double seconds = 0, studies_per_s = 0, peak_rss_gib = 0;
  std::string stopped_by;  // "schedule", "patience", "max_minutes"
  int64_t best_step = 0;
  nlohmann::ordered_json validation;  // of the best checkpoint
  std::filesystem::path model;
};

// Throws Interrupted after saving when a stop signal came in.
TrainSummary train(const TrainRequest& request);

// What --dry-run prints: checks data and config, builds the network, writes nothing.
nlohmann::ordered_json plan_training(const TrainRequest& request);

// Total optimizer steps of a run over `studies` training studies.
int64_t total_steps(const LoopConfig& loop, int64_t studies);

}  // namespace radgen

#include "radgen/training/untrained_model.h"

#include "radgen/core/error.h"
#include "radgen/core/random.h"
#include "radgen/core/tool.h"

namespace radgen {

namespace {

constexpr uint64_t kWeightStream = 1;  // of the seed; kStepStream is 2 (trainer.cpp)

}  // namespace

ModelFolderConfig model_folder_config(const TrainConfig& config) {
  return {config.network, config.data.model_input, config.decoding, config.data.prompt_max_tokens};
}

GroundedModel untrained_network(const TrainConfig& config) {
  torch::manual_seed(hash_mix(static_cast<uint64_t>(config.seed), kWeightStream));
  return GroundedModel(config.network);
}

LoadedModel untrained_model(const TrainConfig& config, std::shared_ptr<const Tokenizer> tokenizer) {
  RADGEN_CHECK(tokenizer->vocabulary_size() == config.network.decoder.vocabulary_size,
               "complete the configuration with the tokenizer's vocabulary first");
  LoadedModel model;
  model.config = model_folder_config(config);
  model.network = untrained_network(config);
  model.network->eval();
  model.tokenizer = std::move(tokenizer);
  model.has_random_weights = true;
  model.version = version() + " (random weights)";
  // Without "trained_on_phantoms": a reader that does not know "random_weights" takes the careful
  // answer.
  model.card = {
      {"version", model.version},
      {"random_weights", true},
      {"warning", "Random weights: nobody trained this model, its words mean nothing."},
      {"data", {{"source", ""}, {"licence", "no data went into it"}}},
      {"training",
       {{"steps", 0}, {"seed", config.seed}, {"config", nlohmann::json(dump_config(config))}}}};
  return model;
}

}  // namespace radgen

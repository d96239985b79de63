// A model that nobody trained: any training configuration with random weights, so that a network
// can be exported, served and timed before there is data to train it on. Where its folder is read,
// the log says what it is; so do its card, its version and every report that it drafts.
//
//   const TrainConfig config = completed(loaded, tokenizer->vocabulary_size(), preparation);
//   const LoadedModel model = untrained_model(config, tokenizer);
//   save_model_folder("random", model, model.card);
#pragma once

#include <memory>

#include "radgen/inference/model_folder.h"
#include "radgen/training/config.h"

namespace radgen {

// What a model folder keeps of the training configuration.
ModelFolderConfig model_folder_config(const TrainConfig& config);

// The network with the weights that a training with this configuration starts from: those of
// config.seed.
GroundedModel untrained_network(const TrainConfig& config);

// `config` is completed() with this tokenizer's vocabulary. Thresholds are defaults (calibration of
// 0 studies); `card` is what save_model_folder() is to be given.
LoadedModel untrained_model(const TrainConfig& config, std::shared_ptr<const Tokenizer> tokenizer);

}  // namespace radgen

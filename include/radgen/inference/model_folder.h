// A model folder: everything that drafting needs, and a description that says what it is (DESIGN
// "Model folder").
//
//   config.json         network, input, decoding: inference applies the same or refuses
//   model.safetensors   weights
//   tokenizer.model     sentencepiece
//   calibration.json    thresholds chosen on the validation split; replaced atomically, with its
//                       own hash
//   model_card.json     data and licences, data hash, metrics, versions, whether it was trained on
//                       phantoms
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "radgen/imaging/letterbox.h"
#include "radgen/inference/calibration.h"
#include "radgen/inference/regions.h"
#include "radgen/model/config.h"
#include "radgen/model/decoding.h"
#include "radgen/model/grounded_model.h"
#include "radgen/report/tokenizer.h"

namespace radgen {

// What config.json holds.
struct ModelFolderConfig {
  ModelConfig network;
  ModelInputConfig model_input;
  DecodingConfig decoding;
  int64_t prompt_max_tokens = 0;  // 0: the network was trained without a prompt
};
inline void describe(Fields& f, ModelFolderConfig& c) {
  f.section("network", c.network);
  f.renamed("frame", "model_input");
  f.section("model_input", c.model_input);
  f.section("decoding", c.decoding);
  f.field("prompt_max_tokens", c.prompt_max_tokens,
          {.help = "age, sex and indication as a prefix of at most so many tokens; 0: no prompt",
           .min = 0,
           .max = 512});
}

// A model in memory with all that belongs to it.
struct LoadedModel {
  ModelFolderConfig config;
  GroundedModel network{nullptr};
  std::shared_ptr<const Tokenizer> tokenizer;
  Calibration calibration;
  nlohmann::json card;
  std::string version = "unsaved";
  std::string sha256;               // over config, weights and tokenizer
  bool is_phantom_trained = true;   // from the card; unknown counts as a phantom's
  bool has_random_weights = false;  // from the card: nobody trained it
};

// Throws Error{kData} when a file is missing, altered (its hash is not the card's) or does not fit
// the network. Random weights are said in the log.
LoadedModel load_model_folder(const std::filesystem::path& folder);

// Writes the folder whole or not at all; the card gets the hashes.
void save_model_folder(const std::filesystem::path& folder, const LoadedModel& model,
                       const nlohmann::ordered_json& card);

// Replaces calibration.json of a folder that is there.
void save_calibration(const std::filesystem::path& folder, const Calibration& calibration);

}  // namespace radgen

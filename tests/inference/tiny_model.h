// A network of a few thousand random weights with its tokenizer: what it says is nonsense, how it
// is asked is the same.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "radgen/inference/model_folder.h"

namespace radgen {

// The tokenizer is written to folder/tokenizer.model.
inline LoadedModel tiny_model(const std::filesystem::path& folder) {
  std::vector<std::string> texts;
  for (int i = 0; i < 60; ++i)
    texts.push_back("The heart size is normal in study " + std::to_string(i) +
                    ". Small left pleural effusion.\nNo pneumothorax " + std::to_string(i * 7) +
                    ".");
  Tokenizer::train(texts, 320, folder / "tokenizer.model");
  LoadedModel model;
  model.tokenizer = std::make_shared<const Tokenizer>(folder / "tokenizer.model");
  model.config.model_input = {.height_px = 64, .width_px = 48, .preparation = {.size_px = 64}};
  auto& network = model.config.network;
  network.encoder.stem = "conv";
  network.encoder.width = 16;
  network.encoder.layers = 1;
  network.encoder.heads = 2;
  network.encoder.image_height_px = 64;
  network.encoder.image_width_px = 48;
  network.decoder.width = 16;
  network.decoder.layers = 1;
  network.decoder.heads = 2;
  network.decoder.max_tokens = 40;
  network.decoder.vocabulary_size = model.tokenizer->vocabulary_size();
  model.config.decoding.max_tokens = 30;
  torch::manual_seed(3);
  model.network = GroundedModel(network);
  model.network->eval();
  return model;
}

}  // namespace radgen

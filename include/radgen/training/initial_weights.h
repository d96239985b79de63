// Where a new run's first weights and its words come from: chance, a run of ours, or public
// checkpoints.
//
//   const InitialWeights initial{.vision = "vit-base-patch16-224", .text = "gpt2"};
//   auto tokenizer = choose_tokenizer("prepared", initial, /*resumed_run=*/"");
//   nlohmann::ordered_json reports = load_initial_weights(network, config, *tokenizer, initial);
//
// A text model's weights mean nothing without its own tokenizer: with `text` the vocab.json and
// merges.txt of that folder take the place of the prepared data's tokenizer.model, and travel in
// the run folder and in the model folder. The 13 special tokens stand before the file's: bos and
// eos start as its end of text, the separator as its newline, the others as the mean of all tokens.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "radgen/model/grounded_model.h"
#include "radgen/report/tokenizer.h"
#include "radgen/training/config.h"

namespace radgen {

struct InitialWeights {
  std::filesystem::path all;  // a model folder or checkpoint of ours
  // ViT or DINOv2: a Hugging Face folder or its file, or torchvision's .pth; or a pair
  std::filesystem::path vision;
  std::filesystem::path text;  // a GPT-2 folder with vocab.json and merges.txt; or a pair with them
  bool empty() const { return all.empty() && vision.empty() && text.empty(); }
};

// Throws Error{kUsage} when `all` is given beside another one, or any of them for a run that is
// resumed.
void check(const InitialWeights& initial, bool is_resume);

// The tokenizer of `initial.text`, else the one that the resumed run wrote down, else the prepared
// data's. Throws Error{kData}.
std::shared_ptr<const Tokenizer> choose_tokenizer(const std::filesystem::path& data,
                                                  const InitialWeights& initial,
                                                  const std::filesystem::path& resumed_run);

// Copies the weights into the network and returns what was used, unused and left
// (WeightReport::json), one report a source. `config` is the completed one. Throws Error{kData} or
// Error{kConfig} with nothing of that source copied.
nlohmann::ordered_json load_initial_weights(GroundedModel network, const TrainConfig& config,
                                            const Tokenizer& tokenizer,
                                            const InitialWeights& initial);

// Writes what a resumed run and a reader need: tokenizer.model when it is not the data's, and
// initial_weights.json.
void save_initial_weights(const std::filesystem::path& run, const InitialWeights& initial,
                          const Tokenizer& tokenizer, const nlohmann::ordered_json& reports);

}  // namespace radgen

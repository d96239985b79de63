// Weights of other programs: Hugging Face's ViT, DINOv2, GPT-2 and VisionEncoderDecoder,
// torchvision's vit_b_16.
//
//   PublicCheckpoint vit = read_public_checkpoint("vit-base-patch16-224");  // a folder or a file
//   WeightReport report = load_public_vision(model->encoder(), vit);
//   report = load_public_text(model, read_public_checkpoint("gpt2"), options);
//   log::info("{}", report.summary());
//
// Nothing is copied unless everything fits: first the configurations are compared
// (public_config.h), then every tensor's shape. A tensor of ours without a source is an error
// unless the options allow it; what the file holds and nobody used is listed. A pickled file is
// read by LibTorch, which runs no code of the file but trusts its structure: take it from a source
// you trust, or use safetensors.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "radgen/model/grounded_model.h"
#include "radgen/model/public_config.h"
#include "radgen/model/weights.h"

namespace radgen {

struct PublicCheckpoint {
  PublicConfig config;
  TensorMap tensors;  // by the names that the file has
};

// A folder with config.json and model.safetensors (or pytorch_model.bin), a .safetensors file with
// its config.json beside it, or torchvision's vit_*.pth, whose shapes say what it is. Throws
// Error{kData}.
PublicCheckpoint read_public_checkpoint(const std::filesystem::path& path);

// A dictionary of tensors as torch.save writes it (zip format, since PyTorch 1.6), also one level
// down under "state_dict" or "model". Throws Error{kData}.
TensorMap read_pickled_weights(const std::filesystem::path& path);

struct PublicLoadOptions {
  // Parts of our tensors' names: those may keep the values they have.
  std::vector<std::string> may_be_missing;
  // How our grey input is normalised, (grey - mean) / sd. Where the checkpoint says how its own
  // was, the difference is folded into the patch filters, so that the encoder sees the same
  // image. sd 0: left as it is.
  double grey_mean = 0, grey_sd = 0;
  // The file's first token is our token `vocabulary_offset`. Of ours before it, those named in
  // `special_tokens` (ours -> the file's) take that token's embedding, the others the mean of all.
  int64_t vocabulary_offset = 0;
  std::map<int64_t, int64_t> special_tokens;
};

struct WeightReport {
  struct Used {
    std::string target;                // our tensor
    std::vector<std::string> sources;  // the file's; none: the value follows from the configuration
    std::string how;  // "copied", "transposed", "interpolated 14 x 14 -> 16 x 16", ...
  };
  std::string source, family;
  std::vector<Used> used;
  std::vector<std::string> unused;   // in the file
  std::vector<std::string> missing;  // ours, allowed to be

  std::string summary() const;  // one line
  nlohmann::ordered_json json() const;
};

// The encoder's weights out of an encoder or a pair.
WeightReport load_public_vision(VitEncoder encoder, const PublicCheckpoint& checkpoint,
                                const PublicLoadOptions& options = {});

// The decoder's weights out of a language model or a pair, and the projection out of a pair (the
// identity where the pair needs none). A language model has no cross-attention: allow it to be
// missing with new_text_parts().
WeightReport load_public_text(GroundedModel model, const PublicCheckpoint& checkpoint,
                              const PublicLoadOptions& options = {});

// Both, of a pair. The model's configuration is public_model_config()'s, or close to it.
WeightReport load_public_model(GroundedModel model, const PublicCheckpoint& checkpoint,
                               const PublicLoadOptions& options = {});

// What the checkpoint's kind of text model never has: the null key; without cross-attention also
// that and its norm.
std::vector<std::string> new_text_parts(const PublicConfig& file);

}  // namespace radgen

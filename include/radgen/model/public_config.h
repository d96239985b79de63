// What a public checkpoint's config.json says of its network, in this network's words.
//
//   PublicConfig file = read_public_config("vit-base-patch16-224");   // a Hugging Face folder
//   file.encoder->width                                               // 768
//   ModelConfig config = public_model_config(file);                   // of a pair's folder
//
// Families: ViT ("vit"), DINOv2 ("dinov2", RAD-DINO is one), GPT-2 and DistilGPT-2 ("gpt2"), pairs
// of them ("vision-encoder-decoder"). What such a file can say and this network cannot do is
// refused, never ignored.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "radgen/model/config.h"

namespace radgen {

struct PublicConfig {
  std::string family;  // "vit" | "dinov2" | "torchvision" | "gpt2" | "vision-encoder-decoder"
  std::string where;   // the file, for messages

  // its native image is the one whose positions the checkpoint holds
  std::optional<EncoderConfig> encoder;
  std::string encoder_family;      // "vit" | "dinov2" | "torchvision"
  bool has_attention_bias = true;  // false: the encoder's queries, keys and values have no bias
  // How the encoder's images were normalised, a value a channel: (grey - mean) / sd for grey in
  // 0..1. Empty: unknown.
  std::vector<double> pixel_mean, pixel_sd;

  std::optional<DecoderConfig> decoder;
  bool has_cross_attention = false;               // false: a language model that has seen no image
  bool has_projection = false;                    // a linear map between the two widths
  int64_t pad_id = -1, bos_id = -1, eos_id = -1;  // of the text; -1: not said
};

// folder/config.json and, where it is, folder/preprocessor_config.json. Throws Error{kData}: no
// such file, a family or a setting that is not supported, a value that is missing or out of range.
PublicConfig read_public_config(const std::filesystem::path& folder);

// The network that computes what a VisionEncoderDecoder folder computes: [CLS] is seen by the
// decoder, no null key. Throws Error{kData} when the checkpoint is not a pair.
ModelConfig public_model_config(const PublicConfig& file);

// Throws one Error{kConfig} that lists each key of `own` that the checkpoint's weights do not fit,
// with the value they need. Free: the image size (positions are interpolated), one channel
// instead of three, has_cls = false, dropout; for a text the null key, sees_cls and fewer
// max_tokens. `vocabulary` is the number of rows that the text must have.
void check_fits(const EncoderConfig& own, const PublicConfig& file);
void check_fits(const DecoderConfig& own, const PublicConfig& file, int64_t vocabulary);

}  // namespace radgen

// The network's configuration: plain structs, each field declared once (core/config.h).
//
//   ModelConfig config;              // ViT-B/16 and a 6-layer decoder
//   load_config(config, {"model.json"}, {"encoder.width=192"});
//   check(config);                   // Error{kConfig}: divisibility and other cross rules
//   GroundedModel model(config);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "radgen/core/config.h"

namespace radgen {

struct EncoderConfig {
  std::string stem = "patch";  // "patch" | "conv"
  int64_t stem_blocks = 1;     // residual blocks in each stage of a conv stem but the first
  int64_t patch_px = 16;       // P
  int64_t width = 768;         // D_v
  int64_t layers = 12;
  int64_t heads = 12;
  double mlp_ratio = 4;               // hidden width of the feed-forward = mlp_ratio * width
  std::string feed_forward = "gelu";  // "gelu" | "gelu_tanh" | "swiglu" (transformer.h)
  // a learned factor a channel on each residual branch (Touvron et al. 2021)
  bool layer_scale = false;
  int64_t image_height_px = 224;  // native image: the size whose positions are learned
  int64_t image_width_px = 224;
  int64_t channels = 1;
  bool has_cls = true;
  // side of the windows that a patch's attention stays in; 0: no windows
  int64_t window_patches = 0;
  // with windows: the layers, from 1, whose attention is over the whole image
  std::vector<int64_t> global_layers;
  // side of the pools of keys and values where it is; 1: not pooled
  int64_t pool_keys = 1;
  // training keeps each layer's input alone and runs the layer again: a third more time
  bool activation_checkpointing = false;
  double layer_norm_eps = 1e-6;
  double dropout = 0;
};
void describe(Fields& f, EncoderConfig& c);

struct DecoderConfig {
  int64_t width = 512;  // D_t
  int64_t layers = 6;
  int64_t heads = 8;
  double mlp_ratio = 4;
  std::string feed_forward = "gelu";  // as the encoder's
  int64_t max_tokens = 256;           // prompt, bos, words and eos together
  int64_t vocabulary_size = 0;        // X; 0: not set yet (the trainer takes the tokenizer's)
  bool tie_embeddings = true;         // W_out is the token embedding
  bool has_null_key = true;           // "no evidence": a key that is not in the image
  // the encoder's [CLS] is a key beside the patches; its weight is no map's
  bool sees_cls = false;
  std::string grounding_layers =
      "last";  // "last" | "mean": whose cross-attention is the grounding attention
  bool cross_positions = false;  // learned 2-D positions are added to z~
  double layer_norm_eps = 1e-5;
  double dropout = 0;
};
void describe(Fields& f, DecoderConfig& c);

struct LossConfig {
  double lambda_ground = 0.1;
  double lambda_entropy = 0.01;
  std::string grounding_loss = "kl";   // "bce_mean" | "bce_sum" | "mass" | "kl" | "kl_dice"
  std::string entropy_on = "all";      // "all" | "positive"
  double eps = 1e-6;                   // attention is clamped to [eps, 1 - eps] before a log
  double lambda_labels = 0;            // image-level finding loss; needs finding_classes > 0
  double lambda_patches = 0;           // patch-level finding loss; needs finding_classes > 0
  std::string label_pooling = "lse";   // "lse" | "noisy_or"
  double label_pooling_sharpness = 5;  // r of the log-sum-exp; 0: mean, large: max
};
void describe(Fields& f, LossConfig& c);

struct ModelConfig {
  EncoderConfig encoder;
  DecoderConfig decoder;
  LossConfig loss;
  bool projection = true;       // false: no z W + b; needs encoder.width == decoder.width
  int64_t finding_classes = 0;  // C; 0: no per-patch finding head
  bool sees_findings = false;   // the decoder sees what the finding head sees in each patch
  int64_t pad_id = 0;           // text_ids that are no token
  int64_t bos_id = 2;
  int64_t eos_id = 3;
  // pad_id and bos_id may stand in a text, as public text models have it
  bool special_ids_are_words = false;
};
void describe(Fields& f, ModelConfig& c);

// Throws one Error{kConfig} that lists every broken rule: heads divide widths, P divides the native
// image, a conv stem's P is a power of two, the vocabulary is set, ...
void check(const ModelConfig& config);

}  // namespace radgen

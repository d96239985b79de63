// Small checkpoints in the layouts of other programs, with random weights, in memory and as
// folders.
#pragma once

#include <nlohmann/json.hpp>

#include "radgen/core/files.h"
#include "radgen/model/public_weights.h"

namespace radgen {

inline PublicConfig small_vit(const std::string& family = "vit") {
  PublicConfig file;
  file.family = file.encoder_family = family;
  file.where = "memory";
  EncoderConfig e;
  e.patch_px = 4;
  e.width = 64;
  e.layers = 1;
  e.heads = 1;
  e.mlp_ratio = 2;
  e.image_height_px = e.image_width_px = 12;
  e.channels = 3;
  e.layer_scale = family == "dinov2";
  file.encoder = e;
  return file;
}

inline torch::Tensor noise(std::initializer_list<int64_t> sizes) {
  return torch::randn(sizes) * 0.3;
}

inline void add_linear(TensorMap& tensors, const std::string& name, int64_t out, int64_t in,
                       bool has_bias = true) {
  tensors[name + ".weight"] = noise({out, in});
  if (has_bias) tensors[name + ".bias"] = noise({out});
}
inline void add_norm(TensorMap& tensors, const std::string& name, int64_t width) {
  tensors[name + ".weight"] = 1 + noise({width});
  tensors[name + ".bias"] = noise({width});
}

inline PublicCheckpoint vit_checkpoint(bool has_attention_bias = true) {
  torch::manual_seed(3);
  PublicCheckpoint checkpoint;
  checkpoint.config = small_vit();
  checkpoint.config.has_attention_bias = has_attention_bias;
  TensorMap& t = checkpoint.tensors;
  t["vit.embeddings.cls_token"] = noise({1, 1, 64});
  t["vit.embeddings.position_embeddings"] = noise({1, 10, 64});
  t["vit.embeddings.patch_embeddings.projection.weight"] = noise({64, 3, 4, 4});
  t["vit.embeddings.patch_embeddings.projection.bias"] = noise({64});
  const std::string layer = "vit.encoder.layer.0.";
  for (const char* part : {"query", "key", "value"})
    add_linear(t, layer + "attention.attention." + part, 64, 64, has_attention_bias);
  add_linear(t, layer + "attention.output.dense", 64, 64);
  add_linear(t, layer + "intermediate.dense", 128, 64);
  add_linear(t, layer + "output.dense", 64, 128);
  for (const char* norm : {"layernorm_before", "layernorm_after"}) add_norm(t, layer + norm, 64);
  add_norm(t, "vit.layernorm", 64);
  add_linear(t, "classifier", 10, 64);
  return checkpoint;
}

inline PublicCheckpoint gpt2_checkpoint(int64_t vocabulary = 11) {
  torch::manual_seed(4);
  PublicCheckpoint checkpoint;
  PublicConfig& file = checkpoint.config;
  file.family = "gpt2";
  file.where = "memory";
  DecoderConfig d;
  d.width = 12;
  d.heads = 3;
  d.mlp_ratio = 2;
  d.has_null_key = true;
  d.layers = 1;
  d.vocabulary_size = vocabulary;
  d.max_tokens = 32;
  d.feed_forward = "gelu_tanh";
  d.tie_embeddings = true;
  file.decoder = d;
  TensorMap& t = checkpoint.tensors;
  t["wte.weight"] = noise({vocabulary, 12});
  t["wpe.weight"] = noise({32, 12});
  const auto conv1d = [&](const std::string& name, int64_t in, int64_t out) {
    t[name + ".weight"] = noise({in, out});
    t[name + ".bias"] = noise({out});
  };
  conv1d("h.0.attn.c_attn", 12, 36);
  conv1d("h.0.attn.c_proj", 12, 12);
  conv1d("h.0.mlp.c_fc", 12, 24);
  conv1d("h.0.mlp.c_proj", 24, 12);
  for (const char* name : {"h.0.ln_1", "h.0.ln_2", "ln_f"}) add_norm(t, name, 12);
  t["h.0.attn.bias"] = torch::ones({1, 1, 32, 32}, torch::kByte);
  return checkpoint;
}

// The folder that save_pretrained would write for vit_checkpoint().
inline void write_vit_folder(const fs::path& folder) {
  const PublicCheckpoint vit = vit_checkpoint();
  write_safetensors(folder / "model.safetensors", vit.tensors);
  write_json_atomic(folder / "config.json", {{"model_type", "vit"},
                                             {"hidden_size", 64},
                                             {"num_hidden_layers", 1},
                                             {"num_attention_heads", 1},
                                             {"intermediate_size", 128},
                                             {"hidden_act", "gelu"},
                                             {"layer_norm_eps", 1e-6},
                                             {"image_size", 12},
                                             {"patch_size", 4},
                                             {"num_channels", 3}});
}

// And for gpt2_checkpoint(), without its tokenizer.
inline void write_gpt2_folder(const fs::path& folder, int64_t vocabulary) {
  const PublicCheckpoint gpt2 = gpt2_checkpoint(vocabulary);
  write_safetensors(folder / "model.safetensors", gpt2.tensors);
  write_json_atomic(folder / "config.json", {{"model_type", "gpt2"},
                                             {"n_embd", 12},
                                             {"n_layer", 1},
                                             {"n_head", 3},
                                             {"n_inner", 24},
                                             {"n_positions", 32},
                                             {"vocab_size", vocabulary},
                                             {"eos_token_id", vocabulary - 1},
                                             {"bos_token_id", vocabulary - 1}});
}

}  // namespace radgen

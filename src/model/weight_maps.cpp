#include "weight_maps.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "radgen/core/error.h"

namespace radgen {
namespace {

using torch::Tensor;
using Tensors = std::vector<Tensor>;

Mapping copied(std::string target, std::string source) {
  return {std::move(target), {std::move(source)}, "copied", [](const Tensors& s, const Tensor&) {
            return s[0];
          }};
}

// The linear layers of GPT-2 keep their weights as [in, out].
Mapping transposed(std::string target, std::string source) {
  return {
      std::move(target), {std::move(source)}, "transposed", [](const Tensors& s, const Tensor&) {
        return s[0].dim() == 2 ? s[0].t() : s[0];
      }};
}

Mapping joined(std::string target, std::vector<std::string> sources) {
  return {std::move(target), std::move(sources), "joined",
          [](const Tensors& s, const Tensor&) { return torch::cat(s); }};
}

void add_both(std::vector<Mapping>& map, const std::string& target, const std::string& source) {
  for (const char* part : {".weight", ".bias"}) map.push_back(copied(target + part, source + part));
}

void add_both_transposed(std::vector<Mapping>& map, const std::string& target,
                         const std::string& source) {
  map.push_back(transposed(target + ".weight", source + ".weight"));
  map.push_back(copied(target + ".bias", source + ".bias"));
}

// Filters and bias of the patch embedding. With grey images in place of RGB the same value stands
// in all channels, so that the filters are summed. An image that we normalise as x = (g - m)/s and
// the file as (g - m_c)/s_c gives the same result with filters w_c s/s_c and a bias larger by sum
// w_c (m - m_c)/s_c: patches do not overlap an edge, so this is exact.
void add_patch_stem(std::vector<Mapping>& map, const EncoderConfig& own, const PublicConfig& file,
                    const PublicLoadOptions& options, const std::string& source) {
  const bool is_summed = own.channels == 1 && file.encoder->channels != 1;
  const bool is_folded = options.grey_sd > 0 && own.channels == 1 && !file.pixel_sd.empty() &&
                         static_cast<int64_t>(file.pixel_sd.size()) == file.encoder->channels;
  Tensor gain, shift;  // a value a channel of the file
  if (is_folded) {
    const Tensor mean = torch::tensor(file.pixel_mean, torch::kDouble),
                 sd = torch::tensor(file.pixel_sd, torch::kDouble);
    gain = (options.grey_sd / sd).to(torch::kFloat);
    shift = ((options.grey_mean - mean) / sd).to(torch::kFloat);
  }
  std::string how = is_summed ? "filters summed over the channels" : "copied";
  if (is_folded) how += is_summed ? ", grey scale folded in" : ", with the grey scale folded in";
  map.push_back({"stem.projection.weight",
                 {source + ".weight"},
                 how,
                 [=](const Tensors& s, const Tensor& target) {
                   Tensor filters = s[0];  // [D_v,C,P,P]
                   if (is_folded && filters.dim() == 4 && filters.size(1) == gain.size(0))
                     filters = filters * gain.view({1, -1, 1, 1});
                   return is_summed && filters.dim() == 4
                              ? filters.sum(1, /*keepdim=*/true).reshape(target.sizes())
                              : filters;
                 }});
  if (!is_folded) {
    map.push_back(copied("stem.projection.bias", source + ".bias"));
    return;
  }
  map.push_back({"stem.projection.bias",
                 {source + ".bias", source + ".weight"},
                 "grey scale folded in",
                 [=](const Tensors& s, const Tensor&) {
                   if (s[1].dim() != 4 || s[1].size(1) != shift.size(0)) return s[0];
                   return s[0] + (s[1].sum({2, 3}) * shift).sum(1);
                 }});
}

// [1,1+N,D] with [CLS] first -> cls_position and positions, resampled to our native image.
void add_positions(std::vector<Mapping>& map, const EncoderConfig& own, const EncoderConfig& file,
                   const std::string& source) {
  const PatchGrid from{file.image_height_px / file.patch_px, file.image_width_px / file.patch_px};
  const PatchGrid to{own.image_height_px / own.patch_px, own.image_width_px / own.patch_px};
  const std::string how = from == to ? "copied without [CLS]"
                                     : fmt::format("interpolated {} x {} -> {} x {}", from.rows,
                                                   from.columns, to.rows, to.columns);
  map.push_back({"positions", {source}, how, [=](const Tensors& s, const Tensor&) {
                   if (s[0].dim() != 3 || s[0].size(1) != 1 + from.size()) return s[0];
                   return interpolate_positions(s[0].narrow(1, 1, from.size()), from, to);
                 }});
  if (!own.has_cls) return;
  map.push_back({"cls_position", {source}, "copied", [](const Tensors& s, const Tensor&) {
                   return s[0].dim() == 3 ? s[0].narrow(1, 0, 1) : s[0];
                 }});
}

void add_hugging_face_layer(std::vector<Mapping>& map, const std::string& to,
                            const std::string& from, const PublicConfig& file) {
  const bool is_dinov2 = file.encoder_family == "dinov2";
  const std::string attention = from + "attention.attention.";
  add_both(map, to + "norm_1", from + (is_dinov2 ? "norm1" : "layernorm_before"));
  map.push_back(
      joined(to + "attention.query_key_value.weight",
             {attention + "query.weight", attention + "key.weight", attention + "value.weight"}));
  if (file.has_attention_bias) {
    map.push_back(
        joined(to + "attention.query_key_value.bias",
               {attention + "query.bias", attention + "key.bias", attention + "value.bias"}));
  } else {
    map.push_back({to + "attention.query_key_value.bias",
                   {},
                   "zero: the checkpoint has none",
                   [](const Tensors&, const Tensor& target) { return torch::zeros_like(target); }});
  }
  add_both(map, to + "attention.output", from + "attention.output.dense");
  add_both(map, to + "norm_2", from + (is_dinov2 ? "norm2" : "layernorm_after"));
  if (!is_dinov2) {
    add_both(map, to + "mlp.up", from + "intermediate.dense");
    add_both(map, to + "mlp.down", from + "output.dense");
    return;
  }
  const bool is_gated = file.encoder->feed_forward == "swiglu";
  add_both(map, to + "mlp.up", from + (is_gated ? "mlp.weights_in" : "mlp.fc1"));
  add_both(map, to + "mlp.down", from + (is_gated ? "mlp.weights_out" : "mlp.fc2"));
  map.push_back(copied(to + "scale_1", from + "layer_scale1.lambda1"));
  map.push_back(copied(to + "scale_2", from + "layer_scale2.lambda1"));
}

void add_torchvision_layer(std::vector<Mapping>& map, const std::string& to,
                           const std::string& from, const TensorMap& tensors) {
  add_both(map, to + "norm_1", from + "ln_1");
  map.push_back(
      copied(to + "attention.query_key_value.weight", from + "self_attention.in_proj_weight"));
  map.push_back(
      copied(to + "attention.query_key_value.bias", from + "self_attention.in_proj_bias"));
  add_both(map, to + "attention.output", from + "self_attention.out_proj");
  add_both(map, to + "norm_2", from + "ln_2");
  // Files of older releases, the published ones among them, name the two layers, newer ones number
  // them.
  const bool is_named = tensors.count(from + "mlp.linear_1.weight") != 0;
  add_both(map, to + "mlp.up", from + (is_named ? "mlp.linear_1" : "mlp.0"));
  add_both(map, to + "mlp.down", from + (is_named ? "mlp.linear_2" : "mlp.3"));
}

// The file's rows from `vocabulary_offset` on, before them the special tokens.
Mapping embedding(const std::string& target, const std::string& source,
                  const PublicLoadOptions& options) {
  if (options.vocabulary_offset == 0) return copied(target, source);
  return {target,
          {source},
          fmt::format("copied behind {} special tokens", options.vocabulary_offset),
          [options](const Tensors& s, const Tensor&) {
            if (s[0].dim() != 2 || s[0].size(0) == 0) return s[0];
            Tensor special = s[0].mean(0, /*keepdim=*/true).repeat({options.vocabulary_offset, 1});
            for (const auto& [own, file] : options.special_tokens)
              if (own < options.vocabulary_offset && file >= 0 && file < s[0].size(0))
                special[own].copy_(s[0][file]);
            return torch::cat({special, s[0]});
          }};
}

}  // namespace

const std::string& source_of(const PublicCheckpoint& checkpoint) { return checkpoint.config.where; }

namespace {

std::vector<std::string> prefixes_of(const TensorMap& tensors, const std::string& anchor) {
  std::vector<std::string> prefixes;
  for (const auto& item : tensors) {
    const std::string& name = item.first;
    if (name.size() < anchor.size() ||
        name.compare(name.size() - anchor.size(), anchor.size(), anchor) != 0)
      continue;
    const std::string prefix = name.substr(0, name.size() - anchor.size());
    if (prefix.empty() || prefix.back() == '.') prefixes.push_back(prefix);
  }
  return prefixes;
}

// The first names of the file: they say whose it is.
std::string first_names(const TensorMap& tensors) {
  std::string text;
  int count = 0;
  for (const auto& item : tensors) {
    if (++count > 3) break;
    text += (text.empty() ? "'" : ", '") + item.first + "'";
  }
  return text.empty() ? "none" : text;
}

}  // namespace

size_t count_prefixes(const PublicCheckpoint& checkpoint, const std::string& anchor) {
  return prefixes_of(checkpoint.tensors, anchor).size();
}

std::string find_prefix(const PublicCheckpoint& checkpoint, const std::string& anchor) {
  const std::vector<std::string> prefixes = prefixes_of(checkpoint.tensors, anchor);
  if (prefixes.size() == 1) return prefixes.front();
  const std::string message = fmt::format("{}: {} tensors are named '{}', expected one",
                                          source_of(checkpoint), prefixes.size(), anchor);
  if (prefixes.empty()) {
    throw Error(
        ErrorCode::kData,
        fmt::format("{}; the file's names begin with {}", message, first_names(checkpoint.tensors)),
        "the weights and the config.json beside them must be of one and the same model, with the "
        "names that transformers gives");
  }
  throw Error(ErrorCode::kData,
              fmt::format("{}: behind '{}'", message, fmt::join(prefixes, "' and '")),
              "the file holds several models: save one of them by itself");
}

std::vector<Mapping> vision_map(const EncoderConfig& own, const PublicCheckpoint& checkpoint,
                                const PublicLoadOptions& options) {
  const PublicConfig& file = checkpoint.config;
  const bool is_torchvision = file.encoder_family == "torchvision";
  const std::string cls = is_torchvision ? "class_token" : "embeddings.cls_token";
  const std::string prefix = find_prefix(checkpoint, cls);
  std::vector<Mapping> map;
  add_patch_stem(
      map, own, file, options,
      prefix + (is_torchvision ? "conv_proj" : "embeddings.patch_embeddings.projection"));
  if (own.has_cls) map.push_back(copied("cls_token", prefix + cls));
  add_positions(
      map, own, *file.encoder,
      prefix + (is_torchvision ? "encoder.pos_embedding" : "embeddings.position_embeddings"));
  for (int64_t i = 0; i < own.layers; ++i) {
    const std::string to = fmt::format("layers.{}.", i);
    if (is_torchvision) {
      add_torchvision_layer(map, to, fmt::format("{}encoder.layers.encoder_layer_{}.", prefix, i),
                            checkpoint.tensors);
    } else {
      add_hugging_face_layer(map, to, fmt::format("{}encoder.layer.{}.", prefix, i), file);
    }
  }
  add_both(map, "norm", prefix + (is_torchvision ? "encoder.ln" : "layernorm"));
  return map;
}

std::vector<Mapping> text_map(const DecoderConfig& own, const PublicCheckpoint& checkpoint,
                              const PublicLoadOptions& options) {
  const std::string prefix =
      find_prefix(checkpoint, "wte.weight");  // "", "transformer." or "decoder.transformer."
  const std::string inner = "transformer.";
  const std::string outer =
      prefix.size() >= inner.size() ? prefix.substr(0, prefix.size() - inner.size()) : "";
  std::vector<Mapping> map;
  map.push_back(embedding("token_embedding.weight", prefix + "wte.weight", options));
  map.push_back({"position_embedding.weight",
                 {prefix + "wpe.weight"},
                 "the first rows",
                 [](const Tensors& s, const Tensor& target) {
                   return s[0].dim() == 2 && s[0].size(0) > target.size(0)
                              ? s[0].narrow(0, 0, target.size(0))
                              : s[0];
                 }});
  for (int64_t i = 0; i < own.layers; ++i) {
    const std::string to = fmt::format("layers.{}.", i), from = fmt::format("{}h.{}.", prefix, i);
    add_both(map, to + "norm_1", from + "ln_1");
    add_both_transposed(map, to + "self_attention.query_key_value", from + "attn.c_attn");
    add_both_transposed(map, to + "self_attention.output", from + "attn.c_proj");
    if (checkpoint.config.has_cross_attention) {
      add_both(map, to + "norm_2", from + "ln_cross_attn");
      add_both_transposed(map, to + "cross_attention.query", from + "crossattention.q_attn");
      add_both_transposed(map, to + "cross_attention.key_value", from + "crossattention.c_attn");
      add_both_transposed(map, to + "cross_attention.output", from + "crossattention.c_proj");
    }
    add_both(map, to + "norm_3", from + "ln_2");
    add_both_transposed(map, to + "mlp.up", from + "mlp.c_fc");
    add_both_transposed(map, to + "mlp.down", from + "mlp.c_proj");
  }
  add_both(map, "norm", prefix + "ln_f");
  if (!own.tie_embeddings) {
    const bool is_tied = checkpoint.config.decoder->tie_embeddings;
    map.push_back(embedding("output.weight",
                            is_tied ? prefix + "wte.weight" : outer + "lm_head.weight", options));
  }
  return map;
}

std::vector<Mapping> projection_map(const PublicCheckpoint& checkpoint) {
  const PublicConfig& file = checkpoint.config;
  std::vector<Mapping> map;
  if (file.has_projection) {
    const std::string name = "enc_to_dec_proj";
    add_both(map, "", find_prefix(checkpoint, name + ".weight") + name);
  }
  for (Mapping& mapping : map) mapping.target.erase(0, 1);  // ".weight" -> "weight"
  if (!map.empty() || !file.has_cross_attention || !file.encoder) return map;
  map.push_back(
      {"weight", {}, "identity: the checkpoint has none", [](const Tensors&, const Tensor& target) {
         return torch::eye(target.size(0), target.size(1));
       }});
  map.push_back(
      {"bias", {}, "zero: the checkpoint has none", [](const Tensors&, const Tensor& target) {
         return torch::zeros_like(target);
       }});
  return map;
}

PublicConfig torchvision_config(const TensorMap& tensors, const std::string& where) {
  const std::vector<std::string> prefixes = prefixes_of(tensors, "conv_proj.weight");
  const std::string prefix = prefixes.size() == 1 ? prefixes.front() : "";
  const auto shape = [&](const std::string& name, int64_t dimensions) {
    const auto found = tensors.find(prefix + name);
    if (found == tensors.end() || found->second.dim() != dimensions)
      throw Error(
          ErrorCode::kData,
          fmt::format("{}: is no vision transformer of torchvision: '{}' is missing", where, name),
          "give vit_b_16's .pth file, or a Hugging Face folder");
    return found->second.sizes().vec();
  };
  constexpr int64_t kHeadWidth = 64;
  PublicConfig file;
  file.family = file.encoder_family = "torchvision";
  file.where = where;
  // The normalisation of ImageNet that torchvision's weights were trained with.
  file.pixel_mean = {0.485, 0.456, 0.406};
  file.pixel_sd = {0.229, 0.224, 0.225};
  EncoderConfig e;
  const auto filters = shape("conv_proj.weight", 4), positions = shape("encoder.pos_embedding", 3);
  e.width = filters[0];
  e.channels = filters[1];
  e.patch_px = filters[2];
  const auto side =
      static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(positions[1] - 1))));
  if (e.width < kHeadWidth || e.patch_px < 1 || side < 1 || side * side + 1 != positions[1])
    throw Error(ErrorCode::kData, where + ": its positions are no square grid behind [CLS]");
  e.image_height_px = e.image_width_px = side * e.patch_px;
  e.heads = e.width / kHeadWidth;
  e.layers = 0;
  const auto layer = [&](const char* part) {
    return fmt::format("encoder.layers.encoder_layer_{}.{}", e.layers, part);
  };
  while (tensors.count(layer("ln_1.weight")) != 0) ++e.layers;
  if (e.layers > 0) {
    const std::string first = "encoder.layers.encoder_layer_0.mlp.";
    const bool is_named = tensors.count(first + "linear_1.weight") != 0;
    const auto up = shape(first + (is_named ? "linear_1.weight" : "0.weight"), 2);
    e.mlp_ratio = static_cast<double>(up[0]) / static_cast<double>(e.width);
  }
  e.layer_norm_eps = 1e-6;
  file.encoder = e;
  return file;
}

}  // namespace radgen

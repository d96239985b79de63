#include "radgen/model/public_config.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "radgen/core/error.h"
#include "radgen/core/files.h"

namespace radgen {
namespace {

using Json = nlohmann::json;

constexpr const char* kSupported =
    "supported are ViT (vit), DINOv2 (dinov2), GPT-2 (gpt2) and a vision-encoder-decoder of them";

// One object of a config.json; every complaint names the file and the key.
class Settings {
 public:
  Settings(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json_.is_object()) refuse("is no JSON object");
  }
  bool has(const char* key) const { return json_.contains(key) && !json_[key].is_null(); }
  int64_t count(const char* key, int64_t most) const {
    if (!has(key)) refuse(fmt::format("'{}' is missing", key));
    return checked(json_[key], key, most);
  }
  int64_t count(const char* key, int64_t most, int64_t otherwise) const {
    return has(key) ? count(key, most) : otherwise;
  }
  // A side, or [rows, columns].
  std::pair<int64_t, int64_t> sides(const char* key) const {
    if (has(key) && json_[key].is_array() && json_[key].size() == 2)
      return {checked(json_[key][0], key, kMostPixels), checked(json_[key][1], key, kMostPixels)};
    const int64_t side = count(key, kMostPixels);
    return {side, side};
  }
  double number(const char* key, double otherwise) const {
    if (!has(key)) return otherwise;
    if (!json_[key].is_number()) refuse(fmt::format("'{}' is no number", key));
    return json_[key].get<double>();
  }
  bool flag(const char* key, bool otherwise) const {
    if (!has(key)) return otherwise;
    if (!json_[key].is_boolean()) refuse(fmt::format("'{}' is neither true nor false", key));
    return json_[key].get<bool>();
  }
  std::string text(const char* key, const std::string& otherwise) const {
    if (!has(key)) return otherwise;
    if (!json_[key].is_string()) refuse(fmt::format("'{}' is no text", key));
    return json_[key].get<std::string>();
  }
  int64_t id(const char* key) const {
    return has(key) && json_[key].is_number_integer() ? json_[key].get<int64_t>() : -1;
  }
  Settings part(const char* key) const {
    if (!has(key)) refuse(fmt::format("'{}' is missing", key));
    return Settings(json_[key], where_ + ": " + key);
  }
  void require(const char* key, bool value) const {
    if (flag(key, value) != value)
      refuse(fmt::format("{} = {} is not supported", key, value ? "false" : "true"));
  }
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorCode::kData, where_ + ": " + what, kSupported);
  }
  std::vector<double> numbers(const char* key) const {
    std::vector<double> values;
    if (!has(key) || !json_[key].is_array()) return values;
    for (const Json& value : json_[key]) {
      if (!value.is_number()) refuse(fmt::format("'{}' holds something that is no number", key));
      values.push_back(value.get<double>());
    }
    return values;
  }

 private:
  static constexpr int64_t kMostPixels = 16384;
  int64_t checked(const Json& value, const char* key, int64_t most) const {
    if (!value.is_number_integer()) refuse(fmt::format("'{}' is no whole number", key));
    const auto count = value.get<int64_t>();
    if (count < 1 || count > most) refuse(fmt::format("{} = {} is not in 1..{}", key, count, most));
    return count;
  }

  const Json json_;
  std::string where_;
};

std::string activation(const Settings& settings, const char* key, const std::string& otherwise) {
  const std::string name = settings.text(key, otherwise);
  if (name == "gelu") return "gelu";
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast") return "gelu_tanh";
  settings.refuse(fmt::format("{} = '{}' is not supported, only gelu and gelu_new", key, name));
}

EncoderConfig read_encoder(const Settings& s, PublicConfig& file) {
  EncoderConfig e;
  e.stem = "patch";
  e.width = s.count("hidden_size", 16384);
  e.layers = s.count("num_hidden_layers", 256);
  e.heads = s.count("num_attention_heads", 256);
  e.channels = s.count("num_channels", 16, 3);
  std::tie(e.image_height_px, e.image_width_px) = s.sides("image_size");
  e.patch_px = s.count("patch_size", 256);
  e.layer_norm_eps = s.number("layer_norm_eps", file.encoder_family == "vit" ? 1e-12 : 1e-6);
  e.feed_forward = activation(s, "hidden_act", "gelu");
  file.has_attention_bias = s.flag("qkv_bias", true);
  const auto width = static_cast<double>(e.width);
  if (file.encoder_family == "vit") {
    e.mlp_ratio = static_cast<double>(s.count("intermediate_size", 262144)) / width;
    return e;
  }
  e.layer_scale = true;
  e.mlp_ratio = s.number("mlp_ratio", 4);
  if (s.flag("use_swiglu_ffn", false)) {
    e.feed_forward = "swiglu";
    // Two thirds of the plain width, rounded up to a multiple of 8 (DINOv2's own rule).
    const auto plain = static_cast<int64_t>(width * e.mlp_ratio);
    e.mlp_ratio = static_cast<double>((plain * 2 / 3 + 7) / 8 * 8) / width;
  }
  return e;
}

DecoderConfig read_decoder(const Settings& s, PublicConfig& file) {
  s.require("scale_attn_weights", true);
  s.require("scale_attn_by_inverse_layer_idx", false);
  if (s.has("cross_attention_hidden_size"))
    s.refuse("cross_attention_hidden_size is not supported");
  DecoderConfig d;
  d.width = s.count("n_embd", 16384);
  d.layers = s.count("n_layer", 256);
  d.heads = s.count("n_head", 256);
  d.mlp_ratio =
      static_cast<double>(s.count("n_inner", 262144, 4 * d.width)) / static_cast<double>(d.width);
  d.max_tokens = s.count("n_positions", 65536);
  d.vocabulary_size = s.count("vocab_size", 10'000'000);
  d.feed_forward = activation(s, "activation_function", "gelu_new");
  d.layer_norm_eps = s.number("layer_norm_epsilon", 1e-5);
  d.tie_embeddings = s.flag("tie_word_embeddings", true);
  d.has_null_key = false;
  file.has_cross_attention = s.flag("add_cross_attention", false);
  file.bos_id = s.id("bos_token_id");
  file.eos_id = s.id("eos_token_id");
  file.pad_id = s.id("pad_token_id");
  return d;
}

void read_vision(const Settings& settings, const std::string& family, PublicConfig& file) {
  if (family != "vit" && family != "dinov2")
    settings.refuse(fmt::format("model_type '{}' is not supported as a picture's encoder", family));
  file.encoder_family = family;
  file.encoder = read_encoder(settings, file);
}

void read_text(const Settings& settings, const std::string& family, PublicConfig& file) {
  if (family != "gpt2")
    settings.refuse(fmt::format("model_type '{}' is not supported as a text's decoder", family));
  file.decoder = read_decoder(settings, file);
}

void read_preprocessor(const fs::path& path, PublicConfig& file) {
  if (!fs::exists(path)) return;
  const Settings s(read_json(path), path.string());
  if (!s.flag("do_normalize", true)) return;
  file.pixel_mean = s.numbers("image_mean");
  file.pixel_sd = s.numbers("image_std");
  bool is_usable = file.pixel_mean.size() == file.pixel_sd.size();
  for (double sd : file.pixel_sd) is_usable = is_usable && sd > 0;
  if (!is_usable) s.refuse("image_mean and image_std do not belong together");
}

// Collects what differs; a message for each.
class Differences {
 public:
  explicit Differences(std::string section) : section_(std::move(section)) {}
  template <class T>
  void compare(const char* key, const T& own, const T& needed) {
    if (own == needed) return;
    problems_ +=
        fmt::format("\n  network.{}.{} is {}, the weights need {}", section_, key, own, needed);
    settings_ += fmt::format(" --set network.{}.{}={}", section_, key, needed);
  }
  void add(const std::string& problem) { problems_ += "\n  " + problem; }
  void raise(const std::string& where) const {
    if (problems_.empty()) return;
    throw Error(ErrorCode::kConfig,
                where + ": the weights do not fit the network's configuration:" + problems_,
                settings_.empty() ? "change the named keys" : "add" + settings_);
  }

 private:
  std::string section_, problems_, settings_;
};

int64_t mlp_width(double ratio, int64_t width) {
  return static_cast<int64_t>(std::lround(ratio * static_cast<double>(width)));
}

}  // namespace

PublicConfig read_public_config(const fs::path& folder) {
  const fs::path path = folder / "config.json";
  if (!fs::exists(path))
    throw Error(ErrorCode::kData, "no config.json in " + folder.string(),
                "give a folder as Hugging Face's save_pretrained writes it: config.json and "
                "model.safetensors");
  PublicConfig file;
  file.where = path.string();
  const Settings settings(read_json(path), file.where);
  file.family = settings.text("model_type", "");
  if (file.family == "vision-encoder-decoder") {
    const Settings encoder = settings.part("encoder"), decoder = settings.part("decoder");
    read_vision(encoder, encoder.text("model_type", ""), file);
    read_text(decoder, decoder.text("model_type", ""), file);
    file.has_projection = file.encoder->width != file.decoder->width;
    if (settings.has("decoder_start_token_id")) file.bos_id = settings.id("decoder_start_token_id");
    if (settings.has("eos_token_id")) file.eos_id = settings.id("eos_token_id");
    if (settings.has("pad_token_id")) file.pad_id = settings.id("pad_token_id");
  } else if (file.family == "gpt2") {
    read_text(settings, file.family, file);
  } else {
    read_vision(settings, file.family, file);
  }
  if (file.encoder) read_preprocessor(folder / "preprocessor_config.json", file);
  return file;
}

ModelConfig public_model_config(const PublicConfig& file) {
  if (!file.encoder || !file.decoder || !file.has_cross_attention)
    throw Error(ErrorCode::kData, file.where + ": is no pair of encoder and decoder",
                "a whole network needs a vision-encoder-decoder folder; load an encoder or a text "
                "by itself instead");
  if (file.bos_id < 0 || file.eos_id < 0)
    throw Error(ErrorCode::kData,
                file.where + ": names no decoder_start_token_id or no eos_token_id");
  ModelConfig config;
  config.encoder = *file.encoder;
  config.decoder = *file.decoder;
  config.decoder.sees_cls = true;
  config.projection = file.has_projection;
  config.bos_id = file.bos_id;
  config.eos_id = file.eos_id;
  config.special_ids_are_words = true;  // GPT-2 pairs often begin and end with one and the same id
  // GPT-2 has no padding; any id that begins or ends nothing will do where none is named.
  config.pad_id = file.pad_id;
  for (int64_t id = 0;
       config.pad_id < 0 || config.pad_id == config.bos_id || config.pad_id == config.eos_id; ++id)
    config.pad_id = id;
  config.loss.lambda_ground = config.loss.lambda_examined = config.loss.lambda_entropy = 0;
  check(config);
  return config;
}

void check_fits(const EncoderConfig& own, const PublicConfig& file) {
  if (!file.encoder)
    throw Error(ErrorCode::kData, file.where + ": holds no picture's encoder",
                "give a ViT or DINOv2 folder");
  const EncoderConfig& needed = *file.encoder;
  Differences differences("encoder");
  differences.compare<std::string>("stem", own.stem, "patch");
  differences.compare("patch_px", own.patch_px, needed.patch_px);
  differences.compare("width", own.width, needed.width);
  differences.compare("layers", own.layers, needed.layers);
  differences.compare("heads", own.heads, needed.heads);
  if (own.width == needed.width &&
      mlp_width(own.mlp_ratio, own.width) != mlp_width(needed.mlp_ratio, own.width))
    differences.compare("mlp_ratio", own.mlp_ratio, needed.mlp_ratio);
  differences.compare("feed_forward", own.feed_forward, needed.feed_forward);
  differences.compare("layer_scale", own.layer_scale, needed.layer_scale);
  differences.compare("layer_norm_eps", own.layer_norm_eps, needed.layer_norm_eps);
  if (own.channels != needed.channels && own.channels != 1)
    differences.add(
        fmt::format("network.encoder.channels is {}, the weights need {} or 1 (filters summed)",
                    own.channels, needed.channels));
  differences.raise(file.where);
}

void check_fits(const DecoderConfig& own, const PublicConfig& file, int64_t vocabulary) {
  if (!file.decoder)
    throw Error(ErrorCode::kData, file.where + ": holds no text", "give a GPT-2 folder");
  const DecoderConfig& needed = *file.decoder;
  Differences differences("decoder");
  differences.compare("width", own.width, needed.width);
  differences.compare("layers", own.layers, needed.layers);
  differences.compare("heads", own.heads, needed.heads);
  if (own.width == needed.width &&
      mlp_width(own.mlp_ratio, own.width) != mlp_width(needed.mlp_ratio, own.width))
    differences.compare("mlp_ratio", own.mlp_ratio, needed.mlp_ratio);
  differences.compare("feed_forward", own.feed_forward, needed.feed_forward);
  differences.compare("layer_norm_eps", own.layer_norm_eps, needed.layer_norm_eps);
  if (own.tie_embeddings && !needed.tie_embeddings)
    differences.compare("tie_embeddings", true, false);
  if (own.max_tokens > needed.max_tokens)
    differences.add(
        fmt::format("network.decoder.max_tokens is {}, the weights have positions for {}",
                    own.max_tokens, needed.max_tokens));
  if (own.vocabulary_size != vocabulary)
    differences.add(
        fmt::format("the network has {} tokens, the weights {}: the tokenizer is not theirs",
                    own.vocabulary_size, vocabulary));
  differences.raise(file.where);
}

}  // namespace radgen

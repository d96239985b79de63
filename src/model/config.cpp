#include "radgen/model/config.h"

#include <fmt/format.h>

#include <bit>
#include <string>
#include <vector>

#include "radgen/core/error.h"

namespace radgen {

void describe(Fields& f, EncoderConfig& c) {
  f.field("stem", c.stem,
          {.help = "how pixels become patches: one P x P convolution, or a pyramid of small ones",
           .choices = {"patch", "conv"}});
  f.field(
      "stem_blocks", c.stem_blocks,
      {.help = "residual blocks in each stage of a conv stem but the first", .min = 0, .max = 16});
  f.field("patch_px", c.patch_px, {.help = "side of a patch", .min = 1, .max = 256, .unit = "px"});
  f.field("width", c.width, {.help = "vision width", .min = 1, .max = 16384});
  f.field("layers", c.layers, {.help = "transformer layers", .min = 0, .max = 256});
  f.field("heads", c.heads, {.help = "attention heads; must divide width", .min = 1, .max = 256});
  f.field("mlp_ratio", c.mlp_ratio,
          {.help = "feed-forward width over width", .min = 0.25, .max = 16});
  f.field("feed_forward", c.feed_forward,
          {.help = "activation of the feed-forward", .choices = {"gelu", "gelu_tanh", "swiglu"}});
  f.field("layer_scale", c.layer_scale,
          {.help = "a learned factor a channel on each residual branch, as DINOv2 has"});
  f.field("image_height_px", c.image_height_px,
          {.help = "native picture height, whose positions are learned",
           .min = 1,
           .max = 16384,
           .unit = "px"});
  f.field("image_width_px", c.image_width_px,
          {.help = "native picture width", .min = 1, .max = 16384, .unit = "px"});
  f.field("channels", c.channels,
          {.help = "picture channels; 3 for public weights", .min = 1, .max = 16});
  f.field("has_cls", c.has_cls, {.help = "a [CLS] token beside the patches"});
  f.field(
      "window_patches", c.window_patches,
      {.help = "side of the windows that attention stays in; 0: every layer sees the whole picture",
       .min = 0,
       .max = 1024,
       .unit = "patches"});
  f.field("global_layers", c.global_layers,
          {.help = "with windows: the layers, counted from 1, that see the whole picture"});
  f.field("pool_keys", c.pool_keys,
          {.help = "keys and values are means over so many by so many patches in layers that see "
                   "the whole picture; 1: "
                   "not pooled",
           .min = 1,
           .max = 64,
           .unit = "patches"});
  f.renamed("recompute_layers", "activation_checkpointing");
  f.field("activation_checkpointing", c.activation_checkpointing,
          {.help = "training keeps each layer's input alone and runs the layer again backward: far "
                   "less memory, a third "
                   "more time"});
  f.field("layer_norm_eps", c.layer_norm_eps,
          {.help = "added to the variance", .min = 1e-12, .max = 1e-1});
  f.field("dropout", c.dropout,
          {.help = "dropout on the residual branches; 0: none", .min = 0, .max = 0.9});
}

void describe(Fields& f, DecoderConfig& c) {
  f.field("width", c.width, {.help = "text width", .min = 1, .max = 16384});
  f.field("layers", c.layers, {.help = "decoder layers", .min = 1, .max = 256});
  f.field("heads", c.heads, {.help = "attention heads; must divide width", .min = 1, .max = 256});
  f.field("mlp_ratio", c.mlp_ratio,
          {.help = "feed-forward width over width", .min = 0.25, .max = 16});
  f.field("feed_forward", c.feed_forward,
          {.help = "activation of the feed-forward", .choices = {"gelu", "gelu_tanh", "swiglu"}});
  f.field("max_tokens", c.max_tokens,
          {.help = "longest text: prompt, bos, words and eos",
           .min = 2,
           .max = 65536,
           .unit = "tokens"});
  f.field("vocabulary_size", c.vocabulary_size,
          {.help = "vocabulary; 0: the tokenizer's", .min = 0, .max = 1e7, .unit = "tokens"});
  f.field("tie_embeddings", c.tie_embeddings, {.help = "the output matrix is the token embedding"});
  f.field("has_null_key", c.has_null_key,
          {.help = "a learned key outside the picture: no evidence"});
  f.field(
      "sees_cls", c.sees_cls,
      {.help = "the encoder's [CLS] is a key beside the patches, as in public image captioners"});
  f.field(
      "grounding_layers", c.grounding_layers,
      {.help = "whose cross-attention is the grounding attention", .choices = {"last", "mean"}});
  f.field("cross_positions", c.cross_positions,
          {.help = "add learned 2-D positions to what the decoder sees"});
  f.field("layer_norm_eps", c.layer_norm_eps,
          {.help = "added to the variance", .min = 1e-12, .max = 1e-1});
  f.field("dropout", c.dropout,
          {.help = "dropout on the residual branches; 0: none", .min = 0, .max = 0.9});
}

void describe(Fields& f, LossConfig& c) {
  f.field("lambda_ground", c.lambda_ground,
          {.help = "weight of the grounding loss; 0: off", .min = 0, .max = 1e3});
  f.field("lambda_entropy", c.lambda_entropy,
          {.help = "weight of the entropy loss; 0: off", .min = 0, .max = 1e3});
  f.field("grounding_loss", c.grounding_loss,
          {.help = "how attention is compared with the boxes",
           .choices = {"bce_mean", "bce_sum", "mass", "kl", "kl_dice"}});
  f.field("entropy_on", c.entropy_on,
          {.help = "whose entropy is lowered: all tokens or those of positive findings",
           .choices = {"all", "positive"}});
  f.field("eps", c.eps,
          {.help = "attention is clamped to eps before a log", .min = 1e-12, .max = 1e-2});
  f.field("lambda_labels", c.lambda_labels,
          {.help = "weight of the picture-level finding loss; 0: off", .min = 0, .max = 1e3});
  f.field("lambda_patches", c.lambda_patches,
          {.help = "weight of the patch-level finding loss; 0: off", .min = 0, .max = 1e3});
  f.field("label_pooling", c.label_pooling,
          {.help = "how patches make a picture's probability", .choices = {"lse", "noisy_or"}});
  f.field("label_pooling_sharpness", c.label_pooling_sharpness,
          {.help = "sharpness of lse: 0 is the mean, large the maximum", .min = 0, .max = 100});
}

void describe(Fields& f, ModelConfig& c) {
  f.section("encoder", c.encoder);
  f.section("decoder", c.decoder);
  f.section("loss", c.loss);
  f.field("projection", c.projection, {.help = "linear map from vision width to text width"});
  f.field("finding_classes", c.finding_classes,
          {.help = "classes of the per-patch finding head; 0: no head", .min = 0, .max = 1000});
  f.renamed("evidence", "sees_findings");
  f.field("sees_findings", c.sees_findings,
          {.help = "add the finding head's probability of each patch to what the decoder sees"});
  f.field("pad_id", c.pad_id, {.help = "token id of padding", .min = 0});
  f.field("bos_id", c.bos_id, {.help = "token id that begins a text", .min = 0});
  f.field("eos_id", c.eos_id, {.help = "token id that ends a text", .min = 0});
  f.field("special_ids_are_words", c.special_ids_are_words,
          {.help = "pad_id and bos_id may stand in a text, as public text models have it"});
}

void check(const ModelConfig& config) {
  std::vector<std::string> problems;
  auto require = [&](bool holds, const std::string& problem) {
    if (!holds) problems.push_back(problem);
  };
  const EncoderConfig& e = config.encoder;
  const DecoderConfig& d = config.decoder;
  const LossConfig& l = config.loss;
  require(e.patch_px > 0 && e.width > 0 && e.heads > 0 && d.width > 0 && d.heads > 0,
          "sizes must be positive");
  if (problems.empty()) {
    require(e.width % e.heads == 0,
            fmt::format("encoder.heads = {} does not divide encoder.width = {}", e.heads, e.width));
    require(d.width % d.heads == 0,
            fmt::format("decoder.heads = {} does not divide decoder.width = {}", d.heads, d.width));
    require(e.image_height_px > 0 && e.image_height_px % e.patch_px == 0,
            fmt::format("encoder.image_height_px = {} is no multiple of encoder.patch_px = {}",
                        e.image_height_px, e.patch_px));
    require(e.image_width_px > 0 && e.image_width_px % e.patch_px == 0,
            fmt::format("encoder.image_width_px = {} is no multiple of encoder.patch_px = {}",
                        e.image_width_px, e.patch_px));
  }
  require(e.window_patches >= 0 && e.pool_keys >= 1,
          "encoder.window_patches must not be negative, encoder.pool_keys must be 1 or more");
  for (int64_t layer : e.global_layers)
    require(layer >= 1 && layer <= e.layers,
            fmt::format("encoder.global_layers names layer {}, the encoder has layers 1 to {}",
                        layer, e.layers));
  require(e.window_patches > 0 || e.global_layers.empty(),
          "encoder.global_layers is for windows: without encoder.window_patches every layer sees "
          "the whole picture");
  require(e.stem == "patch" || e.stem == "conv",
          "encoder.stem = '" + e.stem + "', expected patch or conv");
  if (e.stem == "conv" && e.patch_px > 0) {
    require(e.patch_px >= 2 && std::has_single_bit(static_cast<uint64_t>(e.patch_px)),
            fmt::format("encoder.stem = conv needs a power of two as encoder.patch_px, not {}",
                        e.patch_px));
    require(
        e.width % 8 == 0,
        fmt::format("encoder.stem = conv needs an encoder.width that 8 divides, not {}", e.width));
  }
  require(!d.sees_cls || e.has_cls, "decoder.sees_cls needs encoder.has_cls");
  require(d.vocabulary_size > 0, "decoder.vocabulary_size is not set");
  for (auto [name, id] :
       {std::pair{"pad_id", config.pad_id}, {"bos_id", config.bos_id}, {"eos_id", config.eos_id}})
    require(d.vocabulary_size <= 0 || (id >= 0 && id < d.vocabulary_size),
            fmt::format("{} = {} is outside the vocabulary of {}", name, id, d.vocabulary_size));
  require(config.bos_id != config.pad_id && config.eos_id != config.pad_id,
          "pad_id must differ from bos_id and eos_id");
  require(d.max_tokens >= 2, "decoder.max_tokens must be 2 or more");
  require(
      config.projection || e.width == d.width,
      fmt::format(
          "projection = false needs equal widths, not encoder.width = {} and decoder.width = {}",
          e.width, d.width));
  require(config.finding_classes > 0 || (l.lambda_labels == 0 && l.lambda_patches == 0),
          "loss.lambda_labels and loss.lambda_patches need finding_classes above 0");
  require(config.finding_classes > 0 || !config.sees_findings,
          "sees_findings needs finding_classes above 0");
  if (problems.empty()) return;
  std::string message = "the network's configuration is not possible:";
  for (const std::string& problem : problems) message += "\n  " + problem;
  throw Error(ErrorCode::kConfig, message, "change the named keys of the model configuration");
}

}  // namespace radgen

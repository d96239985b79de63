#include "radgen/model/grounded_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "radgen/core/error.h"
#include "radgen/model/autocast.h"
#include "radgen/model/initialisation.h"
#include "radgen/model/losses.h"

namespace radgen {

using torch::Tensor;

namespace {

// Padding shows nothing: certain enough to vanish in every pooling, finite for every gradient.
constexpr double kNoFindingLogit = -1e4;

// Odds beyond e^8 say nothing more.
constexpr double kSureLogit = 8;

// What the values hold of what the finding head says of each patch, [B,N,C] -> [B,N,2C]:
// probabilities, which tell whether something is there, and log-odds in -1..1, which tell where a
// faint thing most likely is.
Tensor finding_features(const Tensor& logits) {
  return torch::cat({logits.sigmoid(), logits.clamp(-kSureLogit, kSureLogit) / kSureLogit}, -1);
}

// "Left" and "right" are read off these: they must not drown in the projection, which is about as
// large.
constexpr double kMemoryPositionAmplitude = 0.3;

// A probability of 1 weighs about as much as the patch's own projection does at the start.
constexpr double kFindingEmbeddingDeviation = 0.2;

// A patch, as most images, shows a given finding rarely (p = .12): the first steps need not learn
// that.
constexpr double kFindingLogitAtStart = -2;

TensorOptional optional_of(const Tensor& tensor) {
  return tensor.defined() ? TensorOptional(tensor) : TensorOptional();
}

// Autocast leaves results of linear layers in bf16; in fp32 and double as they are.
Tensor widened(const Tensor& x) {
  return x.scalar_type() == torch::kBFloat16 ? x.to(torch::kFloat) : x;
}

// Runs `body` without gradients when nothing weighs its result: the number is still wanted for the
// log.
template <class Body>
Tensor monitored(double lambda, Body body) {
  torch::AutoGradMode mode(lambda != 0 && torch::GradMode::is_enabled());
  return body();
}

void check_sizes(const Tensor& tensor, std::initializer_list<int64_t> sizes, const char* name) {
  if (!tensor.defined() || tensor.sizes() == c10::IntArrayRef(sizes)) return;
  throw Error(ErrorCode::kInternal,
              fmt::format("model input {} has shape [{}], expected [{}]", name,
                          fmt::join(tensor.sizes(), ","), fmt::join(sizes, ",")));
}

}  // namespace

Tensor default_text_mask(const Tensor& text_ids, const Tensor& prompt_length, int64_t pad_id,
                         int64_t bos_id) {
  const int64_t t = text_ids.size(1);
  const Tensor bos = prompt_length.defined()
                         ? prompt_length.to(torch::kLong)
                         : (text_ids == bos_id).to(torch::kLong).argmax(1);  // [B]
  const Tensor predicts_text =
      torch::arange(t, text_ids.options()).unsqueeze(0) >= bos.unsqueeze(1);
  const Tensor target_is_token =
      torch::constant_pad_nd((text_ids.narrow(1, 1, t - 1) != pad_id), {0, 1}, 0).to(torch::kBool);
  return predicts_text.logical_and(target_is_token);
}

GroundedModelImpl::GroundedModelImpl(const ModelConfig& config) : config_(config) {
  check(config);
  encoder_ = register_module("encoder", VitEncoder(config.encoder));
  if (config.projection)
    projection_ = register_module("projection", Linear(config.encoder.width, config.decoder.width));
  if (config.decoder.cross_positions)
    memory_positions_ =
        register_parameter("memory_positions",
                           torch::zeros({1, encoder_->native_grid().size(), config.decoder.width}));
  decoder_ = register_module(
      "decoder",
      GroundedDecoder(config.decoder, config.sees_findings ? config.finding_classes : 0));
  if (config.finding_classes > 0)
    finding_head_ = register_module(
        "finding_head", torch::nn::Linear(config.encoder.width, config.finding_classes));
  if (config.sees_findings)
    finding_embeddings_ = register_parameter(
        "evidence", torch::zeros({2 * config.finding_classes, config.decoder.width}));
  initialise(*this);
  if (!finding_head_.is_empty()) {
    torch::NoGradGuard no_grad;
    finding_head_->bias.fill_(kFindingLogitAtStart);
  }
  if (memory_positions_.defined()) {
    torch::NoGradGuard no_grad;
    memory_positions_.copy_(sine_cosine_positions(encoder_->native_grid(), config.decoder.width,
                                                  kMemoryPositionAmplitude));
  }
  if (finding_embeddings_.defined())
    truncated_normal_(finding_embeddings_, kFindingEmbeddingDeviation);
  encoder_->start_values();
  decoder_->scale_residuals();
}

EncodedImage GroundedModelImpl::encode(const Tensor& image, const Tensor& patch_attend_mask) {
  const EncodedPatches seen = encoder_(image);
  EncodedImage encoded = encode_patches(seen, patch_attend_mask);
  if (!config_.decoder.sees_cls) return encoded;
  const Tensor cls = seen.cls.unsqueeze(1);  // [B,1,D_v]
  Tensor key = projection_.is_empty() ? cls : projection_(cls);
  // Nothing was asked of the finding head about the image as a whole.
  if (finding_embeddings_.defined())
    key = torch::constant_pad_nd(key, {0, config_.finding_classes}, 0);
  encoded.memory = torch::cat({encoded.memory, key}, 1);
  return encoded;
}

EncodedImage GroundedModelImpl::encode_patches(const EncodedPatches& seen,
                                               const Tensor& patch_attend_mask) {
  EncodedImage encoded;
  encoded.patches = seen.patches;  // [B,N,D_v]
  encoded.cls = seen.cls;
  encoded.grid = seen.grid;
  encoded.patch_attend_mask = patch_attend_mask;
  encoded.memory = projection_.is_empty() ? seen.patches : projection_(seen.patches);  // [B,N,D_t]
  if (memory_positions_.defined())
    encoded.memory = encoded.memory +
                     interpolate_positions(memory_positions_, encoder_->native_grid(), seen.grid);
  if (finding_head_.is_empty()) return encoded;
  encoded.finding_logits = widened(finding_head_(seen.patches));  // [B,N,C]
  if (patch_attend_mask.defined())
    encoded.finding_logits = encoded.finding_logits.masked_fill(
        patch_attend_mask.logical_not().unsqueeze(-1), kNoFindingLogit);
  if (!finding_embeddings_.defined()) return encoded;
  const Tensor logits = encoded.finding_logits.detach();
  encoded.memory =
      torch::cat({encoded.memory + torch::matmul(finding_features(logits), finding_embeddings_),
                  logits.clamp(-kSureLogit, kSureLogit)},
                 2);  // [B,N,D_t+C]
  return encoded;
}

Tensor GroundedModelImpl::finding_probabilities(const EncodedImage& encoded) {
  if (!encoded.finding_logits.defined())
    throw Error(ErrorCode::kUsage, "this model has no finding head (finding_classes = 0)");
  return pool_findings(encoded.finding_logits, config_.loss.label_pooling,
                       config_.loss.label_pooling_sharpness)
      .log_p.exp();
}

ForwardOutput GroundedModelImpl::forward(const ForwardInput& input) {
  const EncodedImage encoded = encode(input.image, input.patch_attend_mask);
  const int64_t batch = input.text_ids.size(0), t = input.text_ids.size(1), n = encoded.grid.size();
  check_sizes(input.image.select(1, 0).select(1, 0).select(1, 0), {batch}, "image (batch)");
  check_sizes(input.text_mask, {batch, t}, "text_mask");
  check_sizes(input.patch_attend_mask, {batch, n}, "patch_attend_mask");
  check_sizes(input.grounding_masks, {batch, t, n}, "grounding_masks");
  check_sizes(input.grounding_tokens, {batch, t}, "grounding_tokens");
  check_sizes(input.examined_tokens, {batch, t}, "examined_tokens");
  check_sizes(input.positive_tokens, {batch, t}, "positive_tokens");
  const DecoderOutput decoded = decoder_(encoded.memory, input.text_ids,
                                         DecoderMasks{{}, optional_of(input.patch_attend_mask)});
  ForwardOutput out;
  out.logits = decoded.logits;
  out.attention = decoded.attention;
  out.null_attention = decoded.null_attention;
  out.grid = encoded.grid;
  out.finding_logits = encoded.finding_logits;
  out.losses = losses(input, decoded, out.finding_logits);
  return out;
}

ForwardOutput GroundedModelImpl::forward(const Tensor& image, const Tensor& text_ids,
                                         const TensorOptional& grounding_masks) {
  ForwardInput input;
  input.image = image;
  input.text_ids = text_ids;
  if (grounding_masks) input.grounding_masks = *grounding_masks;
  return forward(input);
}

Losses GroundedModelImpl::losses(const ForwardInput& input, const DecoderOutput& decoded,
                                 const Tensor& finding_logits) {
  // sums over a vocabulary or a grid want all their digits
  const Autocast off(false, input.image.device());
  const LossConfig& c = config_.loss;
  const int64_t t = input.text_ids.size(1), patches = decoded.attention.size(3);
  const Tensor text_mask =
      input.text_mask.defined()
          ? input.text_mask.to(torch::kBool)
          : default_text_mask(input.text_ids, input.prompt_length, config_.pad_id, config_.bos_id);
  // The last position predicts nothing; its mask is false.
  const Tensor targets =
      torch::constant_pad_nd(input.text_ids.narrow(1, 1, t - 1), {0, 1}, config_.pad_id);
  const Tensor attention = decoded.attention.mean(1);  // [B,T,N]

  Losses losses;
  losses.text = text_loss(widened(decoded.logits), targets, text_mask);
  losses.total = losses.text;
  auto add = [&](double lambda, const Tensor& loss) {
    if (lambda != 0) losses.total = losses.total + lambda * loss;
  };
  // The grounding loss over `tokens`, [B,T] bool.
  auto grounding = [&](const Tensor& tokens) {
    const Tensor log_attention = c.grounding_loss.starts_with("kl")
                                     ? log_mean_attention(decoded.grounding_scores, tokens, patches)
                                     : Tensor();
    return grounding_loss(attention, log_attention, input.grounding_masks, tokens, text_mask,
                          c.grounding_loss, c.eps);
  };
  if (input.grounding_masks.defined()) {
    Tensor tokens = input.grounding_tokens.defined() ? input.grounding_tokens.to(torch::kBool)
                                                     : (input.grounding_masks > 0).any(-1);
    if (input.examined_tokens.defined())
      tokens = tokens.logical_and(input.examined_tokens.to(torch::kBool).logical_not());
    tokens = tokens.logical_and(text_mask);
    losses.grounding = monitored(c.lambda_ground, [&] { return grounding(tokens); });
    add(c.lambda_ground, losses.grounding);
  }
  if (input.grounding_masks.defined() && input.examined_tokens.defined()) {
    losses.examined = monitored(c.lambda_examined, [&] {
      return grounding(input.examined_tokens.to(torch::kBool).logical_and(text_mask));
    });
    add(c.lambda_examined, losses.examined);
  }
  const bool only_positive = c.entropy_on == "positive";
  if (!only_positive || input.positive_tokens.defined()) {
    losses.entropy = monitored(c.lambda_entropy, [&] {
      return entropy_loss(attention, text_mask, only_positive ? input.positive_tokens : Tensor(),
                          c.eps);
    });
    add(c.lambda_entropy, losses.entropy);
  }
  if (finding_logits.defined() && input.labels.defined()) {
    losses.labels = monitored(c.lambda_labels, [&] {
      return label_loss(pool_findings(finding_logits, c.label_pooling, c.label_pooling_sharpness),
                        input.labels);
    });
    add(c.lambda_labels, losses.labels);
  }
  if (finding_logits.defined() && input.patch_labels.defined() && input.has_boxes.defined()) {
    losses.patches = monitored(c.lambda_patches, [&] {
      return patch_loss(finding_logits, input.patch_labels, input.has_boxes);
    });
    add(c.lambda_patches, losses.patches);
  }
  return losses;
}

}  // namespace radgen

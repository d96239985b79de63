#include "radgen/model/decoder.h"

#include <fmt/format.h>

#include <cmath>

#include "radgen/core/error.h"
#include "radgen/model/initialisation.h"

namespace radgen {
namespace {

using torch::Tensor;

int64_t hidden_width(const DecoderConfig& config) {
  return static_cast<int64_t>(std::lround(config.mlp_ratio * static_cast<double>(config.width)));
}

// [B,T,A*d] -> [B,A,T,d]
Tensor split_heads(const Tensor& x, int64_t heads) {
  return x.view({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}

// [B,A,T,d] -> [B,T,A*d]
Tensor join_heads(const Tensor& x) {
  return x.transpose(1, 2).reshape({x.size(0), x.size(2), x.size(1) * x.size(3)});
}

// [S*G,A,T,...] -> [S,A,G*T,...]: the G texts of each of S images side by side, so that they
// share its keys.
Tensor group_texts(const Tensor& x, int64_t images) {
  const int64_t group = x.size(0) / images, heads = x.size(1), t = x.size(2);
  return x.reshape({images, group, heads, t, -1})
      .transpose(1, 2)
      .reshape({images, heads, group * t, -1});
}

// The inverse; `tail` is empty when there is no last dimension.
Tensor ungroup_texts(const Tensor& x, int64_t group) {
  const int64_t images = x.size(0), heads = x.size(1), t = x.size(2) / group;
  const Tensor split = x.reshape({images, heads, group, t, -1}).transpose(1, 2);  // [S,G,A,T,*]
  std::vector<int64_t> sizes{images * group, heads, t};
  if (x.dim() == 4) sizes.push_back(x.size(3));
  return split.reshape(sizes);
}

// Symmetric 8 bits with a step for each channel of each head; x and the step.
std::pair<Tensor, Tensor> in_bytes(const Tensor& x) {
  constexpr double kLargestByte = 127, kLeastStep = 1e-12;
  // [B,A,1,d]
  const Tensor step = (x.abs().amax(2, /*keepdim=*/true) / kLargestByte).clamp_min(kLeastStep);
  return {(x / step).round_().to(torch::kChar), step};
}

KeyValueCache kept_as(const KeyValueCache& seen, torch::ScalarType type) {
  constexpr double kLargestHalf = 65504;
  if (type == torch::kChar) {
    const auto [key, key_step] = in_bytes(seen.key.to(torch::kFloat));
    const auto [value, value_step] = in_bytes(seen.value.to(torch::kFloat));
    return {key, value, key_step, value_step};
  }
  if (type != torch::kHalf) return {seen.key.to(type), seen.value.to(type)};
  return {seen.key.clamp(-kLargestHalf, kLargestHalf).to(type),
          seen.value.clamp(-kLargestHalf, kLargestHalf).to(type)};
}

}  // namespace

CrossAttentionLayerImpl::CrossAttentionLayerImpl(int64_t width, int64_t heads, bool has_null_key,
                                                 bool has_cls_key, int64_t finding_classes)
    : width_(width), heads_(heads), finding_classes_(finding_classes), has_cls_key_(has_cls_key) {
  query = register_module("query", torch::nn::Linear(width, width));
  key_value = register_module("key_value", Linear(width, 2 * width));
  output = register_module("output", torch::nn::Linear(width, width));
  if (finding_classes > 0)
    finding_query =
        register_module("evidence_query", torch::nn::Linear(width, heads * finding_classes));
  if (has_null_key) null_key = register_parameter("null_key", torch::zeros({heads, width / heads}));
}

KeyValueCache CrossAttentionLayerImpl::project_keys_values(const Tensor& memory) {
  const int64_t batch = memory.size(0), n = memory.size(1), d = width_ / heads_;
  const Tensor both = key_value(memory.narrow(2, 0, width_))
                          .view({batch, n, 2, heads_, d})
                          .permute({2, 0, 3, 1, 4});  // [2,B,A,N,d]
  Tensor key = both[0], value = both[1];
  if (finding_classes_ > 0) {
    // Times what the scores will be divided by.
    const Tensor log_odds = memory.narrow(2, width_, finding_classes_) *
                            std::sqrt(static_cast<double>(d + finding_classes_));
    key = torch::cat(
        {key,
         log_odds.unsqueeze(1).expand({batch, heads_, n, finding_classes_}).to(key.scalar_type())},
        3);
  }
  if (!null_key.defined()) return {key.contiguous(), value.contiguous()};
  const Tensor null = torch::constant_pad_nd(null_key, {0, finding_classes_}, 0)
                          .view({1, heads_, 1, d + finding_classes_})
                          .expand({batch, heads_, 1, d + finding_classes_});
  return {torch::cat({key, null}, 2), torch::constant_pad_nd(value, {0, 0, 0, 1}, 0)};
}

Tensor CrossAttentionLayerImpl::queries(const Tensor& x) {
  const Tensor q = split_heads(apply_linear(x, query->weight, query->bias), heads_);
  if (finding_classes_ == 0) return q;
  return torch::cat({q, split_heads(finding_query(x), heads_)}, 3);
}

std::pair<Tensor, CrossAttention> CrossAttentionLayerImpl::forward(
    const Tensor& x, const KeyValueCache& memory, const TensorOptional& patch_attend_mask) {
  const int64_t images = memory.key.size(0), group = x.size(0) / images;
  Tensor q = queries(x);  // [B,A,T,d+C]
  if (group > 1) q = group_texts(q, images);
  // The steps of 8-bit keys and values are the same for all patches: they go into the queries and
  // out of the sums.
  if (memory.key_step.defined()) q = q.to(torch::kFloat) * memory.key_step;
  CrossAttention seen = cross_attention(q, memory.key, memory.value, null_key.defined(),
                                        patch_attend_mask, has_cls_key_);
  if (memory.value_step.defined()) seen.context = seen.context * memory.value_step;
  if (group > 1) {
    seen.context = ungroup_texts(seen.context, group);
    seen.weights = ungroup_texts(seen.weights, group);
    seen.null_weight = ungroup_texts(seen.null_weight, group);
    if (has_cls_key_) seen.cls_weight = ungroup_texts(seen.cls_weight, group);
    seen.scores = ungroup_texts(seen.scores, group);
  }
  return {apply_linear(join_heads(seen.context), output->weight, output->bias), seen};
}

DecoderLayerImpl::DecoderLayerImpl(const DecoderConfig& config, int64_t finding_classes) {
  norm_1 = register_module("norm_1", make_layer_norm(config.width, config.layer_norm_eps));
  self_attention = register_module("self_attention", SelfAttention(config.width, config.heads));
  norm_2 = register_module("norm_2", make_layer_norm(config.width, config.layer_norm_eps));
  cross_attention = register_module(
      "cross_attention", CrossAttentionLayer(config.width, config.heads, config.has_null_key,
                                             config.sees_cls, finding_classes));
  norm_3 = register_module("norm_3", make_layer_norm(config.width, config.layer_norm_eps));
  mlp =
      register_module("mlp", FeedForward(config.width, hidden_width(config), config.feed_forward));
}

GroundedDecoderImpl::GroundedDecoderImpl(const DecoderConfig& config, int64_t finding_classes)
    : config_(config) {
  token_embedding_ = register_module("token_embedding",
                                     torch::nn::Embedding(config.vocabulary_size, config.width));
  position_embedding_ =
      register_module("position_embedding", torch::nn::Embedding(config.max_tokens, config.width));
  for (int64_t i = 0; i < config.layers; ++i)
    layers_->push_back(DecoderLayer(config, finding_classes));
  register_module("layers", layers_);
  norm_ = register_module("norm", make_layer_norm(config.width, config.layer_norm_eps));
  if (!config.tie_embeddings)
    output_ = register_module(
        "output", torch::nn::Linear(
                      torch::nn::LinearOptions(config.width, config.vocabulary_size).bias(false)));
}

void GroundedDecoderImpl::scale_residuals() {
  const int64_t additions = 3 * config_.layers;
  for (const auto& module : *layers_) {
    DecoderLayerImpl& layer = *module->as<DecoderLayer>();
    scale_residual_(*layer.self_attention->output, additions);
    scale_residual_(*layer.cross_attention->output, additions);
    scale_residual_(*layer.mlp->down, additions);
  }
}

Tensor GroundedDecoderImpl::drop(const Tensor& x) const {
  return config_.dropout > 0 ? torch::dropout(x, config_.dropout, is_training()) : x;
}

DecoderOutput GroundedDecoderImpl::finish(const Tensor& x, std::vector<CrossAttention>& seen) {
  DecoderOutput out;
  const Tensor hidden = norm_(x);
  out.logits =
      apply_linear(hidden, output_.is_empty() ? token_embedding_->weight : output_->weight, {});
  if (config_.grounding_layers == "last") seen.erase(seen.begin(), seen.end() - 1);
  for (const CrossAttention& layer : seen) {
    out.attention = out.attention.defined() ? out.attention + layer.weights : layer.weights;
    out.null_attention =
        out.null_attention.defined() ? out.null_attention + layer.null_weight : layer.null_weight;
    if (layer.cls_weight.defined())
      out.cls_attention =
          out.cls_attention.defined() ? out.cls_attention + layer.cls_weight : layer.cls_weight;
    out.grounding_scores.push_back(layer.scores);
  }
  if (seen.size() > 1) {
    out.attention = out.attention / static_cast<double>(seen.size());
    out.null_attention = out.null_attention / static_cast<double>(seen.size());
    if (out.cls_attention.defined())
      out.cls_attention = out.cls_attention / static_cast<double>(seen.size());
  }
  return out;
}

DecoderOutput GroundedDecoderImpl::forward(const Tensor& memory, const Tensor& text_ids,
                                           const DecoderMasks& masks) {
  const int64_t t = text_ids.size(1);
  if (t > config_.max_tokens)
    throw Error(ErrorCode::kData,
                fmt::format("a text of {} tokens is longer than decoder.max_tokens = {}", t,
                            config_.max_tokens),
                "cut the texts or raise decoder.max_tokens");
  Tensor positions = torch::arange(t, text_ids.options());  // [T]
  TensorOptional attend_mask;                               // [B,1,T,T]
  if (masks.text_attend_mask) {
    const Tensor is_token = masks.text_attend_mask->to(torch::kBool);    // [B,T]
    positions = (is_token.to(torch::kLong).cumsum(1) - 1).clamp_min(0);  // [B,T]
    attend_mask =
        torch::ones({t, t}, is_token.options()).tril().logical_and(is_token.view({-1, 1, 1, t}));
  }
  Tensor x = drop(token_embedding_(text_ids) + position_embedding_(positions));  // [B,T,D_t]
  std::vector<CrossAttention> seen;
  for (const auto& module : *layers_) {
    DecoderLayerImpl& layer = *module->as<DecoderLayer>();
    const Tensor normed = layer.norm_1(x);
    x = x + drop(attend_mask ? layer.self_attention->forward_masked(normed, *attend_mask)
                             : layer.self_attention->forward(normed, /*is_causal=*/true));
    auto [from_image, weights] = layer.cross_attention->forward(
        layer.norm_2(x), layer.cross_attention->project_keys_values(memory),
        masks.patch_attend_mask);
    x = x + drop(from_image);
    x = x + drop(layer.mlp(layer.norm_3(x)));
    seen.push_back(std::move(weights));
  }
  return finish(x, seen);
}

DecoderCache GroundedDecoderImpl::start(const Tensor& memory,
                                        const TensorOptional& patch_attend_mask, int64_t max_tokens,
                                        torch::ScalarType kv_cache_type) {
  torch::NoGradGuard no_grad;
  DecoderCache cache;
  const int64_t batch = memory.size(0), d = config_.width / config_.heads;
  cache.max_tokens = max_tokens == 0 ? config_.max_tokens : max_tokens;
  // Only the CPU's kernel reads half precision as it is; elsewhere every word would widen all keys
  // anew.
  if (!memory.device().is_cpu()) kv_cache_type = memory.scalar_type();
  for (const auto& module : *layers_) {
    DecoderLayerImpl& layer = *module->as<DecoderLayer>();
    cache.cross.push_back(
        kept_as(layer.cross_attention->project_keys_values(memory), kv_cache_type));
    const std::vector<int64_t> sizes{batch, config_.heads, cache.max_tokens, d};
    // Zeros, not empty: slots behind a short prompt are hidden by weight 0, and 0 * NaN would show.
    cache.self.push_back(
        {torch::zeros(sizes, memory.options()), torch::zeros(sizes, memory.options())});
  }
  cache.patch_attend_mask = patch_attend_mask;
  cache.attend_mask = torch::zeros({batch, cache.max_tokens}, memory.options().dtype(torch::kBool));
  cache.positions = torch::zeros({batch}, memory.options().dtype(torch::kLong));
  return cache;
}

DecoderOutput GroundedDecoderImpl::step(const Tensor& ids, const TensorOptional& lengths,
                                        DecoderCache& cache) {
  torch::NoGradGuard no_grad;
  const int64_t t = ids.size(1), begin = cache.length, end = begin + t;
  if (end > cache.max_tokens)
    throw Error(
        ErrorCode::kData,
        fmt::format("{} tokens do not fit into a decoding cache of {}", end, cache.max_tokens),
        "start the cache with more tokens");
  const Tensor offsets = torch::arange(t, ids.options());                        // [T]
  Tensor is_token = torch::ones({ids.size(0), t}, cache.attend_mask.options());  // [B,T]
  if (lengths) {
    is_token = offsets.unsqueeze(0) < lengths->unsqueeze(1);
    cache.has_holes = true;
  }
  cache.attend_mask.narrow(1, begin, t).copy_(is_token);
  const Tensor positions =
      (cache.positions.unsqueeze(1) + offsets).clamp_max(config_.max_tokens - 1);  // [B,T]
  cache.positions = cache.positions + is_token.sum(1);

  TensorOptional attend_mask;  // [B,1,T,end]
  if (cache.has_holes || t > 1) {
    const Tensor causal = torch::ones({t, end}, is_token.options()).tril(/*diagonal=*/begin);
    attend_mask = cache.attend_mask.narrow(1, 0, end).view({-1, 1, 1, end}).logical_and(causal);
  }
  Tensor x = token_embedding_(ids) + position_embedding_(positions);  // [B,T,D_t]
  std::vector<CrossAttention> seen;
  for (size_t i = 0; i < layers_->size(); ++i) {
    DecoderLayerImpl& layer = *layers_[i]->as<DecoderLayer>();
    x = x +
        layer.self_attention->forward_cached(layer.norm_1(x), cache.self[i], begin, attend_mask);
    auto [from_image, weights] =
        layer.cross_attention->forward(layer.norm_2(x), cache.cross[i], cache.patch_attend_mask);
    x = x + from_image;
    x = x + layer.mlp(layer.norm_3(x));
    seen.push_back(std::move(weights));
  }
  cache.length = end;
  return finish(x, seen);
}

void GroundedDecoderImpl::select(DecoderCache& cache, const Tensor& rows, bool same_images) {
  torch::NoGradGuard no_grad;
  const int64_t count = rows.size(0);
  for (KeyValueCache& layer : cache.self) {
    for (Tensor* part : {&layer.key, &layer.value}) {
      std::vector<int64_t> sizes = part->sizes().vec();
      sizes[0] = count;
      Tensor selected = torch::zeros(sizes, part->options());
      // Only the slots in use are copied.
      selected.narrow(2, 0, cache.length)
          .copy_(part->narrow(2, 0, cache.length).index_select(0, rows));
      *part = selected;
    }
  }
  cache.attend_mask = cache.attend_mask.index_select(0, rows);
  cache.positions = cache.positions.index_select(0, rows);
  if (!same_images) select_images(cache, rows);
}

void GroundedDecoderImpl::select_images(DecoderCache& cache, const Tensor& images) {
  for (KeyValueCache& layer : cache.cross) {
    layer.key = layer.key.index_select(0, images);
    layer.value = layer.value.index_select(0, images);
    if (!layer.key_step.defined()) continue;
    layer.key_step = layer.key_step.index_select(0, images);
    layer.value_step = layer.value_step.index_select(0, images);
  }
  if (cache.patch_attend_mask)
    cache.patch_attend_mask = cache.patch_attend_mask->index_select(0, images);
}

}  // namespace radgen

// The grounded text decoder: each layer is causal self-attention, cross-attention over the image,
// feed-forward.
//
//   GroundedDecoder decoder(config.decoder);
//   DecoderOutput out = decoder->forward(memory, text_ids, {});   // [B,N,D_t], [B,T]
//   out.logits                                                    // [B,T,X]
//
//   DecoderCache cache = decoder->start(memory, {}, /*max_tokens=*/128);   // keys and values: once
//   out = decoder->step(prompt_ids, prompt_lengths, cache);
//   out = decoder->step(next_ids, {}, cache);                              // then token by token
//
// A position never sees a later one, so that padding on the right needs no mask. Step by step and
// all at once agree to rounding. The null key has no value: what attends to it takes nothing from
// the image.
//
// Findings: with C finding classes the last C channels of `memory` are the finding head's log-odds
// e of each patch. They are no part of its values; they add to the scores, which become (q k +
// sqrt(d) (W_e x) e) / sqrt(d): a word picks the findings whose map it attends by. The null key has
// e = 0, where a finding is as likely as not, so that a word whose findings are nowhere falls back
// to "no evidence".
//
// Parameter names: token_embedding, position_embedding, layers.I.{norm_1, self_attention.*, norm_2,
// cross_attention.{query, key_value, output, null_key, evidence_query}, norm_3, mlp.*}, norm, and
// output.weight when it is not tied.
#pragma once

#include <vector>

#include "radgen/model/config.h"
#include "radgen/model/transformer.h"

namespace radgen {

struct DecoderOutput {
  torch::Tensor logits;  // [B,T,X]
  // [B,A,T,N] grounding attention: the last layer's or the mean over layers
  torch::Tensor attention;
  torch::Tensor null_attention;  // [B,A,T]
  torch::Tensor cls_attention;   // [B,A,T]; undefined without sees_cls
  // Scores before the softmax of the layers that make up `attention`, each [B,A,T,N(+1)] (see
  // attention.h).
  std::vector<torch::Tensor> grounding_scores;
};

struct DecoderMasks {
  TensorOptional text_attend_mask;   // [B,T] bool, TRUE: a token; only for texts with holes or
                                     // padding on the left
  TensorOptional patch_attend_mask;  // [B,N] bool, TRUE: a patch of the image
};

// What decoding remembers for B texts (studies or beams).
struct DecoderCache {
  std::vector<KeyValueCache> self;   // a layer each, [B,A,M,d]
  std::vector<KeyValueCache> cross;  // a layer each, [B,A,N(+1),d]; shared by the beams of a study
  TensorOptional patch_attend_mask;  // [B,N]
  torch::Tensor attend_mask;         // [B,M] bool, slots that hold a token
  torch::Tensor positions;           // [B] int64, position of the next token
  bool has_holes = false;            // some slots in use hold no token
  int64_t length = 0;                // slots in use
  int64_t max_tokens = 0;            // M
};

class CrossAttentionLayerImpl : public torch::nn::Module {
 public:
  CrossAttentionLayerImpl(int64_t width, int64_t heads, bool has_null_key, bool has_cls_key = false,
                          int64_t finding_classes = 0);
  // Keys and values of the image, the null key appended: [B,N,D+C] -> [B,A,N(+1),d+C] and
  // [B,A,N(+1),d].
  KeyValueCache project_keys_values(const torch::Tensor& memory);
  // x [B,T,D] -> ([B,T,D], weights).
  std::pair<torch::Tensor, CrossAttention> forward(const torch::Tensor& x,
                                                   const KeyValueCache& memory,
                                                   const TensorOptional& patch_attend_mask);

  torch::nn::Linear query{nullptr}, output{nullptr};
  Linear key_value{nullptr};
  torch::nn::Linear finding_query{nullptr};  // empty without finding classes
  torch::Tensor null_key;                    // [A,d]; undefined without

 private:
  torch::Tensor queries(const torch::Tensor& x);  // [B,T,D] -> [B,A,T,d+C]

  int64_t width_, heads_, finding_classes_;
  bool has_cls_key_;
};
TORCH_MODULE(CrossAttentionLayer);

class DecoderLayerImpl : public torch::nn::Module {
 public:
  DecoderLayerImpl(const DecoderConfig& config, int64_t finding_classes);
  torch::nn::LayerNorm norm_1{nullptr}, norm_2{nullptr}, norm_3{nullptr};
  SelfAttention self_attention{nullptr};
  CrossAttentionLayer cross_attention{nullptr};
  FeedForward mlp{nullptr};
};
TORCH_MODULE(DecoderLayer);

class GroundedDecoderImpl : public torch::nn::Module {
 public:
  explicit GroundedDecoderImpl(const DecoderConfig& config, int64_t finding_classes = 0);

  // memory z~ [B,N,D_t+C], with sees_cls [B,N+1,D_t+C] and [CLS] as the last row; text_ids [B,T]
  // int64. Throws Error{kData} when T exceeds max_tokens.
  DecoderOutput forward(const torch::Tensor& memory, const torch::Tensor& text_ids,
                        const DecoderMasks& masks = {});

  // An empty cache for the B images of `memory`. max_tokens 0: the config's. kv_cache_type: how
  // the images' keys and values are kept, kFloat or, on CPUs, kHalf (half the bytes that every
  // word reads; values beyond 65,504 are cut) or kChar (a quarter: 8 bits with a step for each
  // channel).
  DecoderCache start(const torch::Tensor& memory, const TensorOptional& patch_attend_mask = {},
                     int64_t max_tokens = 0, torch::ScalarType kv_cache_type = torch::kFloat);
  // Appends ids [B,T] and returns what each position predicts. `lengths` [B]: how many of each
  // row's ids are tokens (padding on the right); undefined: all. No gradients.
  DecoderOutput step(const torch::Tensor& ids, const TensorOptional& lengths, DecoderCache& cache);
  // Row i of the texts continues row rows[i], rows int64. With `same_images` the cross keys and
  // values stay as they are (the G texts of each image stand side by side, and stay so); else
  // they are selected by the same rows.
  static void select(DecoderCache& cache, const torch::Tensor& rows, bool same_images);
  // Selects the images alone, for caches where each has several texts.
  static void select_images(DecoderCache& cache, const torch::Tensor& images);
  void scale_residuals();  // initialisation.h: once, after the weights got their first values
  const DecoderConfig& config() const { return config_; }

 private:
  torch::Tensor drop(const torch::Tensor& x) const;
  DecoderOutput finish(const torch::Tensor& x, std::vector<CrossAttention>& seen);

  DecoderConfig config_;
  torch::nn::Embedding token_embedding_{nullptr}, position_embedding_{nullptr};
  torch::nn::ModuleList layers_;
  torch::nn::LayerNorm norm_{nullptr};
  torch::nn::Linear output_{nullptr};
};
TORCH_MODULE(GroundedDecoder);

}  // namespace radgen

// The parts that encoder and decoder share: fused self-attention and feed-forward, as modules.
//
//   SelfAttention attention(192, 3, 0.0);
//   x = x + attention->forward(norm(x), /*is_causal=*/false);      // [B,N,D] -> [B,N,D]
#pragma once

#include <string>

#include "radgen/model/attention.h"
#include "radgen/model/linear.h"
#include "radgen/model/shapes.h"
#include "radgen/model/torch_compat.h"

namespace radgen {

// Keys and values that were seen already, for decoding token by token. Fixed size, written in
// place.
struct KeyValueCache {
  torch::Tensor key, value;  // [B,A,M,d]
  // [B,A,1,d] what an 8-bit number counts; undefined unless key and value are int8
  torch::Tensor key_step, value_step;
};

// Multi-head self-attention with one fused projection.
class SelfAttentionImpl : public torch::nn::Module {
 public:
  SelfAttentionImpl(int64_t width, int64_t heads);
  torch::Tensor forward(const torch::Tensor& x, bool is_causal);  // [B,N,D] -> [B,N,D]
  // Like forward for an image's patches, with [CLS] in front when has_cls (windowed_attention.h):
  // each patch sees its window, or the whole image through keys and values that are means over
  // pool x pool patches. A projection of a mean is the mean of the projections, so that keys and
  // values are projected once a pool.
  torch::Tensor forward_windows(const torch::Tensor& x, PatchGrid grid, int64_t window_patches,
                                bool has_cls);
  torch::Tensor forward_pooled(const torch::Tensor& x, PatchGrid grid, int64_t pool, bool has_cls);
  // Writes the keys and values of x [B,T,D] into cache slots begin..begin+T, then attends over
  // slots 0..begin+T. attend_mask: bool, broadcastable to [B,A,T,begin+T], TRUE: may be attended.
  // No gradients.
  torch::Tensor forward_cached(const torch::Tensor& x, KeyValueCache& cache, int64_t begin,
                               const TensorOptional& attend_mask);
  // Like forward with a mask broadcastable to [B,A,N,N]; for texts with holes.
  torch::Tensor forward_masked(const torch::Tensor& x, const torch::Tensor& attend_mask);
  int64_t heads() const { return heads_; }

  Linear query_key_value{nullptr}, output{nullptr};

 private:
  int64_t heads_;
};
TORCH_MODULE(SelfAttention);

// Feed-forward: up, the activation, down. kind:
//   "gelu"       the exact GELU (Hendrycks and Gimpel 2016)
//   "gelu_tanh"  its tanh approximation, GPT-2's
//   "swiglu"     silu(a) * b for the halves a, b of up's output, which is 2 * hidden wide (Shazeer
//                2020)
class FeedForwardImpl : public torch::nn::Module {
 public:
  FeedForwardImpl(int64_t width, int64_t hidden, std::string kind = "gelu");
  torch::Tensor forward(const torch::Tensor& x);

  Linear up{nullptr}, down{nullptr};

 private:
  torch::Tensor forward_rows(const torch::Tensor& x);

  std::string kind_;
};
TORCH_MODULE(FeedForward);

}  // namespace radgen

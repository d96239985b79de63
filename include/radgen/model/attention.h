// Attention as functions: self-attention whose memory grows with N, and cross-attention that shows
// its weights.
//
//   Tensor out = self_attention(qkv);              // [B,N,3,A,d] -> [B,N,A,d]
//   CrossAttention seen = cross_attention(q, memory.key, memory.value, /*has_null_key=*/true, {});
//   seen.weights                                   // [B,A,T,N], with null_weight it sums to 1
//
// Scores are scaled by 1/sqrt(d). All functions work in float and double, on every device, and have
// gradients.
#pragma once

#include "radgen/model/torch_compat.h"

namespace radgen {

// Up to this many bytes of B*A*N*N weights the plain form (bmm, softmax, bmm) may be taken.
inline constexpr int64_t kPlainAttentionLimitBytes = int64_t{256} << 20;

// softmax(q k^T / sqrt(d)) v for packed q, k, v. qkv: [B,N,3,A,d] (the view of a fused projection's
// output), result [B,N,A,d], contiguous. With `is_causal` position i sees 0..i. Chooses between the
// forms below: tiled on CPUs; on GPUs fused where LibTorch has it, else plain when B*A*N*N weights
// fit in `plain_limit_bytes` and tiled above.
torch::Tensor self_attention(const torch::Tensor& qkv, bool is_causal = false,
                             int64_t plain_limit_bytes = kPlainAttentionLimitBytes);

// The definition, written down. Materialises [B,A,N,N].
torch::Tensor plain_self_attention(const torch::Tensor& qkv, bool is_causal = false);

// Never holds more than one tile of the weights a thread: queries in blocks, keys in blocks, online
// softmax (Milakov and Gimelshein 2018; Dao et al. 2022, FlashAttention). Saves q, k, v, the output
// and the log-sum-exp of each row; the backward pass recomputes the weights tile by tile. Not twice
// differentiable.
torch::Tensor tiled_self_attention(const torch::Tensor& qkv, bool is_causal = false);

// LibTorch's own kernels (scaled_dot_product_attention; Dao 2023, FlashAttention-2): those of GPUs,
// from LibTorch 2.0 on. On CPUs the tiled form is as fast in fp32 and the library's bf16 kernel
// forty times slower (5 GFLOP/s). False says that fused_attention must not be called.
bool has_fused_attention(torch::Device device);
// q [B,T,A,d]; k and v [B,S,A,d], any strides with dense rows; result [B,T,A,d], contiguous.
torch::Tensor fused_attention(const torch::Tensor& q, const torch::Tensor& k,
                              const torch::Tensor& v, bool is_causal = false);

// softmax(q k^T / sqrt(d)) v where some keys may be hidden. q [B,A,T,d], k and v [B,A,S,d];
// attend_mask: bool, broadcastable to [B,A,T,S], TRUE: may be attended. A row without any key gives
// zeros. Result [B,A,T,d].
torch::Tensor masked_attention(const torch::Tensor& q, const torch::Tensor& k,
                               const torch::Tensor& v, const TensorOptional& attend_mask);

// What a text saw of the image.
struct CrossAttention {
  torch::Tensor context;      // [B,A,T,d]
  torch::Tensor weights;      // [B,A,T,N] patch weights
  torch::Tensor null_weight;  // [B,A,T] weight of the null key; zeros without one
  torch::Tensor cls_weight;   // [B,A,T] weight of [CLS]; undefined without it
  torch::Tensor scores;       // [B,A,T,S] before the softmax, hidden patches at -inf: log_softmax
                              // of it is log alpha without underflow
};

// Cross-attention with its map. q [B,A,T,d]; k and v [B,A,N,d], or [B,A,N+1,d] with the null key as
// the LAST row when `has_null_key`, and with [CLS] as the row behind the patches when
// `has_cls_key`. patch_attend_mask [B,N] bool, TRUE: a patch of the image, false: padding, which
// gets weight 0 exactly. [CLS] and the null key are never hidden; a study without a visible patch
// and without a null key gets zeros.
CrossAttention cross_attention(const torch::Tensor& q, const torch::Tensor& k,
                               const torch::Tensor& v, bool has_null_key,
                               const TensorOptional& patch_attend_mask, bool has_cls_key = false);

}  // namespace radgen

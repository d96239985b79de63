// The autograd functions behind tiled_self_attention (attention.h) and tiled_attention
// (windowed_attention.h).
//
// fp32 on a CPU runs in the kernel of attention_kernel.h; other types and devices in ATen
// operators, tile by tile.
#pragma once

#include "radgen/model/shapes.h"
#include "radgen/model/torch_compat.h"

namespace radgen {

// What a narrow type (autocast) is widened to on a CPU, whose kernel is fp32; `x` itself otherwise.
inline torch::Tensor widened_for_kernel(const torch::Tensor& x) {
  const bool is_narrow = x.scalar_type() == torch::kBFloat16 || x.scalar_type() == torch::kHalf;
  return is_narrow && x.device().is_cpu() ? x.to(torch::kFloat) : x;
}

// qkv [B,N,3,A,d] -> [B,N,A,d].
class TiledSelfAttention : public torch::autograd::Function<TiledSelfAttention> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& qkv,
                               bool is_causal);
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients);
};

// Attention inside of windows of window_patches x window_patches, as window_self_attention()
// defines it, but without gradients and without the rows of [CLS], which are left as they are. Each
// thread gathers the rows of one head of one window in its cache: a large image is never laid out
// anew. qkv [B,N,3,A,d] or [B,1+N,3,A,d] fp32 on a CPU, out likewise [B,N or 1+N,A,d].
bool can_gather_windows(const torch::Tensor& qkv);
void attend_gathered_windows(const torch::Tensor& qkv, PatchGrid grid, int64_t window_patches,
                             bool has_cls, const torch::Tensor& out);

// q [B,T,A,d], kv [B,S,2,A,d] -> [B,T,A,d].
class TiledAttention : public torch::autograd::Function<TiledAttention> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& q,
                               const torch::Tensor& kv);
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients);
};

}  // namespace radgen

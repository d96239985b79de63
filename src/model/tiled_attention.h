// The autograd functions behind tiled_self_attention (attention.h) and tiled_attention (windowed_attention.h).
//
// fp32 on a CPU runs in the kernel of attention_kernel.h; other types and devices in ATen operators, tile by tile.
#pragma once

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

// q [B,T,A,d], kv [B,S,2,A,d] -> [B,T,A,d].
class TiledAttention : public torch::autograd::Function<TiledAttention> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& q,
                               const torch::Tensor& kv);
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients);
};

}  // namespace radgen

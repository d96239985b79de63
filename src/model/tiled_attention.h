// The autograd function behind tiled_self_attention (attention.h).
#pragma once

#include "radgen/model/torch_compat.h"

namespace radgen {

class TiledAttention : public torch::autograd::Function<TiledAttention> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& qkv,
                               bool is_causal);
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients);
};

}  // namespace radgen

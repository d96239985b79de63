// The one door to LibTorch for this layer: what differs between LibTorch 1.13 and later ones is
// settled here.
//
//   #include "radgen/model/torch_compat.h"   // instead of <torch/torch.h>
//
// On CPUs the model layer uses no operator that appeared after 1.13, so that one code path is
// tested everywhere; GPUs take scaled_dot_product_attention where it is there (attention.h).
#pragma once

#include <torch/torch.h>
#include <torch/version.h>

#define RADGEN_TORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) ||         \
   (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

namespace radgen {

using TensorOptional = c10::optional<torch::Tensor>;

// LayerNorm over the last `width` channels.
inline torch::nn::LayerNorm make_layer_norm(int64_t width, double eps) {
  return torch::nn::LayerNorm(torch::nn::LayerNormOptions({width}).eps(eps));
}

}  // namespace radgen

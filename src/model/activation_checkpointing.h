// Activation checkpointing (Chen et al. 2016, "Training deep nets with sublinear memory cost"): a
// part of a network keeps only its input and runs again in the backward pass.
//
//   x = checkpointed([&](const Tensor& in) { return layer->forward(in); }, x);
//
// Gradients of the parameters that the body uses are added to their .grad when backward() comes by:
// for backward(), not for torch::autograd::grad(). The body must outlive the graph, and must give
// the same result twice; random numbers on the CPU are drawn again alike. Buffers that it changes
// are changed twice.
#pragma once

#include <functional>

#include "radgen/model/torch_compat.h"

namespace radgen {

torch::Tensor checkpointed(const std::function<torch::Tensor(const torch::Tensor&)>& body,
                           const torch::Tensor& x);

}  // namespace radgen

// Numerical gradients for tests: central differences in double against autograd.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "radgen/model/torch_compat.h"

namespace radgen {

// Compares d loss() / d inputs with differences of `step` at up to `probes` elements of each input.
inline void expect_gradients_match(const std::vector<torch::Tensor>& inputs,
                                   const std::function<torch::Tensor()>& loss,
                                   double tolerance = 1e-6, int64_t probes = 12,
                                   double step = 1e-5) {
  for (const torch::Tensor& input : inputs)
    if (input.grad().defined()) input.mutable_grad().zero_();
  loss().backward();
  for (size_t i = 0; i < inputs.size(); ++i) {
    ASSERT_EQ(inputs[i].scalar_type(), torch::kDouble);
    ASSERT_TRUE(inputs[i].grad().defined()) << "input " << i << " has no gradient";
    const torch::Tensor gradient = inputs[i].grad().reshape({-1});
    torch::NoGradGuard no_grad;
    double* values = inputs[i].data_ptr<double>();
    const int64_t size = inputs[i].numel(), stride = std::max<int64_t>(size / probes, 1);
    for (int64_t at = 0; at < size; at += stride) {
      const double kept = values[at];
      values[at] = kept + step;
      const double above = loss().item<double>();
      values[at] = kept - step;
      const double below = loss().item<double>();
      values[at] = kept;
      const double expected = (above - below) / (2 * step);
      EXPECT_NEAR(gradient[at].item<double>(), expected,
                  tolerance * std::max(1.0, std::abs(expected)))
          << "input " << i << ", element " << at;
    }
  }
}

}  // namespace radgen

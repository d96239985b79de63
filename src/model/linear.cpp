#include "radgen/model/linear.h"

namespace radgen {

using torch::Tensor;

Tensor LinearImpl::forward(const Tensor& x) {
  if (!form_ || torch::GradMode::is_enabled()) return torch::nn::LinearImpl::forward(x);
  return form_->apply(*this, x, 0, weight.size(0));
}

Tensor LinearImpl::forward_part(const Tensor& x, int64_t first, int64_t count) {
  if (form_ && !torch::GradMode::is_enabled()) return form_->apply(*this, x, first, count);
  return torch::linear(x, weight.narrow(0, first, count), bias.narrow(0, first, count));
}

}  // namespace radgen

#include "radgen/model/linear.h"

namespace radgen {

using torch::Tensor;

Tensor apply_linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const bool is_row =
      x.numel() == x.size(-1) && x.device().is_cpu() && x.scalar_type() == torch::kFloat;
  if (!is_row || torch::GradMode::is_enabled()) return torch::linear(x, weight, bias);
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes.back() = weight.size(0);
  const Tensor row = x.reshape({x.size(-1)});
  return (bias.defined() ? torch::addmv(bias, weight, row) : torch::mv(weight, row)).view(sizes);
}

Tensor LinearImpl::forward(const Tensor& x) {
  if (!backend_ || torch::GradMode::is_enabled()) return apply_linear(x, weight, bias);
  return backend_->apply(*this, x, 0, weight.size(0));
}

Tensor LinearImpl::forward_part(const Tensor& x, int64_t first, int64_t count) {
  if (backend_ && !torch::GradMode::is_enabled()) return backend_->apply(*this, x, first, count);
  return torch::linear(x, weight.narrow(0, first, count), bias.narrow(0, first, count));
}

}  // namespace radgen

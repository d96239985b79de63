#include "radgen/model/initialisation.h"

#include <cmath>

namespace radgen {

using torch::Tensor;

void truncated_normal_(Tensor tensor, double deviation) {
  torch::NoGradGuard no_grad;
  // erf(x / sqrt 2) is uniform for normal x; at two deviations it is erf(sqrt 2).
  const double edge = std::erf(std::sqrt(2.0));
  tensor.uniform_(-edge, edge).erfinv_().mul_(std::sqrt(2.0) * deviation);
  tensor.clamp_(-2 * deviation, 2 * deviation);
}

namespace {

void initialise_own(torch::nn::Module& part) {
  if (auto* linear = part.as<torch::nn::Linear>()) {
    truncated_normal_(linear->weight, kInitialDeviation);
    if (linear->bias.defined()) linear->bias.zero_();
  } else if (auto* embedding = part.as<torch::nn::Embedding>()) {
    truncated_normal_(embedding->weight, kInitialDeviation);
  } else if (auto* convolution = part.as<torch::nn::Conv2d>()) {
    torch::nn::init::kaiming_normal_(convolution->weight, 0.0, torch::kFanIn, torch::kReLU);
    if (convolution->bias.defined()) convolution->bias.zero_();
  } else if (auto* norm = part.as<torch::nn::LayerNorm>()) {
    norm->weight.fill_(1);
    norm->bias.zero_();
  } else if (auto* batch_norm = part.as<torch::nn::BatchNorm2d>()) {
    batch_norm->weight.fill_(1);
    batch_norm->bias.zero_();
  } else {
    for (auto& parameter : part.named_parameters(/*recurse=*/false))
      truncated_normal_(parameter.value(), kInitialDeviation);
  }
}

}  // namespace

void initialise(torch::nn::Module& module) {
  torch::NoGradGuard no_grad;
  initialise_own(module);
  // Without the module itself: inside its own constructor nothing shares it yet.
  for (const auto& part : module.modules(/*include_self=*/false)) initialise_own(*part);
}

Tensor sine_cosine_positions(PatchGrid grid, int64_t width, double amplitude) {
  Tensor positions = torch::zeros({grid.rows, grid.columns, width});
  const int64_t quarter = width / 4;
  const Tensor rate =
      torch::pow(10000.0, -torch::arange(quarter, torch::kFloat32) / static_cast<double>(quarter));
  // [rows, quarter]
  const Tensor row = torch::arange(grid.rows, torch::kFloat32).unsqueeze(1) * rate;
  // [columns, quarter]
  const Tensor column = torch::arange(grid.columns, torch::kFloat32).unsqueeze(1) * rate;
  positions.narrow(2, 0, quarter).copy_(row.sin().unsqueeze(1).expand({-1, grid.columns, -1}));
  positions.narrow(2, quarter, quarter)
      .copy_(row.cos().unsqueeze(1).expand({-1, grid.columns, -1}));
  positions.narrow(2, 2 * quarter, quarter)
      .copy_(column.sin().unsqueeze(0).expand({grid.rows, -1, -1}));
  positions.narrow(2, 3 * quarter, quarter)
      .copy_(column.cos().unsqueeze(0).expand({grid.rows, -1, -1}));
  return amplitude * positions.reshape({1, grid.size(), width});
}

void scale_residual_(torch::nn::LinearImpl& layer, int64_t residual_additions) {
  torch::NoGradGuard no_grad;
  layer.weight.div_(std::sqrt(static_cast<double>(std::max<int64_t>(residual_additions, 1))));
}

}  // namespace radgen

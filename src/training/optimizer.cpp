#include "radgen/training/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "radgen/core/error.h"

namespace radgen {
namespace {

bool is_inner_matrix(const std::string& name, const torch::Tensor& parameter) {
  if (parameter.dim() < 2 || !name.ends_with(".weight")) return false;
  for (const char* edge : {"embedding", "finding_head", "decoder.output"})
    if (name.find(edge) != std::string::npos) return false;
  return true;
}

}  // namespace

torch::Tensor orthogonalised(const torch::Tensor& matrix) {
  // Odd polynomial a x + b x^3 + c x^5 of the singular values, applied five times.
  constexpr double kA = 3.4445, kB = -4.7750, kC = 2.0315;
  constexpr int kIterations = 5;
  const bool is_tall = matrix.size(0) > matrix.size(1);
  torch::Tensor x = is_tall ? matrix.t() : matrix;
  x = x / (x.norm() + 1e-7);
  for (int i = 0; i < kIterations; ++i) {
    const torch::Tensor square = torch::mm(x, x.t());
    x = torch::addmm(x, torch::addmm(square, square, square, kB, kC), x, kA);
  }
  return is_tall ? x.t() : x;
}

double learning_rate(const OptimizerConfig& config, int64_t step, int64_t total_steps,
                     double least_progress) {
  if (step < config.warmup_steps)
    return config.lr_peak * static_cast<double>(step + 1) /
           static_cast<double>(config.warmup_steps);
  const double span =
      static_cast<double>(std::max<int64_t>(1, total_steps - 1 - config.warmup_steps));
  const double progress = std::clamp(static_cast<double>(step - config.warmup_steps) / span,
                                     std::min(least_progress, 1.0), 1.0);
  const double decayed = std::max(0.0, (progress - (1 - config.decay_share)) / config.decay_share);
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * decayed));
  return config.lr_peak * (config.lr_final_ratio + (1 - config.lr_final_ratio) * cosine);
}

Optimizer::Optimizer(std::map<std::string, torch::Tensor> parameters, const OptimizerConfig& config)
    : config_(config) {
  for (auto& [name, parameter] : parameters) {
    Slot slot;
    slot.parameter = parameter;
    slot.moment1 = torch::zeros_like(parameter);
    slot.is_muon = config.method == "muon" && is_inner_matrix(name, parameter);
    slot.moment2 =
        slot.is_muon ? torch::zeros({0}, parameter.options()) : torch::zeros_like(parameter);
    slot.has_decay = parameter.dim() > 1 && name.find("embedding") == std::string::npos;
    slots_.emplace(name, std::move(slot));
  }
}

double Optimizer::step(double learning_rate) {
  torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> squares;
  for (auto& [name, slot] : slots_)
    if (slot.parameter.grad().defined()) squares.push_back(slot.parameter.grad().square().sum());
  // Fetched together: a GPU would be waited for at each.
  const double norm =
      squares.empty()
          ? 0
          : std::sqrt(torch::stack(squares).to(torch::kCPU, torch::kDouble).sum().item<double>());
  if (!std::isfinite(norm)) {
    zero_grad();
    return norm;
  }
  const double scale =
      config_.clip_norm > 0 && norm > config_.clip_norm ? config_.clip_norm / norm : 1.0;
  // by (updates, has_decay): what AdamW's factors depend on
  std::map<std::pair<int64_t, bool>, Group> groups;
  for (auto& [name, slot] : slots_) {
    if (!slot.parameter.grad().defined() || !slot.parameter.requires_grad()) continue;
    const torch::Tensor gradient = slot.parameter.grad().mul_(scale);
    ++slot.updates;
    if (slot.is_muon) {
      step_muon(slot, gradient, learning_rate * config_.muon_lr_ratio);
      continue;
    }
    Group& group = groups[{slot.updates, slot.has_decay}];
    group.parameters.push_back(slot.parameter);
    group.gradients.push_back(gradient);
    group.moments1.push_back(slot.moment1);
    group.moments2.push_back(slot.moment2);
    if (gradient.is_cuda()) continue;
    // A GPU takes a group in a few launches; a CPU gains nothing by it and would hold all
    // denominators at once.
    step_adamw(group, slot.updates, slot.has_decay, learning_rate);
    group = {};
  }
  for (const auto& [kind, group] : groups)
    if (!group.parameters.empty()) step_adamw(group, kind.first, kind.second, learning_rate);
  zero_grad();
  return norm;
}

void Optimizer::step_adamw(const Group& group, int64_t updates, bool has_decay,
                           double learning_rate) const {
  at::_foreach_mul_(group.moments1, config_.beta1);
  at::_foreach_add_(group.moments1, group.gradients, 1 - config_.beta1);
  at::_foreach_mul_(group.moments2, config_.beta2);
  at::_foreach_addcmul_(group.moments2, group.gradients, group.gradients, 1 - config_.beta2);
  const double correction1 = 1 - std::pow(config_.beta1, static_cast<double>(updates));
  const double correction2 = 1 - std::pow(config_.beta2, static_cast<double>(updates));
  if (has_decay) at::_foreach_mul_(group.parameters, 1 - learning_rate * config_.weight_decay);
  const std::vector<torch::Tensor> denominators = at::_foreach_sqrt(group.moments2);
  at::_foreach_div_(denominators, std::sqrt(correction2));
  at::_foreach_add_(denominators, config_.eps);
  at::_foreach_addcdiv_(group.parameters, group.moments1, denominators,
                        -learning_rate / correction1);
}

// W -= lr sqrt(max(1, R/C)) orthogonalised(g + momentum m), m = momentum m + g; a convolution
// [out,in,h,w] is [out,in h w].
void Optimizer::step_muon(Slot& slot, const torch::Tensor& gradient, double learning_rate) const {
  slot.moment1.mul_(config_.muon_momentum).add_(gradient);
  const torch::Tensor update =
      orthogonalised(torch::add(gradient, slot.moment1, config_.muon_momentum).flatten(1));
  const double aspect = static_cast<double>(update.size(0)) / static_cast<double>(update.size(1));
  if (slot.has_decay) slot.parameter.mul_(1 - learning_rate * config_.weight_decay);
  slot.parameter.sub_(update.reshape(slot.parameter.sizes()),
                      learning_rate * std::sqrt(std::max(1.0, aspect)));
}

void Optimizer::zero_grad() {
  for (auto& [name, slot] : slots_) slot.parameter.mutable_grad() = torch::Tensor();
}

std::map<std::string, torch::Tensor> Optimizer::state() const {
  std::map<std::string, torch::Tensor> state;
  for (const auto& [name, slot] : slots_) {
    state["moment1." + name] = slot.moment1;
    state["moment2." + name] = slot.moment2;
    state["updates." + name] = torch::full({1}, static_cast<double>(slot.updates), torch::kFloat32);
  }
  return state;
}

void Optimizer::load_state(const std::map<std::string, torch::Tensor>& state) {
  torch::NoGradGuard no_grad;
  auto find = [&](const std::string& name) {
    const auto found = state.find(name);
    if (found == state.end())
      throw Error(ErrorCode::kData, "optimizer state: tensor '" + name + "' is missing",
                  "the checkpoint belongs to another network; start a new run or use --init-from");
    return found->second;
  };
  for (auto& [name, slot] : slots_) {
    slot.moment1.copy_(find("moment1." + name));
    slot.moment2.copy_(find("moment2." + name));
    slot.updates = static_cast<int64_t>(find("updates." + name).item<float>());
  }
}

}  // namespace radgen

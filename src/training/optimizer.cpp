#include "radgen/training/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "radgen/core/error.h"

namespace radgen {

double learning_rate(const OptimizerConfig& config, int64_t step, int64_t total_steps, double least_progress) {
  if (step < config.warmup_steps)
    return config.lr_peak * static_cast<double>(step + 1) / static_cast<double>(config.warmup_steps);
  const double span = static_cast<double>(std::max<int64_t>(1, total_steps - 1 - config.warmup_steps));
  const double progress = std::clamp(static_cast<double>(step - config.warmup_steps) / span, std::min(least_progress, 1.0), 1.0);
  const double decayed = std::max(0.0, (progress - (1 - config.decay_share)) / config.decay_share);
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * decayed));
  return config.lr_peak * (config.lr_final_ratio + (1 - config.lr_final_ratio) * cosine);
}

AdamW::AdamW(std::map<std::string, torch::Tensor> parameters, const OptimizerConfig& config) : config_(config) {
  for (auto& [name, parameter] : parameters) {
    Slot slot;
    slot.parameter = parameter;
    slot.moment1 = torch::zeros_like(parameter);
    slot.moment2 = torch::zeros_like(parameter);
    slot.has_decay = parameter.dim() > 1 && name.find("embedding") == std::string::npos;
    slots_.emplace(name, std::move(slot));
  }
}

double AdamW::step(double learning_rate) {
  torch::NoGradGuard no_grad;
  double square = 0;
  for (auto& [name, slot] : slots_)
    if (slot.parameter.grad().defined()) square += slot.parameter.grad().square().sum().item<double>();
  const double norm = std::sqrt(square);
  if (!std::isfinite(norm)) {
    zero_grad();
    return norm;
  }
  const double scale = config_.clip_norm > 0 && norm > config_.clip_norm ? config_.clip_norm / norm : 1.0;
  for (auto& [name, slot] : slots_) {
    if (!slot.parameter.grad().defined() || !slot.parameter.requires_grad()) continue;
    const torch::Tensor gradient = slot.parameter.grad().mul_(scale);
    ++slot.updates;
    slot.moment1.mul_(config_.beta1).add_(gradient, 1 - config_.beta1);
    slot.moment2.mul_(config_.beta2).addcmul_(gradient, gradient, 1 - config_.beta2);
    const double correction1 = 1 - std::pow(config_.beta1, static_cast<double>(slot.updates));
    const double correction2 = 1 - std::pow(config_.beta2, static_cast<double>(slot.updates));
    if (slot.has_decay) slot.parameter.mul_(1 - learning_rate * config_.weight_decay);
    const torch::Tensor denominator = slot.moment2.sqrt().div_(std::sqrt(correction2)).add_(config_.eps);
    slot.parameter.addcdiv_(slot.moment1, denominator, -learning_rate / correction1);
  }
  zero_grad();
  return norm;
}

void AdamW::zero_grad() {
  for (auto& [name, slot] : slots_) slot.parameter.mutable_grad() = torch::Tensor();
}

std::map<std::string, torch::Tensor> AdamW::state() const {
  std::map<std::string, torch::Tensor> state;
  for (const auto& [name, slot] : slots_) {
    state["moment1." + name] = slot.moment1;
    state["moment2." + name] = slot.moment2;
    state["updates." + name] = torch::full({1}, static_cast<double>(slot.updates), torch::kFloat32);
  }
  return state;
}

void AdamW::load_state(const std::map<std::string, torch::Tensor>& state) {
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

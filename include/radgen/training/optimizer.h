// AdamW (Loshchilov and Hutter 2019), or Muon (Jordan et al. 2024) for the matrices inside the
// network and AdamW for the rest, with warm-up and cosine decay. Our own small ones: the whole
// state is named tensors, so that a checkpoint is one safetensors file and a resumed run continues
// bit for bit.
#pragma once

#include <torch/torch.h>

#include <map>
#include <string>
#include <vector>

#include "radgen/core/config.h"

namespace radgen {

struct OptimizerConfig {
  std::string method = "adamw";  // "adamw" | "muon"
  double muon_lr_ratio = 7;
  double muon_momentum = 0.95;
  double lr_peak = 1e-3;
  double lr_final_ratio = 0.02;
  int64_t warmup_steps = 100;
  double decay_share = 1;
  double weight_decay = 0.05;
  double beta1 = 0.9, beta2 = 0.98;
  double eps = 1e-8;
  double clip_norm = 1.0;
};
inline void describe(Fields& f, OptimizerConfig& c) {
  f.field("method", c.method,
          {.help = "muon: the weights of inner linear layers and convolutions move by orthogonal "
                   "updates, the others by adamw",
           .choices = {"adamw", "muon"}});
  f.field(
      "muon_lr_ratio", c.muon_lr_ratio,
      {.help = "learning rate of muon's weights over that of the others", .min = 0, .max = 1e3});
  f.field("muon_momentum", c.muon_momentum,
          {.help = "decay of muon's mean of gradients", .min = 0, .max = 1});
  f.field("lr_peak", c.lr_peak, {.help = "learning rate after the warm-up", .min = 0, .max = 1});
  f.field("lr_final_ratio", c.lr_final_ratio,
          {.help = "last learning rate over the peak", .min = 0, .max = 1});
  f.field("warmup_steps", c.warmup_steps,
          {.help = "linear warm-up; 0: none", .min = 0, .unit = "steps"});
  f.field("decay_share", c.decay_share,
          {.help = "share of the run, at its end, over which the learning rate falls; before that "
                   "it stays at the peak",
           .min = 0.01,
           .max = 1});
  f.field("weight_decay", c.weight_decay,
          {.help = "of matrices; biases, norms and embeddings have none", .min = 0, .max = 1});
  f.field("beta1", c.beta1, {.help = "decay of the first moment", .min = 0, .max = 1});
  f.field("beta2", c.beta2, {.help = "decay of the second moment", .min = 0, .max = 1});
  f.field("eps", c.eps, {.help = "added to the root of the second moment", .min = 0});
  f.field("clip_norm", c.clip_norm,
          {.help = "gradient norm above which gradients are scaled down; 0: off", .min = 0});
}

// Learning rate of a step (the first is 0): linear up to the peak; there until the last decay_share
// of the run; cosine down to lr_final_ratio x peak at its end. `least_progress` in [0,1]: the run
// is at least so far, whatever the step; a run that ends by the clock decays by the clock.
double learning_rate(const OptimizerConfig& config, int64_t step, int64_t total_steps,
                     double least_progress = 0);

// The nearest matrix with orthonormal rows (or columns, whichever are fewer), roughly: five
// Newton-Schulz iterations of degree 5 bring the singular values of a matrix that is not 0 into
// about 0.7..1.2 (Jordan et al. 2024). [R,C] -> [R,C].
torch::Tensor orthogonalised(const torch::Tensor& matrix);

class Optimizer {
 public:
  // Parameters by name; those of one dimension, and those whose name holds "embedding", get no
  // decay. Muon takes the weights of linear layers and convolutions; not what words, places or
  // findings begin or end with (embedding, positions, evidence, null_key, finding_head, output
  // layer of the decoder).
  Optimizer(std::map<std::string, torch::Tensor> parameters, const OptimizerConfig& config);

  // Scales gradients to clip_norm, updates, clears them. Returns the gradient norm before clipping;
  // when it is not finite nothing is updated. Parameters without a gradient (frozen ones) are left
  // alone.
  double step(double learning_rate);
  void zero_grad();

  // "moment1.NAME", "moment2.NAME" (empty for muon), "updates.NAME".
  std::map<std::string, torch::Tensor> state() const;
  // throws Error{kData} when one is missing
  void load_state(const std::map<std::string, torch::Tensor>& state);

 private:
  struct Slot {
    torch::Tensor parameter, moment1, moment2;
    bool has_decay = false, is_muon = false;
    int64_t updates = 0;  // a parameter that was frozen first has its own bias correction
  };
  struct Group {
    std::vector<torch::Tensor> parameters, gradients, moments1, moments2;
  };
  void step_adamw(const Group& group, int64_t updates, bool has_decay, double learning_rate) const;
  void step_muon(Slot& slot, const torch::Tensor& gradient, double learning_rate) const;

  std::map<std::string, Slot> slots_;
  OptimizerConfig config_;
};

}  // namespace radgen

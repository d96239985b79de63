// A tiny network and a batch for tests.
#pragma once

#include "radgen/model/grounded_model.h"

namespace radgen {

inline double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  const auto plain = [](const torch::Tensor& t) { return t.to(torch::kCPU, torch::kDouble); };
  return (plain(a) - plain(b)).abs().max().item<double>();
}

inline ModelConfig tiny_config() {
  ModelConfig config;
  config.encoder = {.stem = "conv",
                    .patch_px = 4,
                    .width = 16,
                    .layers = 2,
                    .heads = 2,
                    .mlp_ratio = 2,
                    .image_height_px = 12,
                    .image_width_px = 16,
                    .has_cls = true};
  config.decoder.width = 12;
  config.decoder.layers = 2;
  config.decoder.heads = 3;
  config.decoder.mlp_ratio = 2;
  config.decoder.max_tokens = 24;
  config.decoder.tie_embeddings = false;  // a tied tiny network repeats its input
  config.decoder.vocabulary_size = 20;
  config.finding_classes = 3;
  return config;
}

// Weights large enough that words differ from study to study.
inline GroundedModel tiny_model(const ModelConfig& config = tiny_config(), uint64_t seed = 5) {
  torch::manual_seed(seed);
  GroundedModel model(config);
  torch::NoGradGuard no_grad;
  for (torch::Tensor& parameter : model->parameters())
    parameter.add_(torch::randn_like(parameter) * 0.25);
  model->eval();
  return model;
}

inline ForwardInput tiny_input(const ModelConfig& config) {
  ForwardInput input;
  input.image = torch::randn({2, 1, 12, 16});
  input.text_ids =
      torch::tensor({6, 7, 2, 8, 9, 10, 3, 0, 2, 11, 12, 13, 14, 15, 16, 3}, torch::kLong)
          .view({2, 8});
  input.grounding_masks = torch::zeros({2, 8, 12});
  input.grounding_masks[0][3].narrow(0, 2, 3).fill_(1);
  input.grounding_masks[1][1].narrow(0, 6, 2).fill_(.5);
  input.labels = torch::tensor({1.F, 0.F, -1.F, 0.F, 1.F, 1.F}).view({2, 3});
  input.patch_labels = torch::rand({2, config.finding_classes, 12});
  input.has_boxes = torch::ones({2, config.finding_classes}, torch::kBool);
  return input;
}

}  // namespace radgen

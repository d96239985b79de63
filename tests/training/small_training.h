// A network and a batch small enough that a step takes a millisecond: 12 x 16 pixels, two studies.
#pragma once

#include "radgen/batches/batch.h"
#include "radgen/report/finding.h"
#include "radgen/training/config.h"

namespace radgen {

inline TrainConfig small_train_config() {
  TrainConfig config;
  config.network.encoder = {.stem = "conv",
                            .patch_px = 4,
                            .width = 16,
                            .layers = 1,
                            .heads = 2,
                            .mlp_ratio = 2,
                            .image_height_px = 12,
                            .image_width_px = 16,
                            .has_cls = false};
  config.network.decoder.width = 12;
  config.network.decoder.layers = 1;
  config.network.decoder.heads = 2;
  config.network.decoder.vocabulary_size = 20;
  config.network.finding_classes = static_cast<int64_t>(kFindingCount);
  config.network.loss.lambda_labels = config.network.loss.lambda_patches = 1;
  config.loop.encoder_pretraining_steps = 4;
  config.loop.low_resolution_steps = 2;
  return config;
}

inline Batch small_batch() {
  const int64_t classes = static_cast<int64_t>(kFindingCount);
  Batch batch;
  batch.image = torch::randn({2, 1, 12, 16});
  batch.text_ids = torch::tensor({{2, 6, 7, 3}, {2, 8, 3, 0}}, torch::kLong);
  batch.targets = torch::tensor({{6, 7, 3, 0}, {8, 3, 0, 0}}, torch::kLong);
  batch.prompt_length = torch::zeros({2}, torch::kLong);
  batch.text_mask = batch.targets > 0;
  batch.positive_tokens = batch.grounding_tokens = batch.examined_tokens =
      torch::zeros({2, 4}, torch::kBool);
  batch.grounding_masks = torch::zeros({2, 4, 12});
  batch.labels = torch::zeros({2, classes});
  batch.patch_labels = torch::zeros({2, classes, 12});
  batch.has_boxes = torch::ones({2, classes}, torch::kBool);
  return batch;
}

}  // namespace radgen

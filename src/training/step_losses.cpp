#include "radgen/training/step_losses.h"

#include "radgen/model/autocast.h"
#include "radgen/model/losses.h"
#include "radgen/training/forward_input.h"

namespace radgen {

using torch::Tensor;

Batch at_low_resolution(const Batch& batch, PatchGrid grid) {
  const int64_t patch_px = batch.image.size(2) / grid.rows, rows = (grid.rows + 1) / 2,
                columns = (grid.columns + 1) / 2;
  Batch small = batch;
  small.image = torch::adaptive_avg_pool2d(batch.image, {rows * patch_px, columns * patch_px});
  const int64_t classes = batch.patch_labels.size(1);
  small.patch_labels =
      torch::adaptive_avg_pool2d(batch.patch_labels.view({-1, classes, grid.rows, grid.columns}),
                                 {rows, columns})
          .flatten(2);
  return small;
}

Losses step_losses(GroundedModel network, const Batch& batch, const TrainConfig& config,
                   int64_t step) {
  if (step >= config.loop.encoder_pretraining_steps)
    return network->forward(make_forward_input(batch)).losses;
  const LossConfig& loss = config.network.loss;
  const Batch seen = step < config.loop.low_resolution_steps
                         ? at_low_resolution(batch, network->encoder()->native_grid())
                         : batch;
  const Tensor logits = network->encode(seen.image).finding_logits;
  const Autocast off(false, batch.image.device());
  Losses losses;
  losses.labels = label_loss(
      pool_findings(logits, loss.label_pooling, loss.label_pooling_sharpness), seen.labels);
  losses.patches = patch_loss(logits, seen.patch_labels, seen.has_boxes);
  losses.total = loss.lambda_labels * losses.labels + loss.lambda_patches * losses.patches;
  return losses;
}

void add_losses(const Losses& losses, double weight, std::map<std::string, double>& sums) {
  const std::pair<const char*, const torch::Tensor&> named[] = {
      {"loss", losses.total},
      {"loss_text", losses.text},
      {"loss_grounding", losses.grounding},
      {"loss_examined", losses.examined},
      {"loss_entropy", losses.entropy},
      {"loss_labels", losses.labels},
      {"loss_patches", losses.patches}};
  for (const auto& [name, loss] : named)
    if (loss.defined()) sums[name] += weight * loss.item<double>();
}

}  // namespace radgen

// What one batch costs at a step of the schedule.
//
//   // batch on the network's device
//   Losses losses = step_losses(network, batch, config, /*step=*/0);
//
// Steps below loop.encoder_pretraining_steps leave the decoder out: what the image shows is learnt
// from labels and boxes before any word is. Of them, those below loop.low_resolution_steps see
// images of half the side (progressive resizing: Touvron et al. 2019, "Fixing the train-test
// resolution discrepancy"), which cost a quarter.
#pragma once

#include <map>
#include <string>

#include "radgen/batches/batch.h"
#include "radgen/model/grounded_model.h"
#include "radgen/training/config.h"

namespace radgen {

Losses step_losses(GroundedModel network, const Batch& batch, const TrainConfig& config,
                   int64_t step);

// Adds each loss that a batch has to sums[name] ("loss" for the total, "loss_text", ...), times
// `weight`.
void add_losses(const Losses& losses, double weight, std::map<std::string, double>& sums);

// Image and patch labels on a grid of half as many patches a side, rounded up: image [B,1,H,W] ->
// [B,1,P r, P c] and patch_labels [B,14,N] -> [B,14,r c], each the mean of what it covers. `grid`
// is that of the image as it is.
Batch at_low_resolution(const Batch& batch, PatchGrid grid);

}  // namespace radgen

// First values of the weights; deterministic from torch::manual_seed.
//
//   torch::manual_seed(7);
//   GroundedModel model(config);        // calls initialise() itself
#pragma once

#include "radgen/model/shapes.h"
#include "radgen/model/torch_compat.h"

namespace radgen {

inline constexpr double kInitialDeviation = 0.02;  // GPT-2 and ViT

// Normal values cut at two deviations (redrawn by the inverse of the distribution function, so that
// every element takes exactly one random number).
void truncated_normal_(torch::Tensor tensor, double deviation);

// Linear and embedding weights: truncated normal; biases 0; norms 1 and 0; convolutions: Kaiming
// normal for ReLU (He et al. 2015), as they have no residual path. Free parameters (positions,
// tokens, null keys): truncated normal. Output projections onto the residual stream are divided by
// sqrt(2 * layers) (Radford et al. 2019); pass them by scale_residual_.
void initialise(torch::nn::Module& module);

// Where learned positions start, [1,rows*columns,width]: sines and cosines (Vaswani et al. 2017; in
// two dimensions as in He et al. 2022, "Masked Autoencoders"), half of the width for the row, half
// for the column. With small random ones a short training finds out neither where a patch is nor
// which side of the patient it shows. Widths that 4 does not divide end in 0.
torch::Tensor sine_cosine_positions(PatchGrid grid, int64_t width, double amplitude);

void scale_residual_(torch::nn::LinearImpl& layer, int64_t residual_additions);

}  // namespace radgen

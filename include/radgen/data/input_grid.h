// The patch grid over the network's input, and how much of each patch some boxes cover.
//
//   InputGrid grid{.rows = 20, .columns = 16, .patch_px = 16};
//   std::vector<float> mask(grid.size());
//   cover_patches(grid, {box}, image_to_input, mask);  // mask[row * columns + column] in [0,1]
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "radgen/core/geometry.h"

namespace radgen {

struct InputGrid {
  int64_t rows = 0, columns = 0, patch_px = 0;
  size_t size() const { return static_cast<size_t>(rows * columns); }
};
// Throws Error{kConfig} unless the patch side divides the input.
InputGrid make_input_grid(int64_t width_px, int64_t height_px, int64_t patch_px);

// out[n] = the share of patch n that lies inside the union of the boxes, counted at 8 x 8 points a
// patch: exact for edges on eighths of a patch, else within 1/8 of a patch's side an edge. `boxes`
// are in image pixels; `image_to_input` may turn and scale, the turned rectangle is what
// counts. out has grid.size() values.
void cover_patches(const InputGrid& grid, const std::vector<Box>& boxes,
                   const Affine& image_to_input, std::span<float> out);

}  // namespace radgen

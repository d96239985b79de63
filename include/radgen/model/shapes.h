// The shape legend of the model layer. Every tensor in a comment is written with these letters.
//
//   B    batch (studies)              T    text tokens
//   H,W  image rows and columns, px A    attention heads
//   P    patch side, px               L    layers
//   N    patches = (H/P)(W/P)         X    vocabulary
//   D_v  vision width                 D_t  text width
//   d    width of one head            C    finding classes (14)
//
// Patches are counted row by row from the top left: n = row * columns + column. N never holds [CLS]
// or the null key.
#pragma once

#include <cstdint>

namespace radgen {

// The patch grid of one image.
struct PatchGrid {
  int64_t rows = 0;     // H / P
  int64_t columns = 0;  // W / P
  int64_t size() const { return rows * columns; }
  bool operator==(const PatchGrid&) const = default;
};

}  // namespace radgen

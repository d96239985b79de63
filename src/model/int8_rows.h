// The passes around an INT8 product, on raw rows and over all threads: fp32 -> u8, u8 -> fp32, u8
// -> u8 by a table.
#pragma once

#include <array>
#include <cstdint>

#include "int8_product.h"

namespace radgen {

// round((x - middle) / step) + int8_zero(), kept in 0..int8_top(). False when an x is NaN.
bool quantise_values(const float* x, int64_t count, Steps8 steps, uint8_t* out);

// out[r][c] = factor[c] * x[r][c] + offset[c].
void dequantise_rows(const uint8_t* x, int64_t rows, int64_t columns, const float* factor,
                     const float* offset, float* out);

// out[i] = table[x[i]].
void look_up_values(const uint8_t* x, int64_t count, const std::array<uint8_t, 256>& table,
                    uint8_t* out);

}  // namespace radgen

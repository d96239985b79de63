// The passes around an INT8 product, on raw rows and over all threads: fp32 -> u8, u8 -> fp32, u8
// -> u8 by a table.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "int8_product.h"
#include "radgen/core/compute.h"

namespace radgen {

// round((x - middle) / step) + kByteZero, kept in 0..kByteTop. False when an x is NaN.
bool quantise_values(const float* x, int64_t count, Steps8 steps, uint8_t* out);

// out[r][c] = factor[c] * x[r][c] + offset[c].
void dequantise_rows(const uint8_t* x, int64_t rows, int64_t columns, const float* factor,
                     const float* offset, float* out);

// out[i] = table[x[i]].
void look_up_values(const uint8_t* x, int64_t count, const std::array<uint8_t, 256>& table,
                    uint8_t* out);

// The first two passes on one thread, for one kind of CPU. quantise() returns whether it met NaN.
struct RowKernel {
  const char* name;  // "avx512", "avx2", "plain"
  bool (*quantise)(const float* x, int64_t count, float per_step, float zero, uint8_t* out);
  void (*dequantise)(const uint8_t* x, int64_t count, const float* factor, const float* offset,
                     float* out);
};
// Those that this CPU can run, of at most these vectors, the fastest first; never empty.
std::vector<const RowKernel*> row_kernels(Vectors most);
const RowKernel* row_kernel();  // the one in use
// For tests, which run each of them; null: the best one again.
void force_row_kernel(const RowKernel* kernel);

}  // namespace radgen

#include "int8_rows.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

namespace radgen {
namespace {

// Compiled once for each kind of CPU, and chosen when the program starts: rounding to 8 bits is 7x
// faster so. Sanitizers are not ready when that happens.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define RADGEN_FOR_EACH_CPU __attribute__((target_clones("arch=skylake-avx512", "avx2", "default")))
#else
#define RADGEN_FOR_EACH_CPU
#endif

// Fewer are not worth a thread's start.
constexpr int64_t kValuesAThread = 1 << 15;

// Plain loops that compilers turn into vectors: no calls, no branches. Returns whether there was a
// NaN.
RADGEN_FOR_EACH_CPU bool quantise(const float* x, int64_t count, float per_step, float zero,
                                  float top, uint8_t* out) {
  int32_t is_bad = 0;
  for (int64_t i = 0; i < count; ++i) {
    float value = x[i] * per_step + zero;
    is_bad |= static_cast<int32_t>(value != value);
    value = value > 0.F ? value : 0.F;
    value = value < top ? value : top;
    out[i] = static_cast<uint8_t>(static_cast<int32_t>(value + .5F));
  }
  return is_bad != 0;
}

RADGEN_FOR_EACH_CPU void dequantise(const uint8_t* x, int64_t count, const float* factor,
                                    const float* offset, float* __restrict out) {
  for (int64_t i = 0; i < count; ++i) out[i] = factor[i] * static_cast<float>(x[i]) + offset[i];
}

}  // namespace

bool quantise_values(const float* x, int64_t count, Steps8 steps, uint8_t* out) {
  const float per_step = 1 / steps.step, top = static_cast<float>(int8_top());
  const float zero = static_cast<float>(int8_zero()) - steps.middle * per_step;
  std::atomic<bool> is_bad{false};
  at::parallel_for(0, count, kValuesAThread, [&](int64_t begin, int64_t end) {
    if (quantise(x + begin, end - begin, per_step, zero, top, out + begin)) is_bad = true;
  });
  return !is_bad;
}

void dequantise_rows(const uint8_t* x, int64_t rows, int64_t columns, const float* factor,
                     const float* offset, float* out) {
  at::parallel_for(0, rows, kValuesAThread / std::max<int64_t>(columns, 1) + 1,
                   [&](int64_t begin, int64_t end) {
                     for (int64_t row = begin; row < end; ++row)
                       dequantise(x + row * columns, columns, factor, offset, out + row * columns);
                   });
}

void look_up_values(const uint8_t* x, int64_t count, const std::array<uint8_t, 256>& table,
                    uint8_t* out) {
  at::parallel_for(0, count, kValuesAThread, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) out[i] = table[x[i]];
  });
}

}  // namespace radgen

#include "int8_rows.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

namespace radgen {
namespace {

// Fewer are not worth a thread's start.
constexpr int64_t kValuesAThread = 1 << 15;

// Plain loops that compilers turn into vectors: no calls, no branches. Compiled once for each kind
// of CPU: rounding to 8 bits is 7x faster so.
[[gnu::always_inline]] inline bool quantise(const float* x, int64_t count, float per_step,
                                            float zero, uint8_t* out) {
  constexpr float kTop = kByteTop;
  int32_t is_bad = 0;
  for (int64_t i = 0; i < count; ++i) {
    float value = x[i] * per_step + zero;
    is_bad |= static_cast<int32_t>(value != value);
    value = value > 0.F ? value : 0.F;
    value = value < kTop ? value : kTop;
    out[i] = static_cast<uint8_t>(static_cast<int32_t>(value + .5F));
  }
  return is_bad != 0;
}

[[gnu::always_inline]] inline void dequantise(const uint8_t* x, int64_t count, const float* factor,
                                              const float* offset, float* __restrict out) {
  for (int64_t i = 0; i < count; ++i) out[i] = factor[i] * static_cast<float>(x[i]) + offset[i];
}

#define RADGEN_ROW_KERNEL(kind, ...)                                                          \
  __VA_ARGS__ bool quantise_##kind(const float* x, int64_t count, float per_step, float zero, \
                                   uint8_t* out) {                                            \
    return quantise(x, count, per_step, zero, out);                                           \
  }                                                                                           \
  __VA_ARGS__ void dequantise_##kind(const uint8_t* x, int64_t count, const float* factor,    \
                                     const float* offset, float* out) {                       \
    dequantise(x, count, factor, offset, out);                                                \
  }                                                                                           \
  constexpr RowKernel k_##kind{#kind, quantise_##kind, dequantise_##kind};

RADGEN_ROW_KERNEL(plain)
#if defined(__x86_64__) && defined(__GNUC__)
RADGEN_ROW_KERNEL(avx2, __attribute__((target("avx2"))))
RADGEN_ROW_KERNEL(avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))))
#endif
#undef RADGEN_ROW_KERNEL

const RowKernel* kernel_for(Vectors vectors) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (vectors == Vectors::kAvx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("fma")
               ? &k_avx512
               : nullptr;
  if (vectors == Vectors::kAvx2) return __builtin_cpu_supports("avx2") ? &k_avx2 : nullptr;
#endif
  return vectors == Vectors::kPlain ? &k_plain : nullptr;
}

std::atomic<const RowKernel*> forced_row_kernel{nullptr};

}  // namespace

std::vector<const RowKernel*> row_kernels(Vectors most) {
  std::vector<const RowKernel*> kernels;
  for (Vectors vectors : {Vectors::kAvx512, Vectors::kAvx2, Vectors::kPlain})
    if (const RowKernel* kernel = vectors <= most ? kernel_for(vectors) : nullptr)
      kernels.push_back(kernel);
  return kernels;
}

const RowKernel* row_kernel() {
  static const RowKernel* const kBest = row_kernels(allowed_vectors()).front();
  const RowKernel* forced = forced_row_kernel.load(std::memory_order_relaxed);
  return forced != nullptr ? forced : kBest;
}

void force_row_kernel(const RowKernel* kernel) { forced_row_kernel = kernel; }

bool quantise_values(const float* x, int64_t count, Steps8 steps, uint8_t* out) {
  const float per_step = 1 / steps.step;
  const float zero = static_cast<float>(kByteZero) - steps.middle * per_step;
  const RowKernel& kernel = *row_kernel();
  std::atomic<bool> is_bad{false};
  at::parallel_for(0, count, kValuesAThread, [&](int64_t begin, int64_t end) {
    if (kernel.quantise(x + begin, end - begin, per_step, zero, out + begin)) is_bad = true;
  });
  return !is_bad;
}

void dequantise_rows(const uint8_t* x, int64_t rows, int64_t columns, const float* factor,
                     const float* offset, float* out) {
  const RowKernel& kernel = *row_kernel();
  at::parallel_for(
      0, rows, kValuesAThread / std::max<int64_t>(columns, 1) + 1, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row)
          kernel.dequantise(x + row * columns, columns, factor, offset, out + row * columns);
      });
}

void look_up_values(const uint8_t* x, int64_t count, const std::array<uint8_t, 256>& table,
                    uint8_t* out) {
  at::parallel_for(0, count, kValuesAThread, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) out[i] = table[x[i]];
  });
}

}  // namespace radgen

// The attention kernel for CPUs with AVX-512; compiled with that instruction set alone
// (CMakeLists.txt).
#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#include "attention_kernel_impl.h"

namespace radgen {
const AttentionKernel* attention_kernel_avx512() {
  static constexpr AttentionKernel kKernel = kernel_named("avx512");
  const bool can_run = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                       __builtin_cpu_supports("fma");
  return can_run ? &kKernel : nullptr;
}
}  // namespace radgen
#else
#include "attention_kernel.h"

namespace radgen {
const AttentionKernel* attention_kernel_avx512() { return nullptr; }
}  // namespace radgen
#endif

// The attention kernel for CPUs with AVX2 and FMA; compiled with that instruction set alone
// (CMakeLists.txt).
#if defined(__AVX2__) && defined(__FMA__)
#include "attention_kernel_impl.h"

namespace radgen {
const AttentionKernel* attention_kernel_avx2() {
  static constexpr AttentionKernel kKernel = kernel_named("avx2");
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kKernel : nullptr;
}
}  // namespace radgen
#else
#include "attention_kernel.h"

namespace radgen {
const AttentionKernel* attention_kernel_avx2() { return nullptr; }
}  // namespace radgen
#endif

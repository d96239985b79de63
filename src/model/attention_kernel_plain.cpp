// The attention kernel for every CPU, and the choice between the three.
#include "attention_kernel_impl.h"

namespace radgen {

const AttentionKernel* attention_kernel_plain() {
  static constexpr AttentionKernel kKernel = kernel_named("plain");
  return &kKernel;
}

const AttentionKernel* attention_kernel() {
  static const AttentionKernel* const kBest = attention_kernel_avx512() ? attention_kernel_avx512()
                                              : attention_kernel_avx2() ? attention_kernel_avx2()
                                                                        : attention_kernel_plain();
  return kBest;
}

}  // namespace radgen

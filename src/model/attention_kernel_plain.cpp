// The attention kernel for every CPU.
#include "attention_kernel_impl.h"

namespace radgen {

const AttentionKernel* attention_kernel_plain() {
  static constexpr AttentionKernel kKernel = kernel_named("plain");
  return &kKernel;
}

}  // namespace radgen

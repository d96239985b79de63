// The choice between the attention kernels.
#include "attention_kernel.h"

#include <atomic>

#include "radgen/core/compute.h"

namespace radgen {
namespace {

const AttentionKernel* best_attention_kernel() {
  const Vectors most = allowed_vectors();
  if (most == Vectors::kAvx512 && attention_kernel_avx512() != nullptr)
    return attention_kernel_avx512();
  if (most != Vectors::kPlain && attention_kernel_avx2() != nullptr) return attention_kernel_avx2();
  return attention_kernel_plain();
}

std::atomic<const AttentionKernel*> forced_attention_kernel{nullptr};

}  // namespace

const AttentionKernel* attention_kernel() {
  static const AttentionKernel* const kBest = best_attention_kernel();
  const AttentionKernel* forced = forced_attention_kernel.load(std::memory_order_relaxed);
  return forced != nullptr ? forced : kBest;
}

void force_attention_kernel(const AttentionKernel* kernel) { forced_attention_kernel = kernel; }

}  // namespace radgen

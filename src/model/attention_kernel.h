// One head's attention on raw floats: the inner part of tiled_attention.h, compiled once for each
// kind of CPU.
//
//   const AttentionKernel* kernel = attention_kernel();            // the best for this CPU
//   float* scratch = ...;  // forward_scratch(keys, d) floats on a cache line, one a thread
//   kernel->pack(k, v, d, scratch);                       // once a head
//   kernel->forward(q, keys, d, scale, kNotCausal, out, lse, scratch);
//
// Nothing but pointers and plain C++ here: the files behind it are compiled with flags that other
// files do not have, and must hold no inline function that the linker could choose for everybody.
#pragma once

#include <cstdint>

namespace radgen {

// Rows of d floats, `stride` floats apart.
struct ConstRows {
  const float* data;
  int64_t count, stride;
};
// The same in half precision (IEEE 754 binary16), each number widened when it is read; finite ones
// only.
struct HalfRows {
  const uint16_t* data;
  int64_t count, stride;
};
// In 8 bits, each number its column's step times what stands here; the caller applies the steps.
struct ByteRows {
  const int8_t* data;
  int64_t count, stride;
};
struct Rows {
  float* data;
  int64_t count, stride;
};

inline constexpr int64_t kNotCausal = -1;
inline constexpr int64_t kLargestHeadWidth = 384;  // d

struct AttentionKernel {
  const char* name;  // "avx512", "avx2", "plain"

  // Floats of a thread's scratch memory; O((keys + queries of one call) * d).
  int64_t (*forward_scratch)(int64_t keys, int64_t d);
  int64_t (*backward_scratch)(int64_t keys, int64_t d);

  // Lays the keys and values of a head out for forward().
  void (*pack)(ConstRows k, ConstRows v, int64_t d, float* scratch);

  // out = softmax(scale q k^T) v for the rows of q over the keys that were packed; lse_2 gets log2
  // of the sum of exp of each row. `first_position`: kNotCausal, or the position of q's first row:
  // row i then sees the keys 0..first_position+i.
  void (*forward)(ConstRows q, int64_t keys, int64_t d, float scale, int64_t first_position,
                  Rows out, float* lse_2, float* scratch);

  // Gradients of one head from those of its output. `out` and `lse_2` are forward()'s. d_q is
  // written, and so are d_k and d_v. With is_causal row i sees the keys 0..i.
  void (*backward)(ConstRows q, ConstRows k, ConstRows v, ConstRows out, ConstRows d_out,
                   const float* lse_2, int64_t d, float scale, bool is_causal, Rows d_q, Rows d_k,
                   Rows d_v, float* scratch);

  // For a few queries over many keys, as in decoding, where reading the keys and values once is all
  // the time: the two halves of attention, with the weights between them for the caller. d a
  // multiple of `lanes`.
  int64_t lanes;
  // scores [q.count][k.count]
  void (*scores)(ConstRows q, ConstRows k, int64_t d, float scale, Rows scores);
  // sums [weights.count][d] are written
  void (*weighted_sums)(ConstRows weights, ConstRows v, int64_t d, Rows sums);
  void (*scores_half)(ConstRows q, HalfRows k, int64_t d, float scale, Rows scores);
  void (*weighted_sums_half)(ConstRows weights, HalfRows v, int64_t d, Rows sums);
  void (*scores_byte)(ConstRows q, ByteRows k, int64_t d, float scale, Rows scores);
  void (*weighted_sums_byte)(ConstRows weights, ByteRows v, int64_t d, Rows sums);
};

// The fastest one that this CPU can run and ATEN_CPU_CAPABILITY allows (core/compute.h); never
// null.
const AttentionKernel* attention_kernel();
// For tests, which run the network on each of them; null: the fastest one again.
void force_attention_kernel(const AttentionKernel* kernel);

// One a file; null where the compiler could not make it or the CPU is of another kind.
const AttentionKernel* attention_kernel_avx512();
const AttentionKernel* attention_kernel_avx2();
const AttentionKernel* attention_kernel_plain();

}  // namespace radgen

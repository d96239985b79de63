// One matrix product in INT8 by LibTorch's quantized operators: weights packed once for the right
// engine, u8 activations.
//
//   Int8Product product(weight, bias, /*is_per_channel=*/true);         // fp32 [to,from], [to]
//   Tensor x = empty_u8(rows, from, step);                              // filled by int8_rows.h
//   Tensor out = product.apply(x);  // quint8 [rows,from] -> quint8 [rows,to]
//   Tensor out = product.apply_dynamic(x);  // fp32 -> fp32, the scale of x found anew each time
//
// LibTorch 1.13 (oneDNN 2.6) keeps one kernel for all products of the same sizes with the zero
// points of the first of them, and gives wrong numbers for other ones. So there is one zero point
// in the process, kByteZero; whatever else lies in the middle of a range goes into the bias.
// Results are 8-bit numbers of -1..1: their range goes into weights and bias.
//
// CPUs with VNNI add products of bytes in 32 bits. Those without add pairs of them in 16 bits first
// (vpmaddubsw), which saturates at 32767: two of 255 * 127 do not fit, two of 255 * 64 do. There
// weights are -64..64. (Activations of 7 bits, the usual way, fit too; but activations have long
// tails and one scale, weights have neither: it is activations that need their bits. Products of
// normal inputs and uniform weights are off by 1.2 % so, and by 1.9 % in the usual way.)
#pragma once

#include <ATen/native/quantized/PackedParams.h>

#include <string>

#include "radgen/model/torch_compat.h"

namespace radgen {

// Of inputs and results.
inline constexpr int kByteZero = 128, kByteTop = 255;
inline constexpr float kOutputStep = 1 / 127.5F;

// What an 8-bit number stands for: (q - kByteZero) * step + middle.
struct Steps8 {
  float step = 1;
  float middle = 0;
};

// The engine that packs and multiplies. QNNPACK does not count: its products are slower than fp32's
// (58 GOP/s against 250 on two cores with AVX-512). Throws Error{kResource} when this LibTorch has
// none.
at::QEngine int8_engine();
std::string int8_engine_name();

// The largest weight that the engine multiplies without saturation: 127 when the CPU has VNNI and
// the engine's products of the largest numbers come out exact, else 64. Asked of the engine itself,
// once: ONEDNN_MAX_CPU_ISA can take VNNI away from a CPU that has it.
int int8_largest_weight();
constexpr int int8_weight_bits(int largest_weight) { return largest_weight > 64 ? 8 : 7; }

// quint8 [rows,columns] of inputs, not filled. `step` as in Steps8; the middle is the caller's.
torch::Tensor empty_u8(int64_t rows, int64_t columns, float step);

// What is left of fp32 weights in 8 bits, as Int8Product() rounds them: fp32 again.
torch::Tensor rounded_weight(const torch::Tensor& weight, bool is_per_channel, int largest_weight);

class Int8Product {
 public:
  // Weights symmetric, -largest_weight..largest_weight; a scale each output channel or one for all.
  Int8Product(const torch::Tensor& weight, const torch::Tensor& bias, bool is_per_channel,
              int largest_weight = int8_largest_weight());
  torch::Tensor apply(const torch::Tensor& x) const;  // results beyond -1..1 are cut
  torch::Tensor apply_dynamic(const torch::Tensor& x) const;
  const c10::intrusive_ptr<LinearPackedParamsBase>& packed() const { return packed_; }

 private:
  c10::intrusive_ptr<LinearPackedParamsBase> packed_;
};

}  // namespace radgen

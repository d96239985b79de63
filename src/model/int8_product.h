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
// in the process, int8_zero(); whatever else lies in the middle of a range goes into the bias.
// Results are 8-bit numbers of -1..1: their range goes into weights and bias.
#pragma once

#include <ATen/native/quantized/PackedParams.h>

#include <string>

#include "radgen/model/torch_compat.h"

namespace radgen {

// What an 8-bit number stands for: (q - zero) * step + middle, zero being int8_zero() of inputs and
// kOutputZero of results.
struct Steps8 {
  float step = 1;
  float middle = 0;
};

// The engine that packs and multiplies. QNNPACK does not count: its products are slower than fp32's
// (58 GOP/s against 250 on two cores with AVX-512). Throws Error{kResource} when this LibTorch has
// none.
at::QEngine int8_engine();
std::string int8_engine_name();

// The largest activation that may be used: 255, or 127 on CPUs without VNNI, whose u8 x s8 sums of
// pairs overflow 16 bits.
int int8_top();
int int8_zero();
inline constexpr int kOutputZero = 128, kOutputTop = 255;
inline constexpr float kOutputStep = 1 / 127.5F;

// quint8 [rows,columns] of inputs, not filled. `step` as in Steps8; the middle is the caller's.
torch::Tensor empty_u8(int64_t rows, int64_t columns, float step);

class Int8Product {
 public:
  // Weights symmetric; a scale each output channel or one for all.
  Int8Product(const torch::Tensor& weight, const torch::Tensor& bias, bool is_per_channel);
  torch::Tensor apply(const torch::Tensor& x) const;  // results beyond -1..1 are cut
  torch::Tensor apply_dynamic(const torch::Tensor& x) const;

 private:
  c10::intrusive_ptr<LinearPackedParamsBase> packed_;
};

}  // namespace radgen

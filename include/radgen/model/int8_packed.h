// INT8 products as they are packed for LibTorch's quantized operators, for whoever writes a network
// down: what quantise() (int8.h) chose, and rows of weights whose inputs get a scale each.
//
//   quantise(network, {}, images);
//   for (const Int8PackedProduct& product : int8_packed_products(network)) ...
//   // [to,from] fp32, no bias
//   c10::IValue packed = pack_int8_rows(weight);
//
// `packed` is a torch.classes.quantized.LinearPackedParamsBase; saved files hold its weights
// unpacked, and whoever loads them packs them for its own engine.
#pragma once

#include <string>
#include <vector>

#include "radgen/model/grounded_model.h"

namespace radgen {

struct Int8PackedProduct {
  std::string name;  // Int8Layer::name
  bool is_dynamic = false;
  // Static: the product takes the quint8 numbers q of scale `step` and zero point 128 of the input
  // less `middle`, and gives those of scale kInt8OutputStep and zero point 128, r. The result is
  // spread * r + centre, both [count].
  double step = 1, middle = 0;
  torch::Tensor spread, centre;
  c10::IValue packed;
};
inline constexpr double kInt8OutputStep = 1 / 127.5F;
inline constexpr int64_t kInt8Zero = 128;

// Of a network after quantise(); none after restore_fp32().
std::vector<Int8PackedProduct> int8_packed_products(GroundedModel model);

// Weights in 8 bits (7 without VNNI) with a scale each row, for `quantized::linear_dynamic`.
c10::IValue pack_int8_rows(const torch::Tensor& weight);

// Bits of the weights that this CPU's products do not saturate with: 8, or 7 without VNNI.
int int8_weight_bits_here();

// The engine for INT8 becomes the process's, as saved products are packed for the one in place when
// they are loaded. Throws Error{kResource} when this LibTorch has no fast one.
void use_int8_engine();

}  // namespace radgen

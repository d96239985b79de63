// The two products of attention for a few queries over many keys, on a CPU and without gradients:
// what decoding does at every word. Such products only read the keys and values once; a general
// matrix product first copies them.
//
//   if (is_decode_attention(q, k, v)) {
//     scores = decode_scores(q, k, scale);
//     context = decode_context(weights, v);
//   }
#pragma once

#include "radgen/model/torch_compat.h"

namespace radgen {

// q [B,A,T,d] fp32, k and v [B,A,S,d] fp32, fp16 or int8 (without its steps, see KeyValueCache);
// results are fp32.
bool is_decode_attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v);
// scale q k^T [B,A,T,S]
torch::Tensor decode_scores(const torch::Tensor& q, const torch::Tensor& k, double scale);
// [B,A,T,d]
torch::Tensor decode_context(const torch::Tensor& weights, const torch::Tensor& v);

}  // namespace radgen

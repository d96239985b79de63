// The two products of attention for a few queries over many keys, on a CPU and without gradients:
// what decoding does at every word. Such products only read the keys and values once; a general
// matrix product first copies them.
//
//   if (is_few_queries(q, k, v)) {
//     scores = scores_of_few(q, k, scale);
//     context = sums_of_few(weights, v);
//   }
#pragma once

#include "radgen/model/torch_compat.h"

namespace radgen {

// q [B,A,T,d] fp32, k and v [B,A,S,d] fp32, fp16 or int8 (without its steps, see KeyValueCache);
// results are fp32.
bool is_few_queries(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v);
// scale q k^T [B,A,T,S]
torch::Tensor scores_of_few(const torch::Tensor& q, const torch::Tensor& k, double scale);
// [B,A,T,d]
torch::Tensor sums_of_few(const torch::Tensor& weights, const torch::Tensor& v);

}  // namespace radgen

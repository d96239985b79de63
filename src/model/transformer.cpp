#include "radgen/model/transformer.h"

namespace radgen {

using torch::Tensor;

SelfAttentionImpl::SelfAttentionImpl(int64_t width, int64_t heads) : heads_(heads) {
  query_key_value = register_module("query_key_value", torch::nn::Linear(width, 3 * width));
  output = register_module("output", torch::nn::Linear(width, width));
}

Tensor SelfAttentionImpl::forward(const Tensor& x, bool is_causal) {
  const int64_t batch = x.size(0), n = x.size(1), width = x.size(2);
  const Tensor qkv = query_key_value(x).view({batch, n, 3, heads_, width / heads_});
  return output(self_attention(qkv, is_causal).view({batch, n, width}));
}

Tensor SelfAttentionImpl::forward_masked(const Tensor& x, const Tensor& attend_mask) {
  const int64_t batch = x.size(0), n = x.size(1), width = x.size(2);
  const Tensor qkv = query_key_value(x)
                         .view({batch, n, 3, heads_, width / heads_})
                         .permute({2, 0, 3, 1, 4});                          // [3,B,A,N,d]
  const Tensor out = masked_attention(qkv[0], qkv[1], qkv[2], attend_mask);  // [B,A,N,d]
  return output(out.transpose(1, 2).reshape({batch, n, width}));
}

Tensor SelfAttentionImpl::forward_cached(const Tensor& x, KeyValueCache& cache, int64_t begin,
                                         const TensorOptional& attend_mask) {
  const int64_t batch = x.size(0), t = x.size(1), width = x.size(2);
  const Tensor qkv = query_key_value(x)
                         .view({batch, t, 3, heads_, width / heads_})
                         .permute({2, 0, 3, 1, 4});  // [3,B,A,T,d]
  cache.key.narrow(2, begin, t).copy_(qkv[1]);
  cache.value.narrow(2, begin, t).copy_(qkv[2]);
  const Tensor out =
      masked_attention(qkv[0], cache.key.narrow(2, 0, begin + t),
                       cache.value.narrow(2, 0, begin + t), attend_mask);  // [B,A,T,d]
  return output(out.transpose(1, 2).reshape({batch, t, width}));
}

FeedForwardImpl::FeedForwardImpl(int64_t width, int64_t hidden, std::string kind)
    : kind_(std::move(kind)) {
  up = register_module("up", torch::nn::Linear(width, kind_ == "swiglu" ? 2 * hidden : hidden));
  down = register_module("down", torch::nn::Linear(hidden, width));
}

Tensor FeedForwardImpl::forward(const Tensor& x) {
  const Tensor inner = up(x);
  if (kind_ == "gelu") return down(torch::gelu(inner));
  if (kind_ == "gelu_tanh") return down(torch::gelu(inner, "tanh"));
  const std::vector<Tensor> halves = inner.chunk(2, -1);
  return down(torch::silu(halves[0]) * halves[1]);
}

}  // namespace radgen

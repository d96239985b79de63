#include "radgen/model/transformer.h"

#include <algorithm>

#include "int8_linear.h"
#include "radgen/model/windowed_attention.h"

namespace radgen {

using torch::Tensor;

namespace {

// A feed-forward whose inner values would take more than this is done in blocks of rows when no
// gradient is wanted: they then stay in the cache, and a large image's (200 MB for 16,384 patches
// of ViT-B) are never there all at once.
constexpr int64_t kInnerLimitBytes = int64_t{32} << 20;
constexpr int64_t kFeedForwardRows = 1024;

}  // namespace

SelfAttentionImpl::SelfAttentionImpl(int64_t width, int64_t heads) : heads_(heads) {
  query_key_value = register_module("query_key_value", Linear(width, 3 * width));
  output = register_module("output", Linear(width, width));
}

Tensor SelfAttentionImpl::forward(const Tensor& x, bool is_causal) {
  const int64_t batch = x.size(0), n = x.size(1), width = x.size(2);
  const Tensor qkv = query_key_value(x).view({batch, n, 3, heads_, width / heads_});
  return output(self_attention(qkv, is_causal).view({batch, n, width}));
}

Tensor SelfAttentionImpl::forward_windows(const Tensor& x, PatchGrid grid, int64_t window_patches,
                                          bool has_cls) {
  const int64_t batch = x.size(0), n = x.size(1), width = x.size(2);
  const Tensor qkv = query_key_value(x).view({batch, n, 3, heads_, width / heads_});
  return output(window_self_attention(qkv, grid, window_patches, has_cls).view({batch, n, width}));
}

Tensor SelfAttentionImpl::forward_pooled(const Tensor& x, PatchGrid grid, int64_t pool,
                                         bool has_cls) {
  const int64_t batch = x.size(0), n = x.size(1), width = x.size(2), d = width / heads_;
  const Tensor pooled = pool_patches(x, grid, pool, has_cls);
  const Tensor q = query_key_value->forward_part(x, 0, width);
  const Tensor kv = query_key_value->forward_part(pooled, width, 2 * width);
  const Tensor out =
      attention(q.view({batch, n, heads_, d}), kv.view({batch, pooled.size(1), 2, heads_, d}));
  return output(out.view({batch, n, width}));
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
  up = register_module("up", Linear(width, kind_ == "swiglu" ? 2 * hidden : hidden));
  down = register_module("down", Linear(hidden, width));
}

Tensor FeedForwardImpl::forward(const Tensor& x) {
  if (!torch::GradMode::is_enabled())
    if (const TensorOptional out = int8_feed_forward(*up, *down, kind_, x)) return *out;
  const int64_t rows = x.numel() / std::max<int64_t>(x.size(-1), 1);
  if (torch::GradMode::is_enabled() || !x.device().is_cpu() ||
      rows * up->weight.size(0) * x.element_size() <= kInnerLimitBytes)
    return forward_rows(x);
  const Tensor flat = x.reshape({rows, x.size(-1)});
  Tensor out = torch::empty({rows, down->weight.size(0)}, x.options());
  for (int64_t begin = 0; begin < rows; begin += kFeedForwardRows) {
    const int64_t count = std::min(kFeedForwardRows, rows - begin);
    out.narrow(0, begin, count).copy_(forward_rows(flat.narrow(0, begin, count)));
  }
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes.back() = out.size(1);
  return out.view(sizes);
}

Tensor FeedForwardImpl::forward_rows(const Tensor& x) {
  const Tensor inner = up(x);
  if (kind_ == "gelu") return down(torch::gelu(inner));
  if (kind_ == "gelu_tanh") return down(torch::gelu(inner, "tanh"));
  const std::vector<Tensor> halves = inner.chunk(2, -1);
  return down(torch::silu(halves[0]) * halves[1]);
}

}  // namespace radgen

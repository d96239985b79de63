#include "radgen/model/attention.h"

#include <cmath>
#include <limits>

#include "decode_attention.h"
#include "radgen/core/error.h"
#include "radgen/model/autocast.h"
#include "tiled_attention.h"

namespace radgen {
namespace {

using torch::Tensor;

// Below every score, and finite: exp gives an exact zero and no gradient becomes NaN.
constexpr double kHiddenScore = -1e30;

void check_packed(const Tensor& qkv) {
  RADGEN_CHECK(qkv.dim() == 5 && qkv.size(2) == 3, "packed attention input must be [B,N,3,A,d]");
}

// softmax(scores) with exact zeros where `attend_mask` is false, also in rows that hold no key at
// all.
Tensor masked_softmax(const Tensor& scores, const TensorOptional& attend_mask) {
  if (!attend_mask) return torch::softmax(scores, -1);
  const Tensor hidden = attend_mask->logical_not();
  return torch::softmax(scores.masked_fill(hidden, kHiddenScore), -1).masked_fill(hidden, 0);
}

}  // namespace

Tensor plain_self_attention(const Tensor& qkv, bool is_causal) {
  check_packed(qkv);
  const double scale = 1 / std::sqrt(static_cast<double>(qkv.size(4)));
  const Tensor heads_first = qkv.permute({2, 0, 3, 1, 4});                          // [3,B,A,N,d]
  const Tensor q = heads_first[0] * scale, k = heads_first[1], v = heads_first[2];  // [B,A,N,d]
  Tensor scores = torch::matmul(q, k.transpose(-2, -1));                            // [B,A,N,N]
  TensorOptional attend_mask;
  if (is_causal) {
    const int64_t n = qkv.size(1);
    attend_mask = torch::ones({n, n}, qkv.options().dtype(torch::kBool)).tril();
  }
  const Tensor out = torch::matmul(masked_softmax(scores, attend_mask), v);  // [B,A,N,d]
  return out.transpose(1, 2).contiguous();                                   // [B,N,A,d]
}

Tensor tiled_self_attention(const Tensor& qkv, bool is_causal) {
  check_packed(qkv);
  return TiledSelfAttention::apply(widened_for_kernel(qkv), is_causal);
}

bool has_fused_attention(torch::Device device) {
  return RADGEN_TORCH_AT_LEAST(2, 0) && device.is_cuda();
}

Tensor fused_attention(const Tensor& q, const Tensor& k, const Tensor& v, bool is_causal) {
#if RADGEN_TORCH_AT_LEAST(2, 0)
  return at::scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2),
                                          /*attn_mask=*/{},
                                          /*dropout_p=*/0.0, is_causal)
      .transpose(1, 2)
      .contiguous();  // the kernels write [B,T,A,d] already
#else
  (void)q, (void)k, (void)v, (void)is_causal;
  throw Error(ErrorCode::kInternal, "this LibTorch has no fused attention",
              "ask has_fused_attention() first");
#endif
}

Tensor self_attention(const Tensor& qkv, bool is_causal, int64_t plain_limit_bytes) {
  check_packed(qkv);
  if (qkv.device().is_cpu()) return tiled_self_attention(qkv, is_causal);
  if (has_fused_attention(qkv.device()))
    return fused_attention(qkv.select(2, 0), qkv.select(2, 1), qkv.select(2, 2), is_causal);
  const int64_t weights = qkv.size(0) * qkv.size(3) * qkv.size(1) * qkv.size(1);
  return weights * qkv.element_size() <= plain_limit_bytes ? plain_self_attention(qkv, is_causal)
                                                           : tiled_self_attention(qkv, is_causal);
}

Tensor masked_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                        const TensorOptional& attend_mask) {
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(-1)));
  if (is_decode_attention(q, k, v) && q.size(0) == k.size(0))
    return decode_context(masked_softmax(decode_scores(q, k, scale), attend_mask), v);
  return torch::matmul(masked_softmax(torch::matmul(q * scale, k.transpose(-2, -1)), attend_mask),
                       v);
}

CrossAttention cross_attention(const Tensor& q, const Tensor& k, const Tensor& v, bool has_null_key,
                               const TensorOptional& patch_attend_mask, bool has_cls_key) {
  // The maps are read off these weights: three digits (bf16) are too few.
  if (Autocast::is_on(q.device())) {
    const Autocast off(false, q.device());
    const auto widened = [](const Tensor& x) {
      return x.scalar_type() == torch::kBFloat16 ? x.to(torch::kFloat) : x;
    };
    return cross_attention(q.to(torch::kFloat), widened(k), widened(v), has_null_key,
                           patch_attend_mask, has_cls_key);
  }
  // kept in 16 or 8 bits, read by a prompt
  if (!is_decode_attention(q, k, v) && k.scalar_type() != q.scalar_type())
    return cross_attention(q, k.to(q.scalar_type()), v.to(q.scalar_type()), has_null_key,
                           patch_attend_mask, has_cls_key);
  const int64_t keys = k.size(2), others = (has_null_key ? 1 : 0) + (has_cls_key ? 1 : 0),
                patches = keys - others;
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(-1)));
  const bool is_decode = is_decode_attention(q, k, v);
  CrossAttention seen;
  // [B,A,T,S]
  seen.scores =
      is_decode ? decode_scores(q, k, scale) : torch::matmul(q * scale, k.transpose(-2, -1));
  Tensor weights;  // [B,A,T,S]
  if (patch_attend_mask) {
    Tensor attend = *patch_attend_mask;  // [B,N]
    if (others > 0)
      attend = torch::cat({attend, torch::ones({attend.size(0), others}, attend.options())}, 1);
    const Tensor hidden = attend.view({attend.size(0), 1, 1, keys}).logical_not();
    seen.scores = seen.scores.masked_fill(hidden, kHiddenScore);
    // exact zeros where hidden, as long as one key is not
    weights = torch::softmax(seen.scores, -1);
    if (others == 0) weights = weights.masked_fill(hidden, 0);
  } else {
    weights = torch::softmax(seen.scores, -1);
  }
  seen.context = is_decode ? decode_context(weights, v) : torch::matmul(weights, v);  // [B,A,T,d]
  seen.weights = weights.narrow(-1, 0, patches);                                      // [B,A,T,N]
  if (has_cls_key) seen.cls_weight = weights.select(-1, patches);
  seen.null_weight = has_null_key ? weights.select(-1, keys - 1)
                                  : torch::zeros({q.size(0), q.size(1), q.size(2)}, q.options());
  return seen;
}

}  // namespace radgen

// Attention for large images: inside of windows of the patch grid, or over keys and values that
// were pooled.
//
//   // [B,N,3,A,d] -> [B,N,A,d]
//   Tensor near = window_self_attention(qkv, grid, /*window_patches=*/16, has_cls);
//   Tensor far = attention(q, kv);  // kv of pool_patches(x, grid, 4, has_cls)
//
// Neither has parameters: weights of dense attention fit, and a window that holds the whole grid,
// or a pool of one patch, gives dense attention. Where there is a [CLS] token it is row 0, is seen
// by every patch and sees all of them, unpooled (global tokens: Beltagy et al. 2020, Longformer).
#pragma once

#include "radgen/model/attention.h"
#include "radgen/model/shapes.h"

namespace radgen {

// softmax(q k^T / sqrt(d)) v over other tokens than the queries' own. q [B,T,A,d], kv [B,S,2,A,d],
// result [B,T,A,d], contiguous. The form is chosen as in self_attention.
torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& kv,
                        int64_t plain_limit_bytes = kPlainAttentionLimitBytes);
// materialises [B,A,T,S]
torch::Tensor plain_attention(const torch::Tensor& q, const torch::Tensor& kv);
torch::Tensor tiled_attention(const torch::Tensor& q, const torch::Tensor& kv);

// Self-attention in which a patch sees the patches of its own window: windows of window_patches x
// window_patches from the top left (Liu et al. 2021, Swin, without shifts), smaller ones where the
// grid ends. qkv [B,N,3,A,d], or [B,1+N,3,A,d] with [CLS] first; result likewise [B,N or 1+N,A,d].
torch::Tensor window_self_attention(const torch::Tensor& qkv, PatchGrid grid,
                                    int64_t window_patches, bool has_cls);

// Means over pool x pool patches, over what is there where the grid ends. x [B,N,D] -> [B,N',D], N'
// = ceil(rows/pool) ceil(columns/pool); with [CLS] one row more in front, as it is.
torch::Tensor pool_patches(const torch::Tensor& x, PatchGrid grid, int64_t pool, bool has_cls);

}  // namespace radgen

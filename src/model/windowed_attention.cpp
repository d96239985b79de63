#include "radgen/model/windowed_attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "radgen/core/error.h"
#include "tiled_attention.h"

namespace radgen {
namespace {

using torch::Tensor;

// A stretch of one side of the grid that whole windows of one size cover.
struct Stretch {
  int64_t begin, windows, side;
};

std::vector<Stretch> stretches(int64_t length, int64_t window) {
  std::vector<Stretch> parts;
  const int64_t whole = length / window, rest = length % window;
  if (whole > 0) parts.push_back({0, whole, window});
  if (rest > 0) parts.push_back({whole * window, 1, rest});
  return parts;
}

// The windows of a region as a batch. patches [B,rows,columns,3,A,d], cls [B,1,3,A,d] or undefined;
// result [B,height,width,A,d] of the region.
Tensor attend_region(const Tensor& patches, const Tensor& cls, Stretch rows, Stretch columns) {
  const int64_t batch = patches.size(0), heads = patches.size(4), d = patches.size(5);
  const int64_t windows = rows.windows * columns.windows, inside = rows.side * columns.side;
  Tensor x =
      patches.narrow(1, rows.begin, rows.windows * rows.side)
          .narrow(2, columns.begin, columns.windows * columns.side)
          .reshape({batch, rows.windows, rows.side, columns.windows, columns.side, 3, heads, d})
          .permute({0, 1, 3, 2, 4, 5, 6, 7})
          .reshape({batch * windows, inside, 3, heads, d});
  if (cls.defined()) {
    const Tensor copies = cls.unsqueeze(1)
                              .expand({batch, windows, 1, 3, heads, d})
                              .reshape({batch * windows, 1, 3, heads, d});
    x = torch::cat({copies, x}, 1);
  }
  Tensor out = self_attention(x);  // [B*windows, inside (+1), A, d]
  if (cls.defined()) out = out.narrow(1, 1, inside);
  return out.reshape({batch, rows.windows, columns.windows, rows.side, columns.side, heads, d})
      .permute({0, 1, 3, 2, 4, 5, 6})
      .reshape({batch, rows.windows * rows.side, columns.windows * columns.side, heads, d});
}

Tensor join(const std::vector<Tensor>& parts, int64_t dimension) {
  return parts.size() == 1 ? parts.front() : torch::cat(parts, dimension);
}

void check_tokens(const Tensor& x, PatchGrid grid, bool has_cls) {
  RADGEN_CHECK(x.size(1) == grid.size() + (has_cls ? 1 : 0),
               "the tokens do not fit the patch grid");
}

}  // namespace

Tensor plain_attention(const Tensor& q, const Tensor& kv) {
  // [B,A,S,d]
  const Tensor k = kv.select(2, 0).transpose(1, 2), v = kv.select(2, 1).transpose(1, 2);
  return masked_attention(q.transpose(1, 2), k, v, {}).transpose(1, 2).contiguous();
}

Tensor tiled_attention(const Tensor& q, const Tensor& kv) {
  return TiledAttention::apply(widened_for_kernel(q), widened_for_kernel(kv));
}

Tensor attention(const Tensor& q, const Tensor& kv, int64_t plain_limit_bytes) {
  RADGEN_CHECK(q.dim() == 4 && kv.dim() == 5 && kv.size(2) == 2,
               "attention needs q [B,T,A,d] and kv [B,S,2,A,d]");
  if (q.device().is_cpu()) return tiled_attention(q, kv);
  if (has_fused_attention(q.device())) return fused_attention(q, kv.select(2, 0), kv.select(2, 1));
  const int64_t weights = q.size(0) * q.size(2) * q.size(1) * kv.size(1);
  return weights * q.element_size() <= plain_limit_bytes ? plain_attention(q, kv)
                                                         : tiled_attention(q, kv);
}

Tensor window_self_attention(const Tensor& qkv, PatchGrid grid, int64_t window_patches,
                             bool has_cls) {
  RADGEN_CHECK(window_patches > 0, "windows need a side");
  check_tokens(qkv, grid, has_cls);
  if (window_patches >= std::max(grid.rows, grid.columns)) return self_attention(qkv);
  const int64_t batch = qkv.size(0), heads = qkv.size(3), d = qkv.size(4), first = has_cls ? 1 : 0;
  if (const Tensor wide = widened_for_kernel(qkv); can_gather_windows(wide)) {
    Tensor out = torch::empty({batch, wide.size(1), heads, d}, wide.options());
    attend_gathered_windows(wide, grid, window_patches, has_cls, out);
    if (!has_cls) return out;
    const Tensor q = wide.narrow(1, 0, 1).select(2, 0), k = wide.select(2, 1),
                 v = wide.select(2, 2);
    out.narrow(1, 0, 1).copy_(
        masked_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), {})
            .transpose(1, 2));
    return out;
  }
  const Tensor patches =
      qkv.narrow(1, first, grid.size()).reshape({batch, grid.rows, grid.columns, 3, heads, d});
  const Tensor cls = has_cls ? qkv.narrow(1, 0, 1) : Tensor();
  std::vector<Tensor> bands;
  for (const Stretch& rows : stretches(grid.rows, window_patches)) {
    std::vector<Tensor> regions;
    for (const Stretch& columns : stretches(grid.columns, window_patches))
      regions.push_back(attend_region(patches, cls, rows, columns));
    bands.push_back(join(regions, 2));
  }
  const Tensor out = join(bands, 1).view({batch, grid.size(), heads, d});
  if (!has_cls) return out;
  return torch::cat({attention(cls.select(2, 0), qkv.narrow(2, 1, 2)), out}, 1);
}

Tensor pool_patches(const Tensor& x, PatchGrid grid, int64_t pool, bool has_cls) {
  RADGEN_CHECK(pool > 0, "a pool needs a side");
  check_tokens(x, grid, has_cls);
  if (pool == 1) return x;
  const int64_t first = has_cls ? 1 : 0;
  const Tensor patches = x.narrow(1, first, grid.size())
                             .reshape({x.size(0), grid.rows, grid.columns, x.size(2)})
                             .permute({0, 3, 1, 2});  // [B,D,rows,columns], channels last
  const Tensor pooled =
      torch::avg_pool2d(patches, {pool, pool}, {pool, pool}, /*padding=*/{0, 0}, /*ceil_mode=*/true,
                        /*count_include_pad=*/false)
          .flatten(2)
          .transpose(1, 2);  // [B,N',D]
  return has_cls ? torch::cat({x.narrow(1, 0, 1), pooled}, 1) : pooled.contiguous();
}

}  // namespace radgen

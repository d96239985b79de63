#include "tiled_attention.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace radgen {
namespace {

using torch::Tensor;

// One tile of the weights, floats: 256 x 512 x 4 bytes = 512 KiB stays in a core's L2 cache.
constexpr int64_t kQueryTile = 256, kKeyTile = 512;
// On a GPU tiles are only there to bound memory; large ones keep it busy.
constexpr int64_t kDeviceQueryTile = 2048, kDeviceKeyTile = 8192;

struct Tiles {
  int64_t queries, keys;
};
Tiles tiles_for(const Tensor& qkv) {
  if (!qkv.device().is_cpu()) return {kDeviceQueryTile, kDeviceKeyTile};
  // A text or a small picture is one tile.
  const int64_t n = qkv.size(1);
  return n * n <= kQueryTile * kKeyTile ? Tiles{n, n} : Tiles{kQueryTile, kKeyTile};
}

// Runs body(task) for all tasks: over threads on a CPU, in order elsewhere. The body uses plain
// ATen operators below autograd; BLAS stays on one thread inside.
void for_each_task(const Tensor& like, int64_t tasks, const std::function<void(int64_t)>& body) {
  auto run = [&](int64_t begin, int64_t end) {
    torch::NoGradGuard no_grad;
    at::AutoDispatchBelowADInplaceOrView below_autograd;
    for (int64_t task = begin; task < end; ++task) body(task);
  };
  if (like.device().is_cpu()) {
    at::parallel_for(0, tasks, 1, run);
  } else {
    run(0, tasks);
  }
}

// The part `which` (0 q, 1 k, 2 v) of one head: [N,d], a view with rows 3*A*d apart.
Tensor head_of(const Tensor& qkv, int64_t b, int64_t which, int64_t a) {
  return qkv.select(0, b).select(1, which).select(1, a);
}

// Additive causal bias of the tile whose first query is `query` and first key `key`; undefined when
// nothing is hidden.
void hide_future(Tensor& scores, int64_t query, int64_t key) {
  const int64_t rows = scores.size(0), columns = scores.size(1);
  if (key + columns - 1 <= query) return;
  const Tensor future =
      torch::ones({rows, columns}, scores.options().dtype(torch::kBool)).triu(query - key + 1);
  scores.masked_fill_(future, -1e30);
}

// Rows [begin, begin+rows) of one head's output and of its log-sum-exp.
void attend_rows(const Tensor& q, const Tensor& k, const Tensor& v, Tensor out, Tensor lse,
                 int64_t begin, int64_t key_tile, double scale, bool is_causal) {
  const int64_t rows = q.size(0), n = is_causal ? begin + rows : k.size(0);
  const Tensor q_scaled = q * scale;  // [rows,d], contiguous
  Tensor row_max, row_sum, sum_v;
  for (int64_t key = 0; key < n; key += key_tile) {
    const int64_t columns = std::min(key_tile, n - key);
    Tensor scores = at::mm(q_scaled, k.narrow(0, key, columns).t());  // [rows,columns]
    if (is_causal) hide_future(scores, begin, key);
    Tensor tile_max = scores.amax(1, /*keepdim=*/true);  // [rows,1]
    if (!row_max.defined()) {
      row_max = tile_max;
      scores.sub_(row_max).exp_();
      row_sum = scores.sum(1, true);
      sum_v = at::mm(scores, v.narrow(0, key, columns));
      continue;
    }
    tile_max = at::maximum(tile_max, row_max);
    const Tensor shrink = (row_max - tile_max).exp_();  // [rows,1]
    row_max = tile_max;
    scores.sub_(row_max).exp_();
    row_sum.mul_(shrink).add_(scores.sum(1, true));
    sum_v.mul_(shrink).addmm_(scores, v.narrow(0, key, columns));
  }
  at::div_out(out, sum_v, row_sum);
  lse.copy_(row_max.add_(row_sum.log_()).squeeze(1));
}

}  // namespace

Tensor TiledAttention::forward(torch::autograd::AutogradContext* context, const Tensor& qkv,
                               bool is_causal) {
  const int64_t batch = qkv.size(0), n = qkv.size(1), heads = qkv.size(3), d = qkv.size(4);
  const double scale = 1 / std::sqrt(static_cast<double>(d));
  Tensor out = torch::empty({batch, n, heads, d}, qkv.options());
  Tensor lse = torch::empty({batch, heads, n}, qkv.options());
  const Tiles tile = tiles_for(qkv);
  const int64_t blocks = (n + tile.queries - 1) / std::max<int64_t>(tile.queries, 1);
  for_each_task(qkv, batch * heads * blocks, [&](int64_t task) {
    const int64_t begin = task % blocks * tile.queries, rows = std::min(tile.queries, n - begin);
    const int64_t a = task / blocks % heads, b = task / blocks / heads;
    attend_rows(head_of(qkv, b, 0, a).narrow(0, begin, rows), head_of(qkv, b, 1, a),
                head_of(qkv, b, 2, a), out.select(0, b).select(1, a).narrow(0, begin, rows),
                lse.select(0, b).select(0, a).narrow(0, begin, rows), begin, tile.keys, scale,
                is_causal);
  });
  context->save_for_backward({qkv, out, lse});
  context->saved_data["is_causal"] = is_causal;
  return out;
}

torch::autograd::variable_list TiledAttention::backward(torch::autograd::AutogradContext* context,
                                                        torch::autograd::variable_list gradients) {
  const auto saved = context->get_saved_variables();
  const Tensor qkv = saved[0], out = saved[1], lse = saved[2];
  const bool is_causal = context->saved_data["is_causal"].toBool();
  const Tensor d_out = gradients[0];  // [B,N,A,d]
  const int64_t batch = qkv.size(0), n = qkv.size(1), heads = qkv.size(3), d = qkv.size(4);
  const double scale = 1 / std::sqrt(static_cast<double>(d));
  const Tensor delta = (d_out * out).sum(-1);  // [B,N,A]
  Tensor d_qkv = torch::zeros(qkv.sizes(), qkv.options());
  const Tiles tile = tiles_for(qkv);
  for_each_task(qkv, batch * heads, [&](int64_t task) {
    const int64_t a = task % heads, b = task / heads;
    const Tensor q = head_of(qkv, b, 0, a), k = head_of(qkv, b, 1, a), v = head_of(qkv, b, 2, a);
    Tensor d_q = head_of(d_qkv, b, 0, a), d_k = head_of(d_qkv, b, 1, a),
           d_v = head_of(d_qkv, b, 2, a);
    const Tensor d_o = d_out.select(0, b).select(1, a);  // [N,d]
    for (int64_t begin = 0; begin < n; begin += tile.queries) {
      const int64_t rows = std::min(tile.queries, n - begin), keys = is_causal ? begin + rows : n;
      const Tensor q_scaled = q.narrow(0, begin, rows) * scale,
                   d_o_rows = d_o.narrow(0, begin, rows);
      const Tensor lse_rows = lse.select(0, b).select(0, a).narrow(0, begin, rows).unsqueeze(1);
      const Tensor delta_rows = delta.select(0, b).select(1, a).narrow(0, begin, rows).unsqueeze(1);
      Tensor d_q_rows = d_q.narrow(0, begin, rows);
      for (int64_t key = 0; key < keys; key += tile.keys) {
        const int64_t columns = std::min(tile.keys, keys - key);
        const Tensor k_tile = k.narrow(0, key, columns), v_tile = v.narrow(0, key, columns);
        Tensor weights = at::mm(q_scaled, k_tile.t());  // [rows,columns]
        if (is_causal) hide_future(weights, begin, key);
        weights.sub_(lse_rows).exp_();
        d_v.narrow(0, key, columns).addmm_(weights.t(), d_o_rows);
        Tensor d_scores = at::mm(d_o_rows, v_tile.t());
        d_scores.sub_(delta_rows).mul_(weights);
        d_q_rows.addmm_(d_scores, k_tile, 1, scale);
        d_k.narrow(0, key, columns).addmm_(d_scores.t(), q_scaled);
      }
    }
  });
  return {d_qkv, Tensor()};
}

}  // namespace radgen

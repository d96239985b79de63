#include "tiled_attention.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <vector>

#include "attention_kernel.h"

namespace radgen {
namespace {

using torch::Tensor;

// One tile of the weights, floats: 256 x 512 x 4 bytes = 512 KiB stays in a core's L2 cache.
constexpr int64_t kQueryTile = 256, kKeyTile = 512;
// On a GPU tiles are only there to bound memory; large ones keep it busy.
constexpr int64_t kDeviceQueryTile = 2048, kDeviceKeyTile = 8192;

// q, k, v and their gradients as [B,N,A,d] views; k and v may have another N.
struct Heads {
  Tensor q, k, v;
  bool is_causal = false;
  double scale() const { return 1 / std::sqrt(static_cast<double>(q.size(3))); }
};

Heads unpack(const Tensor& qkv, bool is_causal = false) {
  return {qkv.select(2, 0), qkv.select(2, 1), qkv.select(2, 2), is_causal};
}
Heads unpack(const Tensor& q, const Tensor& kv) { return {q, kv.select(2, 0), kv.select(2, 1)}; }

Tensor with_dense_rows(const Tensor& x) { return x.stride(-1) == 1 ? x : x.contiguous(); }

bool fits_kernel(const Heads& heads) {
  return heads.q.device().is_cpu() && heads.q.scalar_type() == torch::kFloat &&
         heads.k.scalar_type() == torch::kFloat && heads.q.size(3) <= kLargestHeadWidth;
}

// ---- The kernel of this CPU.

// [N,d] of one head.
ConstRows head_rows(const Tensor& x, int64_t b, int64_t a) {
  return {x.data_ptr<float>() + b * x.stride(0) + a * x.stride(2), x.size(1), x.stride(1)};
}
Rows writable_rows_of(const Tensor& x, int64_t b, int64_t a) {
  return {x.data_ptr<float>() + b * x.stride(0) + a * x.stride(2), x.size(1), x.stride(1)};
}

struct Free {
  void operator()(float* memory) const { std::free(memory); }
};
// On whole cache lines: a vector that crosses two costs twice as much to load.
std::unique_ptr<float, Free> allocate_floats(int64_t count) {
  constexpr size_t kLine = 64;
  const size_t bytes = (static_cast<size_t>(count) * sizeof(float) + kLine - 1) / kLine * kLine;
  auto* memory = static_cast<float*>(std::aligned_alloc(kLine, bytes));
  if (memory == nullptr) throw std::bad_alloc();
  return std::unique_ptr<float, Free>(memory);
}

// Queries of a task: a multiple of the kernels' tiles, few enough that every thread gets work.
constexpr int64_t kKernelQueries = 192;

void attend_by_kernel(const Heads& heads, const Tensor& out, const Tensor& lse) {
  const AttentionKernel& kernel = *attention_kernel();
  const int64_t batch = heads.q.size(0), queries = heads.q.size(1), count = heads.q.size(2),
                d = heads.q.size(3), keys = heads.k.size(1);
  const int64_t blocks = (queries + kKernelQueries - 1) / kKernelQueries;
  const auto scale = static_cast<float>(heads.scale());
  at::parallel_for(0, batch * count * blocks, 1, [&](int64_t begin, int64_t end) {
    const auto scratch = allocate_floats(kernel.forward_scratch(keys, d));
    int64_t packed = -1;  // the head whose keys and values are in `scratch`
    for (int64_t task = begin; task < end; ++task) {
      const int64_t head = task / blocks, b = head / count, a = head % count;
      const int64_t first = task % blocks * kKernelQueries;
      if (head != packed)
        kernel.pack(head_rows(heads.k, b, a), head_rows(heads.v, b, a), d, scratch.get());
      packed = head;
      ConstRows q = head_rows(heads.q, b, a);
      Rows to = writable_rows_of(out, b, a);
      q.count = to.count = std::min(kKernelQueries, queries - first);
      q.data += first * q.stride;
      to.data += first * to.stride;
      kernel.forward(q, keys, d, scale, heads.is_causal ? first : kNotCausal, to,
                     lse.data_ptr<float>() + head * queries + first, scratch.get());
    }
  });
}

void attend_backward_by_kernel(const Heads& heads, const Tensor& out, const Tensor& lse,
                               const Tensor& d_out, const Heads& gradients) {
  const AttentionKernel& kernel = *attention_kernel();
  const int64_t batch = heads.q.size(0), queries = heads.q.size(1), count = heads.q.size(2),
                d = heads.q.size(3), keys = heads.k.size(1);
  const auto scale = static_cast<float>(heads.scale());
  at::parallel_for(0, batch * count, 1, [&](int64_t begin, int64_t end) {
    const auto scratch = allocate_floats(kernel.backward_scratch(keys, d));
    for (int64_t head = begin; head < end; ++head) {
      const int64_t b = head / count, a = head % count;
      kernel.backward(head_rows(heads.q, b, a), head_rows(heads.k, b, a), head_rows(heads.v, b, a),
                      head_rows(out, b, a), head_rows(d_out, b, a),
                      lse.data_ptr<float>() + head * queries, d, scale, heads.is_causal,
                      writable_rows_of(gradients.q, b, a), writable_rows_of(gradients.k, b, a),
                      writable_rows_of(gradients.v, b, a), scratch.get());
    }
  });
}

// ---- The same in ATen operators.

struct Tiles {
  int64_t queries, keys;
};
Tiles tiles_for(const Heads& heads) {
  if (!heads.q.device().is_cpu()) return {kDeviceQueryTile, kDeviceKeyTile};
  // A text or a small image is one tile.
  const int64_t n = std::max(heads.q.size(1), heads.k.size(1));
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

// [N,d]
Tensor head_of(const Tensor& x, int64_t b, int64_t a) { return x.select(0, b).select(1, a); }

// Hides the keys behind each query in the tile whose first query is `query` and first key `key`.
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

void attend_by_operators(const Heads& heads, const Tensor& out, const Tensor& lse) {
  const int64_t batch = heads.q.size(0), n = heads.q.size(1), count = heads.q.size(2);
  const Tiles tile = tiles_for(heads);
  const int64_t blocks = (n + tile.queries - 1) / std::max<int64_t>(tile.queries, 1);
  for_each_task(heads.q, batch * count * blocks, [&](int64_t task) {
    const int64_t begin = task % blocks * tile.queries, rows = std::min(tile.queries, n - begin);
    const int64_t a = task / blocks % count, b = task / blocks / count;
    attend_rows(head_of(heads.q, b, a).narrow(0, begin, rows), head_of(heads.k, b, a),
                head_of(heads.v, b, a), head_of(out, b, a).narrow(0, begin, rows),
                lse.select(0, b).select(0, a).narrow(0, begin, rows), begin, tile.keys,
                heads.scale(), heads.is_causal);
  });
}

void attend_backward_by_operators(const Heads& heads, const Tensor& out, const Tensor& lse,
                                  const Tensor& d_out, const Heads& gradients) {
  const int64_t n = heads.q.size(1), all_keys = heads.k.size(1), count = heads.q.size(2);
  const double scale = heads.scale();
  const Tensor delta = (d_out * out).sum(-1);  // [B,N,A]
  const Tiles tile = tiles_for(heads);
  for_each_task(heads.q, heads.q.size(0) * count, [&](int64_t task) {
    const int64_t a = task % count, b = task / count;
    const Tensor q = head_of(heads.q, b, a), k = head_of(heads.k, b, a), v = head_of(heads.v, b, a),
                 d_o = head_of(d_out, b, a);
    const Tensor d_q = head_of(gradients.q, b, a), d_k = head_of(gradients.k, b, a),
                 d_v = head_of(gradients.v, b, a);
    for (int64_t begin = 0; begin < n; begin += tile.queries) {
      const int64_t rows = std::min(tile.queries, n - begin),
                    keys = heads.is_causal ? begin + rows : all_keys;
      const Tensor q_scaled = q.narrow(0, begin, rows) * scale,
                   d_o_rows = d_o.narrow(0, begin, rows);
      const Tensor lse_rows = lse.select(0, b).select(0, a).narrow(0, begin, rows).unsqueeze(1);
      const Tensor delta_rows = delta.select(0, b).select(1, a).narrow(0, begin, rows).unsqueeze(1);
      Tensor d_q_rows = d_q.narrow(0, begin, rows);
      for (int64_t key = 0; key < keys; key += tile.keys) {
        const int64_t columns = std::min(tile.keys, keys - key);
        const Tensor k_tile = k.narrow(0, key, columns), v_tile = v.narrow(0, key, columns);
        Tensor weights = at::mm(q_scaled, k_tile.t());  // [rows,columns]
        if (heads.is_causal) hide_future(weights, begin, key);
        weights.sub_(lse_rows).exp_();
        d_v.narrow(0, key, columns).addmm_(weights.t(), d_o_rows);
        Tensor d_scores = at::mm(d_o_rows, v_tile.t());
        d_scores.sub_(delta_rows).mul_(weights);
        d_q_rows.addmm_(d_scores, k_tile, 1, scale);
        d_k.narrow(0, key, columns).addmm_(d_scores.t(), q_scaled);
      }
    }
  });
}

// ---- Both.

// out [B,T,A,d]; `lse` [B,A,T] is for attend_backward alone (the kernel's is in base 2).
std::pair<Tensor, Tensor> attend(const Heads& heads) {
  const int64_t batch = heads.q.size(0), n = heads.q.size(1), count = heads.q.size(2),
                d = heads.q.size(3);
  Tensor out = torch::empty({batch, n, count, d}, heads.q.options());
  Tensor lse = torch::empty({batch, count, n}, heads.q.options());
  if (fits_kernel(heads)) {
    attend_by_kernel(heads, out, lse);
  } else {
    attend_by_operators(heads, out, lse);
  }
  return {out, lse};
}

// Adds nothing: `gradients` hold zeros before.
void attend_backward(const Heads& heads, const Tensor& out, const Tensor& lse, const Tensor& d_out,
                     const Heads& gradients) {
  const Tensor dense = d_out.contiguous();
  if (fits_kernel(heads)) {
    attend_backward_by_kernel(heads, out, lse, dense, gradients);
  } else {
    attend_backward_by_operators(heads, out, lse, dense, gradients);
  }
}

}  // namespace

bool can_gather_windows(const Tensor& qkv) {
  return !torch::GradMode::is_enabled() && fits_kernel(unpack(qkv));
}

void attend_gathered_windows(const Tensor& qkv, PatchGrid grid, int64_t window_patches,
                             bool has_cls, const Tensor& out) {
  const AttentionKernel& kernel = *attention_kernel();
  const Tensor packed = with_dense_rows(qkv);
  const Heads heads = unpack(packed);
  const int64_t count = heads.q.size(2), d = heads.q.size(3), first = has_cls ? 1 : 0;
  const int64_t down = (grid.rows + window_patches - 1) / window_patches,
                across = (grid.columns + window_patches - 1) / window_patches;
  const int64_t most = window_patches * window_patches + first;
  const auto scale = static_cast<float>(heads.scale());
  at::parallel_for(0, heads.q.size(0) * down * across * count, 1, [&](int64_t begin, int64_t end) {
    const auto scratch = allocate_floats(kernel.forward_scratch(most, d)),
               block = allocate_floats(most * (4 * d + 1));
    float *q = block.get(), *k = q + most * d, *v = k + most * d, *seen = v + most * d,
          *lse = seen + most * d;
    std::vector<int64_t> tokens;  // of the window, [CLS] first
    for (int64_t task = begin; task < end; ++task) {
      const int64_t a = task % count, window = task / count % (down * across),
                    b = task / count / (down * across);
      const int64_t top = window / across * window_patches, left = window % across * window_patches;
      tokens.assign(static_cast<size_t>(first), 0);
      for (int64_t row = top; row < std::min(top + window_patches, grid.rows); ++row)
        for (int64_t column = left; column < std::min(left + window_patches, grid.columns);
             ++column)
          tokens.push_back(first + row * grid.columns + column);
      const auto keys = static_cast<int64_t>(tokens.size());
      const ConstRows from_q = head_rows(heads.q, b, a), from_k = head_rows(heads.k, b, a),
                      from_v = head_rows(heads.v, b, a);
      for (int64_t i = 0; i < keys; ++i) {
        const int64_t token = tokens[static_cast<size_t>(i)];
        std::copy_n(from_q.data + token * from_q.stride, d, q + i * d);
        std::copy_n(from_k.data + token * from_k.stride, d, k + i * d);
        std::copy_n(from_v.data + token * from_v.stride, d, v + i * d);
      }
      kernel.pack({k, keys, d}, {v, keys, d}, d, scratch.get());
      kernel.forward({q + first * d, keys - first, d}, keys, d, scale, kNotCausal,
                     {seen, keys - first, d}, lse, scratch.get());
      const Rows to = writable_rows_of(out, b, a);
      for (int64_t i = first; i < keys; ++i)
        std::copy_n(seen + (i - first) * d, d,
                    to.data + tokens[static_cast<size_t>(i)] * to.stride);
    }
  });
}

Tensor TiledSelfAttention::forward(torch::autograd::AutogradContext* context, const Tensor& qkv,
                                   bool is_causal) {
  const Tensor packed = with_dense_rows(qkv);
  auto [out, lse] = attend(unpack(packed, is_causal));
  context->save_for_backward({packed, out, lse});
  context->saved_data["is_causal"] = is_causal;
  return out;
}

torch::autograd::variable_list TiledSelfAttention::backward(
    torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
  const auto saved = context->get_saved_variables();
  const bool is_causal = context->saved_data["is_causal"].toBool();
  const Tensor d_qkv = torch::zeros(saved[0].sizes(), saved[0].options());
  attend_backward(unpack(saved[0], is_causal), saved[1], saved[2], gradients[0], unpack(d_qkv));
  return {d_qkv, Tensor()};
}

Tensor TiledAttention::forward(torch::autograd::AutogradContext* context, const Tensor& q,
                               const Tensor& kv) {
  const Tensor q_rows = with_dense_rows(q), kv_rows = with_dense_rows(kv);
  auto [out, lse] = attend(unpack(q_rows, kv_rows));
  context->save_for_backward({q_rows, kv_rows, out, lse});
  return out;
}

torch::autograd::variable_list TiledAttention::backward(torch::autograd::AutogradContext* context,
                                                        torch::autograd::variable_list gradients) {
  const auto saved = context->get_saved_variables();
  const Tensor d_q = torch::zeros(saved[0].sizes(), saved[0].options());
  const Tensor d_kv = torch::zeros(saved[1].sizes(), saved[1].options());
  attend_backward(unpack(saved[0], saved[1]), saved[2], saved[3], gradients[0], unpack(d_q, d_kv));
  return {d_q, d_kv};
}

}  // namespace radgen

#include "few_queries.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <functional>

#include "attention_kernel.h"

namespace radgen {
namespace {

using torch::Tensor;

constexpr int64_t kFewQueries = 8;
// Below this the threads' start costs more than the work.
constexpr int64_t kNumbersAThread = 1 << 14;

bool fits(const Tensor& x, bool may_be_half) {
  const bool is_known = x.scalar_type() == torch::kFloat || (may_be_half && x.scalar_type() == torch::kHalf);
  return x.device().is_cpu() && is_known && x.stride(3) == 1;
}

ConstRows rows_of(const Tensor& x, int64_t b, int64_t a) {
  return {x.data_ptr<float>() + b * x.stride(0) + a * x.stride(1), x.size(2), x.stride(2)};
}
HalfRows half_rows_of(const Tensor& x, int64_t b, int64_t a) {
  return {reinterpret_cast<const uint16_t*>(x.data_ptr<at::Half>()) + b * x.stride(0) + a * x.stride(1), x.size(2), x.stride(2)};
}
Rows writable_rows_of(const Tensor& x, int64_t b, int64_t a) {
  return {x.data_ptr<float>() + b * x.stride(0) + a * x.stride(1), x.size(2), x.stride(2)};
}

void for_each_head(const Tensor& memory, const std::function<void(int64_t, int64_t)>& body) {
  const int64_t heads = memory.size(1), numbers = std::max<int64_t>(memory.size(2) * memory.size(3), 1);
  at::parallel_for(0, memory.size(0) * heads, std::max<int64_t>(kNumbersAThread / numbers, 1),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t i = begin; i < end; ++i) body(i / heads, i % heads);
                   });
}

}  // namespace

bool is_few_queries(const Tensor& q, const Tensor& k, const Tensor& v) {
  return !torch::GradMode::is_enabled() && q.size(2) <= kFewQueries && q.size(3) % attention_kernel()->lanes == 0 &&
         fits(q, false) && fits(k, true) && fits(v, true);
}

Tensor scores_of_few(const Tensor& q, const Tensor& k, double scale) {
  const Tensor scores = torch::empty({q.size(0), q.size(1), q.size(2), k.size(2)}, q.options());
  for_each_head(k, [&](int64_t b, int64_t a) {
    const auto factor = static_cast<float>(scale);
    if (k.scalar_type() == torch::kHalf)
      attention_kernel()->scores_half(rows_of(q, b, a), half_rows_of(k, b, a), q.size(3), factor, writable_rows_of(scores, b, a));
    else
      attention_kernel()->scores(rows_of(q, b, a), rows_of(k, b, a), q.size(3), factor, writable_rows_of(scores, b, a));
  });
  return scores;
}

Tensor sums_of_few(const Tensor& weights, const Tensor& v) {
  const Tensor rows = weights.contiguous();
  const Tensor sums = torch::empty({v.size(0), v.size(1), weights.size(2), v.size(3)}, rows.options());
  for_each_head(v, [&](int64_t b, int64_t a) {
    if (v.scalar_type() == torch::kHalf)
      attention_kernel()->weighted_sums_half(rows_of(rows, b, a), half_rows_of(v, b, a), v.size(3), writable_rows_of(sums, b, a));
    else
      attention_kernel()->weighted_sums(rows_of(rows, b, a), rows_of(v, b, a), v.size(3), writable_rows_of(sums, b, a));
  });
  return sums;
}

}  // namespace radgen

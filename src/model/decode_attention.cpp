#include "decode_attention.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <functional>

#include "attention_kernel.h"

namespace radgen {
namespace {

using torch::Tensor;

// Beyond these a product of matrices is faster; keys that it would have to widen first are worth
// more queries.
constexpr int64_t kFewQueries = 8, kFewQueriesOfNarrow = 32;
// Below this the threads' start costs more than the work.
constexpr int64_t kNumbersAThread = 1 << 14;

bool is_narrow(const Tensor& x) {
  return x.scalar_type() == torch::kHalf || x.scalar_type() == torch::kChar;
}

bool fits(const Tensor& x, bool may_be_narrow) {
  const bool is_known = x.scalar_type() == torch::kFloat || (may_be_narrow && is_narrow(x));
  return x.device().is_cpu() && is_known && x.stride(3) == 1;
}

// [N,d] of one head. R: ConstRows, HalfRows, ByteRows or Rows.
template <class R, class Element>
R rows_of(const Tensor& x, int64_t b, int64_t a) {
  using Pointer = decltype(R::data);
  return {reinterpret_cast<Pointer>(x.data_ptr<Element>() + b * x.stride(0) + a * x.stride(1)),
          x.size(2), x.stride(2)};
}
constexpr auto read_rows = rows_of<ConstRows, float>;
constexpr auto write_rows = rows_of<Rows, float>;
constexpr auto half_rows = rows_of<HalfRows, at::Half>;
constexpr auto byte_rows = rows_of<ByteRows, int8_t>;

void for_each_head(const Tensor& memory, const std::function<void(int64_t, int64_t)>& body) {
  const int64_t heads = memory.size(1),
                numbers = std::max<int64_t>(memory.size(2) * memory.size(3), 1);
  at::parallel_for(0, memory.size(0) * heads, std::max<int64_t>(kNumbersAThread / numbers, 1),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t i = begin; i < end; ++i) body(i / heads, i % heads);
                   });
}

}  // namespace

bool is_decode_attention(const Tensor& q, const Tensor& k, const Tensor& v) {
  const int64_t few = is_narrow(k) ? kFewQueriesOfNarrow : kFewQueries;
  return !torch::GradMode::is_enabled() && q.size(2) <= few &&
         q.size(3) % attention_kernel()->lanes == 0 && v.size(3) % attention_kernel()->lanes == 0 &&
         fits(q, false) && fits(k, true) && fits(v, true);
}

Tensor decode_scores(const Tensor& q, const Tensor& k, double scale) {
  const Tensor scores = torch::empty({q.size(0), q.size(1), q.size(2), k.size(2)}, q.options());
  const AttentionKernel& kernel = *attention_kernel();
  const auto factor = static_cast<float>(scale);
  for_each_head(k, [&](int64_t b, int64_t a) {
    const ConstRows queries = read_rows(q, b, a);
    const Rows to = write_rows(scores, b, a);
    if (k.scalar_type() == torch::kHalf)
      return kernel.scores_half(queries, half_rows(k, b, a), q.size(3), factor, to);
    if (k.scalar_type() == torch::kChar)
      return kernel.scores_byte(queries, byte_rows(k, b, a), q.size(3), factor, to);
    kernel.scores(queries, read_rows(k, b, a), q.size(3), factor, to);
  });
  return scores;
}

Tensor decode_context(const Tensor& weights, const Tensor& v) {
  const Tensor rows = weights.contiguous();
  const Tensor sums =
      torch::empty({v.size(0), v.size(1), weights.size(2), v.size(3)}, rows.options());
  const AttentionKernel& kernel = *attention_kernel();
  for_each_head(v, [&](int64_t b, int64_t a) {
    const ConstRows of_keys = read_rows(rows, b, a);
    const Rows to = write_rows(sums, b, a);
    if (v.scalar_type() == torch::kHalf)
      return kernel.weighted_sums_half(of_keys, half_rows(v, b, a), v.size(3), to);
    if (v.scalar_type() == torch::kChar)
      return kernel.weighted_sums_byte(of_keys, byte_rows(v, b, a), v.size(3), to);
    kernel.weighted_sums(of_keys, read_rows(v, b, a), v.size(3), to);
  });
  return sums;
}

}  // namespace radgen

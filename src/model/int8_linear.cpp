#include "int8_linear.h"

#include <algorithm>
#include <functional>

#include "int8_rows.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

using torch::Tensor;

// A block of 768 columns in 8 bits and its results fit in the second-level cache of two cores.
constexpr int64_t kBlockRows = 1024;

// body(begin, count) for blocks of one size, of which the last one may begin inside of the one
// before: the operator keeps what it built for the size of its first call, and builds anew for
// every other.
void for_each_block(int64_t rows, const std::function<void(int64_t, int64_t)>& body) {
  const int64_t blocks = std::max<int64_t>((rows + kBlockRows - 1) / kBlockRows, 1),
                size = (rows + blocks - 1) / blocks;
  for (int64_t begin = 0; begin < rows; begin += size) body(std::min(begin, rows - size), size);
}

uint8_t* bytes_of(const Tensor& x) { return reinterpret_cast<uint8_t*>(x.data_ptr<c10::quint8>()); }

// Rows of x, fp32 and contiguous.
void quantise_rows(const Tensor& x, int64_t begin, int64_t count, Steps8 steps, const Tensor& out) {
  if (!quantise_values(x.data_ptr<float>() + begin * x.size(1), count * x.size(1), steps,
                       bytes_of(out)))
    throw Error(ErrorCode::kData, "an INT8 layer received NaN",
                "the picture or the weights may hold NaN; run in fp32 to see where");
}

void dequantise_into(const Tensor& q, const Int8Part& part, const Tensor& out, int64_t begin) {
  dequantise_rows(bytes_of(q), q.size(0), part.count, part.factor.data_ptr<float>(),
                  part.offset.data_ptr<float>(), out.data_ptr<float>() + begin * part.count);
}

Tensor flat_rows(const Tensor& x) {
  return x.reshape({-1, x.size(-1)}).to(torch::kFloat).contiguous();
}

Tensor shaped_like(const Tensor& flat, const Tensor& x) {
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes.back() = flat.size(1);
  return flat.view(sizes);
}

Tensor activated(const Tensor& x, const std::string& kind) {
  return kind == "gelu" ? torch::gelu(x) : torch::gelu(x, "tanh");
}

std::array<uint8_t, 256> table_of(const std::string& kind, const Int8Part& from, Steps8 to) {
  const Tensor q = torch::arange(256, torch::kFloat);
  const Tensor y = activated(q * from.factor[0] + from.offset[0], kind).contiguous();
  std::array<uint8_t, 256> table{};
  quantise_values(y.data_ptr<float>(), 256, to, table.data());
  return table;
}

}  // namespace

Tensor Int8Part::apply(const Tensor& x) const {
  const int64_t rows = x.size(0);
  const Tensor out = torch::empty({rows, count}, x.options());
  const Tensor block =
      is_dynamic ? Tensor() : empty_u8(std::min(rows, kBlockRows), x.size(1), input.step);
  for_each_block(rows, [&](int64_t begin, int64_t size) {
    if (is_dynamic) {
      out.narrow(0, begin, size).copy_(product->apply_dynamic(x.narrow(0, begin, size)));
      return;
    }
    const Tensor u8 = block.narrow(0, 0, size);
    quantise_rows(x, begin, size, input, u8);
    dequantise_into(product->apply(u8), *this, out, begin);
  });
  return out;
}

const Int8Part* Int8Backend::find(int64_t first, int64_t count) const {
  for (const Int8Part& part : parts_)
    if (part.first == first && part.count == count) return &part;
  return nullptr;
}

Tensor Int8Backend::apply(const torch::nn::LinearImpl& layer, const Tensor& x, int64_t first,
                          int64_t count) {
  const Int8Part* part = find(first, count);
  if (part == nullptr || x.numel() == 0)
    return torch::linear(x, layer.weight.narrow(0, first, count),
                         layer.bias.narrow(0, first, count));
  return shaped_like(part->apply(flat_rows(x)), x);
}

bool has_table(const std::string& kind) { return kind == "gelu" || kind == "gelu_tanh"; }

TensorOptional int8_feed_forward(const LinearImpl& up, const LinearImpl& down,
                                 const std::string& kind, const Tensor& x) {
  const auto* up_backend = dynamic_cast<const Int8Backend*>(up.backend());
  const auto* down_backend = dynamic_cast<const Int8Backend*>(down.backend());
  if (up_backend == nullptr || down_backend == nullptr || !has_table(kind) || x.numel() == 0)
    return {};
  const Int8Part* first = up_backend->find(0, up.weight.size(0));
  const Int8Part* second = down_backend->find(0, down.weight.size(0));
  if (first == nullptr || second == nullptr || !first->has_one_output_scale || second->is_dynamic)
    return {};
  const std::array<uint8_t, 256> table = table_of(kind, *first, second->input);
  const Tensor flat = flat_rows(x);
  const int64_t rows = flat.size(0), most = std::min(rows, kBlockRows);
  const Tensor block = empty_u8(most, flat.size(1), first->input.step);
  const Tensor inner = empty_u8(most, first->count, second->input.step);
  const Tensor out = torch::empty({rows, second->count}, flat.options());
  for_each_block(rows, [&](int64_t begin, int64_t size) {
    const Tensor u8 = block.narrow(0, 0, size), hidden = inner.narrow(0, 0, size);
    quantise_rows(flat, begin, size, first->input, u8);
    const Tensor raised = first->product->apply(u8);
    look_up_values(bytes_of(raised), raised.numel(), table, bytes_of(hidden));
    dequantise_into(second->product->apply(hidden), *second, out, begin);
  });
  return shaped_like(out, x);
}

}  // namespace radgen

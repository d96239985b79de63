#include "int8_product.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/native/quantized/PackedParams.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "radgen/core/compute.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

using torch::Tensor;
using Packed = c10::intrusive_ptr<LinearPackedParamsBase>;

constexpr int kFullWeight = 127, kNarrowWeight = 64;
static_assert(2 * kByteTop * kNarrowWeight <= 32767 && 2 * kByteTop * kFullWeight > 32767);

// Restores the engine, which is global to the process.
class EngineGuard {
 public:
  explicit EngineGuard(at::QEngine engine) : old_(at::globalContext().qEngine()) {
    at::globalContext().setQEngine(engine);
  }
  ~EngineGuard() { at::globalContext().setQEngine(old_); }
  EngineGuard(const EngineGuard&) = delete;
  EngineGuard& operator=(const EngineGuard&) = delete;

 private:
  at::QEngine old_;
};

template <class Function>
auto operator_named(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Function>();
}

Tensor quantised_weight(const Tensor& weight, bool is_per_channel, double largest) {
  const Tensor dense = weight.detach().to(torch::kFloat).contiguous();
  constexpr double kLeastScale = 1e-12;  // a row of zeros
  if (!is_per_channel) {
    const double scale = std::max(dense.abs().max().item<double>() / largest, kLeastScale);
    return at::quantize_per_tensor(dense, scale, 0, torch::kQInt8);
  }
  const Tensor scales = (dense.abs().amax(1).to(torch::kDouble) / largest).clamp_min(kLeastScale);
  return at::quantize_per_channel(dense, scales, torch::zeros({dense.size(0)}, torch::kLong), 0,
                                  torch::kQInt8);
}

bool has_vnni() {
  const std::vector<std::string> features = cpu_features();
  return std::any_of(features.begin(), features.end(), [](const std::string& name) {
    return name == "avx512_vnni" || name == "avx_vnni";
  });
}

// Whether the sum of products of the largest inputs and the largest weights is right. Sizes that no
// network has: the engine keeps kernels by size.
bool is_exact_at_full_width(int64_t rows, int64_t from, int64_t to) {
  const Int8Product product(torch::full({to, from}, 1.0 / static_cast<double>(from)),
                            torch::zeros({to}), /*is_per_channel=*/true, kFullWeight);
  const float step = 1.F / (kByteTop - kByteZero);
  const Tensor x = empty_u8(rows, from, step);
  std::fill_n(reinterpret_cast<uint8_t*>(x.data_ptr<c10::quint8>()), x.numel(),
              static_cast<uint8_t>(kByteTop));
  // Ones times ones: all results are 1, within a step of the result.
  return (product.apply(x).dequantize() - 1).abs().max().item<float>() <= 1.01F * kOutputStep;
}

bool has_engine(at::QEngine engine) {
  const std::vector<at::QEngine>& there = at::globalContext().supportedQEngines();
  return std::find(there.begin(), there.end(), engine) != there.end();
}

[[noreturn]] void refuse_input(const std::string& why) {
  throw Error(ErrorCode::kData, "an INT8 layer cannot take its input: " + why,
              "the picture or the weights may hold NaN; run in fp32 to see where");
}

}  // namespace

at::QEngine int8_engine() {
  for (at::QEngine engine : {at::QEngine::ONEDNN, at::QEngine::X86, at::QEngine::FBGEMM})
    if (has_engine(engine)) return engine;
  std::vector<std::string> names;
  for (at::QEngine engine : at::globalContext().supportedQEngines())
    names.push_back(at::toString(engine));
  throw Error(ErrorCode::kResource,
              fmt::format("INT8 needs one of LibTorch's quantized engines ONEDNN, X86 or FBGEMM; "
                          "this LibTorch has {}",
                          fmt::join(names, ", ")),
              "run in fp32, or with a LibTorch that was built with oneDNN");
}

std::string int8_engine_name() { return at::toString(int8_engine()); }

int int8_largest_weight() {
  static const int largest = [] {
    if (!has_vnni()) return kNarrowWeight;
    const bool is_exact = is_exact_at_full_width(1, 67, 17) && is_exact_at_full_width(5, 131, 61) &&
                          is_exact_at_full_width(101, 389, 257);
    return is_exact ? kFullWeight : kNarrowWeight;
  }();
  return largest;
}

Tensor empty_u8(int64_t rows, int64_t columns, float step) {
  return at::_empty_affine_quantized({rows, columns}, torch::TensorOptions().dtype(torch::kQUInt8),
                                     step, kByteZero);
}

Tensor rounded_weight(const Tensor& weight, bool is_per_channel, int largest_weight) {
  return quantised_weight(weight, is_per_channel, largest_weight).dequantize();
}

Int8Product::Int8Product(const Tensor& weight, const Tensor& bias, bool is_per_channel,
                         int largest_weight) {
  const EngineGuard engine(int8_engine());
  static const auto prepack =
      operator_named<Packed(Tensor, c10::optional<Tensor>)>("quantized::linear_prepack");
  packed_ = prepack.call(quantised_weight(weight, is_per_channel, largest_weight),
                         bias.detach().to(torch::kFloat).contiguous());
}

Tensor Int8Product::apply(const Tensor& x) const {
  static const auto linear =
      operator_named<Tensor(Tensor, const Packed&, double, int64_t)>("quantized::linear");
  return linear.call(x, packed_, kOutputStep, kByteZero);
}

Tensor Int8Product::apply_dynamic(const Tensor& x) const {
  static const auto linear =
      operator_named<Tensor(Tensor, const Packed&, bool)>("quantized::linear_dynamic");
  // The scale of NaN or of infinity does not exist, and the operator says so. Where LibTorch holds
  // FBGEMM that searches for the range, whatever the engine, and it passes over NaN.
  static const bool passes_over_nan = has_engine(at::QEngine::FBGEMM);
  if (passes_over_nan) {
    const auto [least, most] = at::aminmax(x);
    if (!std::isfinite(least.item<float>()) || !std::isfinite(most.item<float>()))
      refuse_input("it holds NaN or infinity");
  }
  try {
    return linear.call(x, packed_, /*reduce_range=*/false);
  } catch (const c10::Error& error) {
    refuse_input(error.what_without_backtrace());
  }
}

}  // namespace radgen

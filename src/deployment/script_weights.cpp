#include "script_weights.h"

#include <fmt/format.h>

#include "radgen/core/error.h"

namespace radgen {
namespace {

using torch::Tensor;

// Numbers of dtypes as TorchScript writes them.
constexpr int kFloatType = static_cast<int>(torch::kFloat),
              kBFloat16Type = static_cast<int>(torch::kBFloat16),
              kQUInt8Type = static_cast<int>(torch::kQUInt8);
// Tables below this stay in half precision: a scale each row would weigh more than it saves.
constexpr int64_t kLeastByteRow = 64;

// With a decimal point, so that it is no integer to TorchScript.
std::string real(double value) {
  std::string text = fmt::format("{:.17g}", value);
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

std::string identifier(const std::string& name) {
  std::string text;
  for (char c : name) {
    if (c == '.') {
      text += "__";
    } else {
      text += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    }
  }
  return text;
}

}  // namespace

ScriptWeights::ScriptWeights(GroundedModel network, std::string precision,
                             torch::jit::Module& module)
    : precision_(std::move(precision)), module_(module) {
  for (const auto& item : network->named_parameters())
    tensors_[item.key()] = item.value().detach().to(torch::kCPU, torch::kFloat);
  for (const auto& item : network->named_buffers())
    tensors_[item.key()] = item.value().detach().to(torch::kCPU);
  if (!is_int8()) return;
  for (Int8PackedProduct& product : int8_packed_products(network)) {
    const std::string name = product.name;
    products_.emplace(name, std::move(product));
  }
}

std::string ScriptWeights::keep(const std::string& name, const Tensor& tensor) {
  const auto found = registered_.find(name);
  if (found != registered_.end()) return found->second;
  const std::string id = identifier(name);
  module_.register_buffer(id, tensor.contiguous());
  return registered_[name] = "self." + id;
}

std::string ScriptWeights::keep_packed(const std::string& name, const c10::IValue& packed) {
  const auto found = registered_.find(name);
  if (found != registered_.end()) return found->second;
  const std::string id = identifier(name);
  module_.register_attribute(id, packed.type(), packed);
  return registered_[name] = "self." + id;
}

ScriptWeights::Kept ScriptWeights::kept(const std::string& name) const {
  const Tensor& tensor = tensors_.at(name);
  // Norms, biases and statistics are few and sensitive.
  if (precision_ == "fp32" || tensor.dim() < 2 || !tensor.is_floating_point()) return Kept::kFloat;
  if (precision_ == "bf16") return Kept::kBFloat16;
  const bool is_table = tensor.dim() == 2 && name.find("embedding") != std::string::npos;
  const bool is_convolution = tensor.dim() == 4;
  return (is_table || is_convolution) && tensor[0].numel() >= kLeastByteRow ? Kept::kByteRows
                                                                            : Kept::kHalf;
}

std::string ScriptWeights::attribute(const std::string& name) {
  const Tensor& tensor = tensors_.at(name);
  switch (kept(name)) {
    case Kept::kHalf:
      return keep(name, tensor.to(torch::kHalf));
    case Kept::kBFloat16:
      return keep(name, tensor.to(torch::kBFloat16));
    default:
      return keep(name, tensor);
  }
}

std::string ScriptWeights::value(const std::string& name) {
  if (kept(name) == Kept::kFloat) return attribute(name);
  if (kept(name) == Kept::kByteRows) {
    const auto [bytes, steps] = keep_byte_rows(name);
    return fmt::format("({}.to({}) * {})", bytes, kFloatType, steps);
  }
  return fmt::format("{}.to({})", attribute(name), kFloatType);
}

std::pair<std::string, std::string> ScriptWeights::keep_byte_rows(const std::string& name) {
  constexpr double kLargest = 127, kLeast = 1e-12;
  const Tensor& table = tensors_.at(name);
  std::vector<int64_t> others;  // all dimensions but the rows
  for (int64_t d = 1; d < table.dim(); ++d) others.push_back(d);
  const Tensor step = (table.abs().amax(others, /*keepdim=*/true) / kLargest).clamp_min(kLeast);
  return {keep(name + ".bytes", (table / step).round().to(torch::kChar)),
          keep(name + ".steps", step)};
}

std::string ScriptWeights::rows_product(const std::string& name, const Tensor& weight,
                                        const std::string& x) {
  const std::string packed = keep_packed(name + ".rows", pack_int8_rows(weight));
  return fmt::format(
      "self.unscaled_rows(quantized.linear_dynamic(self.scaled_rows({0}), {1}), {0})", x, packed);
}

std::string ScriptWeights::static_product(const Int8PackedProduct& product, const std::string& x) {
  const std::string packed = keep_packed(product.name + ".packed", product.packed);
  return fmt::format(
      "torch.addcmul({}, quantized.linear(torch.quantize_per_tensor({} - {}, {}, {}, {}), "
      "{}, {}, {}).dequantize(), {})",
      keep(product.name + ".centre", product.centre), x, real(product.middle), real(product.step),
      kInt8Zero, kQUInt8Type, packed, real(kInt8OutputStep), kInt8Zero,
      keep(product.name + ".spread", product.spread));
}

std::string ScriptWeights::linear(const std::string& name, const std::string& x) {
  return linear_part(name, x, 0, tensors_.at(name + ".weight").size(0));
}

std::string ScriptWeights::linear_part(const std::string& name, const std::string& x, int64_t first,
                                       int64_t count) {
  const std::string weight = name + ".weight", bias = name + ".bias";
  const bool is_whole = count == tensors_.at(weight).size(0), has_bias = has(bias);
  const std::string part = is_whole ? name : fmt::format("{}[{}:{}]", name, first, first + count);
  const auto slice = [&](const std::string& text) {
    return is_whole ? text : fmt::format("{}.narrow(0, {}, {})", text, first, count);
  };
  const auto product = products_.find(part);
  if (product != products_.end() && !product->second.is_dynamic)
    return static_product(product->second, x);
  // What writes the words reads its weights once a word: bytes are what it waits for.
  const bool is_word_layer = name.starts_with("decoder.layers.") && !name.ends_with("key_value");
  if (is_int8() && (product != products_.end() || is_word_layer)) {
    const std::string text = rows_product(part, tensors_.at(weight).narrow(0, first, count), x);
    return has_bias ? fmt::format("({} + {})", text, slice(attribute(bias))) : text;
  }
  if (precision_ == "bf16")
    return fmt::format(
        "torch.linear({}.to({}), {}, {}).to({})", x, kBFloat16Type, slice(attribute(weight)),
        has_bias ? slice(fmt::format("{}.to({})", attribute(bias), kBFloat16Type)) : "None",
        kFloatType);
  return fmt::format("torch.linear({}, {}, {})", x, slice(value(weight)),
                     has_bias ? slice(attribute(bias)) : "None");
}

std::string ScriptWeights::product(const std::string& name, const std::string& x) {
  if (is_int8()) return rows_product(name, tensors_.at(name), x);
  if (precision_ == "bf16")
    return fmt::format("torch.linear({}.to({}), {}).to({})", x, kBFloat16Type, attribute(name),
                       kFloatType);
  return fmt::format("torch.linear({}, {})", x, attribute(name));
}

std::string ScriptWeights::embedding(const std::string& name, const std::string& ids) {
  if (kept(name) != Kept::kByteRows)
    return fmt::format("torch.embedding({}, {}).to({})", attribute(name), ids, kFloatType);
  const auto [bytes, steps] = keep_byte_rows(name);
  return fmt::format("(torch.embedding({0}, {2}).to({3}) * torch.embedding({1}, {2}))", bytes,
                     steps, ids, kFloatType);
}

std::string ScriptWeights::convolution(const std::string& name, const std::string& x,
                                       int64_t stride, int64_t padding) {
  const std::string bias = has(name + ".bias") ? attribute(name + ".bias") : "None";
  return fmt::format("torch.conv2d({0}, {1}, {2}, [{3}, {3}], [{4}, {4}])", x,
                     value(name + ".weight"), bias, stride, padding);
}

std::string ScriptWeights::layer_norm(const std::string& name, const std::string& x, double eps) {
  return fmt::format("torch.layer_norm({}, [{}], {}, {}, {})", x,
                     tensors_.at(name + ".weight").size(0), attribute(name + ".weight"),
                     attribute(name + ".bias"), real(eps));
}

std::string ScriptWeights::batch_norm(const std::string& name, const std::string& x) {
  return fmt::format("torch.batch_norm({}, {}, {}, {}, {}, False, 0.1, 1e-05, True)", x,
                     attribute(name + ".weight"), attribute(name + ".bias"),
                     attribute(name + ".running_mean"), attribute(name + ".running_var"));
}

}  // namespace radgen

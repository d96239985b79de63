#include "radgen/model/int8_packed.h"

#include <fmt/format.h>

#include "int8_linear.h"

namespace radgen {

std::vector<Int8PackedProduct> int8_packed_products(GroundedModel model) {
  std::vector<Int8PackedProduct> products;
  for (const auto& item : model->named_modules()) {
    const auto* layer = item.value()->as<Linear>();
    const auto* backend =
        layer == nullptr ? nullptr : dynamic_cast<const Int8Backend*>(layer->backend());
    if (backend == nullptr) continue;
    for (const Int8Part& part : backend->parts()) {
      Int8PackedProduct product{.name = item.key(), .is_dynamic = part.is_dynamic};
      if (part.count != layer->weight.size(0))
        product.name += fmt::format("[{}:{}]", part.first, part.first + part.count);
      if (!part.is_dynamic) {
        product.step = part.input.step;
        product.middle = part.input.middle;
        // factor * q + offset with r = (q - 128) * kOutputStep
        product.spread = part.factor / kOutputStep;
        product.centre = part.offset + kByteZero * part.factor;
      }
      product.packed = part.product->packed();
      products.push_back(std::move(product));
    }
  }
  return products;
}

c10::IValue pack_int8_rows(const torch::Tensor& weight) {
  return Int8Product(weight, torch::zeros({weight.size(0)}), /*is_per_channel=*/true).packed();
}

int int8_weight_bits_here() { return int8_weight_bits(int8_largest_weight()); }

void use_int8_engine() { at::globalContext().setQEngine(int8_engine()); }

}  // namespace radgen

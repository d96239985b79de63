// The weights of a network as attributes of a TorchScript module, each kept as its precision says,
// and the expressions that read them.
//
//   ScriptWeights weights(network, {.precision = "bf16"}, module);
//   weights.linear("encoder.layers.0.mlp.up", "x")   // "torch.linear(x.to(15), self.e..., ...)"
//
// An expression's result is fp32, whatever the weights are. A weight is registered when it is first
// named, so that what nobody reads does not travel.
#pragma once

#include <torch/script.h>

#include <map>
#include <string>
#include <utility>

#include "radgen/deployment/torchscript.h"
#include "radgen/model/grounded_model.h"
#include "radgen/model/int8_packed.h"

namespace radgen {

class ScriptWeights {
 public:
  // For "int8" and "int8-dynamic" the network is quantised already (int8.h), and its products are
  // taken over.
  ScriptWeights(GroundedModel network, std::string precision, torch::jit::Module& module);

  bool has(const std::string& name) const { return tensors_.contains(name); }
  const torch::Tensor& tensor(const std::string& name) const { return tensors_.at(name); }

  std::string value(const std::string& name);  // fp32
  // x W^T + b of the layer `name`, or of its outputs first..first+count.
  std::string linear(const std::string& name, const std::string& x);
  std::string linear_part(const std::string& name, const std::string& x, int64_t first,
                          int64_t count);
  // x E^T of a table of embeddings, without a bias.
  std::string product(const std::string& name, const std::string& x);
  std::string embedding(const std::string& name, const std::string& ids);
  // A convolution that has a bias or not.
  std::string convolution(const std::string& name, const std::string& x, int64_t stride,
                          int64_t padding);
  std::string layer_norm(const std::string& name, const std::string& x, double eps);
  std::string batch_norm(const std::string& name, const std::string& x);

 private:
  enum class Kept { kFloat, kHalf, kBFloat16, kByteRows };
  std::string attribute(const std::string& name);  // "self.encoder__layers__0__mlp__up__weight"
  std::string keep(const std::string& name, const torch::Tensor& tensor);  // registers as it is
  std::string keep_packed(const std::string& name, const c10::IValue& packed);
  Kept kept(const std::string& name) const;
  // 8-bit rows (all but the first dimension) and their steps.
  std::pair<std::string, std::string> keep_byte_rows(const std::string& name);
  std::string rows_product(const std::string& name, const torch::Tensor& weight,
                           const std::string& x);
  std::string static_product(const Int8PackedProduct& product, const std::string& x);
  bool is_int8() const { return precision_ == "int8" || precision_ == "int8-dynamic"; }

  std::string precision_;
  torch::jit::Module& module_;
  std::map<std::string, torch::Tensor> tensors_;
  std::map<std::string, Int8PackedProduct> products_;
  std::map<std::string, std::string> registered_;
};

}  // namespace radgen

#include "radgen/deployment/torchscript.h"

#include <fmt/format.h>
#include <torch/csrc/jit/frontend/resolver.h>
#include <torch/csrc/jit/frontend/sugared_value.h>
#include <torch/script.h>

#include "radgen/core/error.h"
#include "radgen/model/int8.h"
#include "radgen/report/tokenizer.h"
#include "script_source.h"

namespace radgen {
namespace {

// `torch.`, `quantized.` and `prim.` of the text are LibTorch's operators.
struct OperatorResolver : torch::jit::Resolver {
  std::shared_ptr<torch::jit::SugaredValue> resolveValue(const std::string& name,
                                                         torch::jit::GraphFunction&,
                                                         const torch::jit::SourceRange&) override {
    if (name == "torch") return std::make_shared<torch::jit::BuiltinModule>("aten");
    if (name == "quantized" || name == "prim")
      return std::make_shared<torch::jit::BuiltinModule>(name);
    return nullptr;
  }
  c10::TypePtr resolveType(const std::string&, const torch::jit::SourceRange&) override {
    return nullptr;
  }
};

// As Predictor: a draft describes what is seen before it sums up.
std::vector<int64_t> first_words_forbidden(const LoadedModel& model) {
  std::vector<int64_t> ids;
  for (const Token& token : model.tokenizer->encode("\n")) ids.push_back(token.id);
  return ids;
}

std::string source_of(const LoadedModel& model, bool is_size_free, ScriptWeights& weights) {
  const ModelConfig& network = model.config.network;
  return encoder_source(network, is_size_free, weights) + decoder_source(network, weights) +
         generate_source(network, model.config.decoding, first_words_forbidden(model));
}

// The network is in its own precision again when this ends.
class QuantisedNetwork {
 public:
  QuantisedNetwork(GroundedModel network, const TorchScriptOptions& options)
      : network_(std::move(network)) {
    Int8Options how;
    how.is_dynamic = options.precision == "int8-dynamic";
    if (how.is_dynamic) how.layer_error_limit = how.output_error_limit = 0;
    report = quantise(network_, how, options.int8_images);
  }
  ~QuantisedNetwork() { restore_fp32(network_); }
  QuantisedNetwork(const QuantisedNetwork&) = delete;
  QuantisedNetwork& operator=(const QuantisedNetwork&) = delete;
  Int8Report report;

 private:
  GroundedModel network_;
};

}  // namespace

std::string torchscript_source(const LoadedModel& model, const TorchScriptOptions& options) {
  torch::jit::Module module("RadGen");
  ScriptWeights weights(model.network, options.precision, module);
  return source_of(model, options.is_size_free, weights);
}

TorchScriptFile save_torchscript(const LoadedModel& model, const TorchScriptOptions& options,
                                 const std::filesystem::path& path) {
  const bool is_int8 = is_int8_precision(options.precision);
  if (!is_int8 && options.precision != "fp32" && options.precision != "bf16")
    throw Error(ErrorCode::kConfig, fmt::format("the precision is '{}'", options.precision),
                "fp32, bf16, int8 or int8-dynamic");
  const torch::NoGradGuard no_grad;
  TorchScriptFile file;
  std::optional<QuantisedNetwork> quantised;
  if (is_int8) {
    quantised.emplace(model.network, options);
    use_int8_engine();
    file.int8 = int8_report_to_json(quantised->report);
    file.weight_bits = quantised->report.weight_bits;
  }
  torch::jit::Module module("RadGen");
  ScriptWeights weights(model.network, options.precision, module);
  module.define(source_of(model, options.is_size_free, weights),
                std::make_shared<OperatorResolver>());
  module.eval();
  module.save(path.string());
  return file;
}

}  // namespace radgen

#include "script_module.h"

#include <fmt/format.h>
#include <torch/csrc/jit/frontend/resolver.h>
#include <torch/csrc/jit/frontend/sugared_value.h>

#include "radgen/core/error.h"
#include "radgen/model/int8_packed.h"
#include "radgen/report/tokenizer.h"

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

}  // namespace

std::vector<int64_t> first_words_forbidden(const LoadedModel& model) {
  std::vector<int64_t> ids;
  for (const Token& token : model.tokenizer->encode("\n")) ids.push_back(token.id);
  return ids;
}

PreparedNetwork::PreparedNetwork(GroundedModel network, const TorchScriptOptions& options)
    : network_(std::move(network)), is_int8_(is_int8_precision(options.precision)) {
  if (!is_int8_ && options.precision != "fp32" && options.precision != "bf16")
    throw Error(ErrorCode::kConfig, fmt::format("the precision is '{}'", options.precision),
                "fp32, bf16, int8 or int8-dynamic");
  if (!is_int8_) return;
  Int8Options how;
  how.is_dynamic = options.precision == "int8-dynamic";
  if (how.is_dynamic) how.layer_error_limit = how.output_error_limit = 0;
  const Int8Report report = quantise(network_, how, options.int8_images);
  use_int8_engine();
  file_.int8 = int8_report_to_json(report);
  file_.weight_bits = report.weight_bits;
}

PreparedNetwork::~PreparedNetwork() {
  if (is_int8_) restore_fp32(network_);
}

void save_script(torch::jit::Module& module, const std::string& source,
                 const std::filesystem::path& path) {
  module.define(source, std::make_shared<OperatorResolver>());
  module.eval();
  module.save(path.string());
}

}  // namespace radgen

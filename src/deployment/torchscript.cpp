#include "radgen/deployment/torchscript.h"

#include "script_module.h"
#include "script_source.h"

namespace radgen {
namespace {

std::string source_of(const LoadedModel& model, bool is_size_free, ScriptWeights& weights) {
  const ModelConfig& network = model.config.network;
  return encoder_source(network, is_size_free, weights) + rows_source() +
         image_cache_source(network, weights) + decoder_source(network, weights) +
         generate_source(network, model.config.decoding, first_words_forbidden(model));
}

}  // namespace

TorchScriptFile save_torchscript(const LoadedModel& model, const TorchScriptOptions& options,
                                 const std::filesystem::path& path) {
  const torch::NoGradGuard no_grad;
  const PreparedNetwork prepared(model.network, options);
  torch::jit::Module module("RadGen");
  ScriptWeights weights(model.network, options.precision, module);
  save_script(module, source_of(model, options.is_size_free, weights), path);
  return prepared.file();
}

}  // namespace radgen

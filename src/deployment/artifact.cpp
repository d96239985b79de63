#include "radgen/deployment/artifact.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/inference/torchscript_runtime.h"
#include "radgen/model/decoding.h"
#include "radgen/model/int8.h"
#include "radgen/model/int8_packed.h"

namespace radgen {
namespace {

using torch::Tensor;

// fp32 differs between CPUs by rounding alone; 8-bit and bf16 steps may fall on the other side of a
// half there, and what follows with them.
double golden_tolerance(const std::string& precision) { return precision == "fp32" ? 1e-3 : 0.1; }

// The picture of torchscript.h's golden_image(), from the same formula.
Tensor golden_image(const EncoderConfig& config) {
  const Tensor down = torch::arange(0, config.image_height_px, torch::kFloat) /
                      static_cast<double>(config.image_height_px);
  const Tensor across = torch::arange(0, config.image_width_px, torch::kFloat) /
                        static_cast<double>(config.image_width_px);
  const Tensor waves =
      torch::sin(down * 40.0).unsqueeze(1) * torch::cos(across * 23.0).unsqueeze(0);
  const Tensor shade = (down * 5.0).cos().unsqueeze(1) + (across * 9.0).sin().unsqueeze(0);
  return (waves + 0.5 * shade)
      .expand({1, config.channels, config.image_height_px, config.image_width_px})
      .contiguous();
}

DecodedText golden_text(const LoadedModel& model, const Runtime& runtime, int64_t words) {
  DecodingConfig decoding = model.config.decoding;
  decoding.beam_size = 1;
  decoding.num_samples = 1;
  decoding.max_tokens = std::min(words, decoding.max_tokens);
  SearchOptions options;
  for (const Token& token : model.tokenizer->encode("\n")) options.not_first.push_back(token.id);
  const EncodedImage encoded = runtime.encode(golden_image(model.config.network.encoder));
  return generate(runtime, encoded, {}, decoding, options).front();
}

}  // namespace

fs::path network_file(const ArtifactManifest& manifest) {
  if (manifest.format == "torchscript") return "model.pt";
  // It holds the methods that a search needs, beside its own.
  if (manifest.format == "triton") return fs::path("models") / "radgen_generate" / "1" / "model.pt";
  return {};
}

OpenedModel open_model(const fs::path& folder) {
  OpenedModel opened;
  opened.folder = folder;
  if (!is_artifact(folder)) {
    opened.model = load_model_folder(folder);
    return opened;
  }
  opened.manifest = read_artifact_manifest(folder);
  opened.model = read_artifact_parts(folder, *opened.manifest);
  return opened;
}

Predictor make_predictor(OpenedModel opened, const PredictorOptions& options) {
  if (!opened.is_artifact()) return make_predictor(std::move(opened.model), options);
  const ArtifactManifest& manifest = *opened.manifest;
  const fs::path file = network_file(manifest);
  if (file.empty())
    throw Error(ErrorCode::kUsage,
                fmt::format("artifact {}: of format {}, which does not run in this program",
                            opened.folder.string(), manifest.format),
                "give a torchscript artifact or the model folder");
  if (options.precision != "fp32" && options.precision != manifest.precision)
    throw Error(ErrorCode::kUsage,
                fmt::format("artifact {}: its precision is {}, asked for {}",
                            opened.folder.string(), manifest.precision, options.precision),
                "leave --precision out: an artifact has one precision");
  if (!options.device.is_cpu())
    throw Error(ErrorCode::kUsage, "a TorchScript artifact runs on the CPU here",
                "give --device cpu, or the model folder for a GPU");
  if (is_int8_precision(manifest.precision) && manifest.runtime.is_object() &&
      manifest.runtime.value("weight_bits", 8) > int8_weight_bits_here())
    log::warning(
        "the artifact's INT8 weights have 8 bits, and this CPU's products saturate with "
        "them (no VNNI): export it again on a CPU without VNNI");
  auto runtime = load_torchscript_runtime(opened.folder / file, opened.model.config.network);
  return {std::move(opened.model), std::move(runtime), options.batch_size};
}

nlohmann::ordered_json golden_of(const LoadedModel& model, const Runtime& runtime, int64_t words) {
  const DecodedText text = golden_text(model, runtime, words);
  nlohmann::ordered_json peaks = nlohmann::ordered_json::array();
  const Tensor at = text.attention.argmax(1);
  for (int64_t t = 0; t < at.size(0); ++t) peaks.push_back(at[t].item<int64_t>());
  return {{"input", "golden_image() of model.pt; deployment/torchscript.h has the formula"},
          {"max_tokens", words},
          {"ids", text.ids},
          {"is_complete", text.is_complete},
          {"log_probs", text.log_probs},
          {"attention_peaks", std::move(peaks)},
          {"attention_sum", text.attention.sum().item<double>()}};
}

std::string check_golden(const OpenedModel& opened, const Runtime& runtime) {
  const nlohmann::ordered_json& golden = opened.manifest->golden;
  if (golden.is_null()) return "";
  const DecodedText text =
      golden_text(opened.model, runtime, golden.at("max_tokens").get<int64_t>());
  const auto ids = golden.at("ids").get<std::vector<int64_t>>();
  const auto log_probs = golden.at("log_probs").get<std::vector<double>>();
  const double tolerance = golden_tolerance(opened.manifest->precision);
  for (size_t i = 0; i < std::min(ids.size(), text.ids.size()); ++i) {
    if (ids[i] != text.ids[i])
      return fmt::format("word {} is token {}, expected {}", i + 1, text.ids[i], ids[i]);
    if (std::abs(log_probs[i] - text.log_probs[i]) > tolerance)
      return fmt::format("log P of word {} is {:.5f}, expected {:.5f} within {}", i + 1,
                         text.log_probs[i], log_probs[i], tolerance);
  }
  if (ids.size() != text.ids.size())
    return fmt::format("{} words, expected {}", text.ids.size(), ids.size());
  const double sum = text.attention.sum().item<double>(),
               expected = golden.at("attention_sum").get<double>();
  if (std::abs(sum - expected) > tolerance * std::max(1.0, static_cast<double>(ids.size())))
    return fmt::format("the maps sum to {:.5f}, expected {:.5f}", sum, expected);
  return "";
}

}  // namespace radgen

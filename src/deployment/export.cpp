#include "radgen/deployment/export.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/deployment/artifact.h"
#include "radgen/deployment/torchscript.h"
#include "radgen/deployment/triton.h"
#include "radgen/imaging/letterbox.h"
#include "radgen/inference/torchscript_runtime.h"
#include "radgen/model/int8.h"
#include "radgen/model/int8_packed.h"

namespace radgen {
namespace {

constexpr int64_t kGoldenWords = 24;

// What somebody who loads the file without this project has to know.
nlohmann::ordered_json how_to_run(const LoadedModel& model, const ExportOptions& options,
                                  const TorchScriptFile& file) {
  const ModelConfig& network = model.config.network;
  nlohmann::ordered_json json{
      {"file", "model.pt"},
      {"needs", "LibTorch or Python's torch, 1.13 or later, on a CPU"},
      {"input",
       {{"channels", network.encoder.channels},
        {"height_px", network.encoder.image_height_px},
        {"width_px", network.encoder.image_width_px},
        {"other_sizes", options.is_size_free},
        {"multiple_of_px", network.encoder.patch_px},
        {"preparation", "config.json, model_input: letterbox, (grey in 0..1 - mean) / sd"}}},
      {"methods",
       {"encode(image) -> patches, cls, memory, finding_logits", "image_cache(memory)",
        "text_cache(rows)",
        "decode_step(ids, positions, attend, text_cache, image_cache) -> logits, attention, "
        "null_attention, text_cache",
        "generate(image, prompt, max_tokens) -> ids, log_probs, attention, null_attention",
        "golden_image()"}},
      {"special_ids", {{"pad", network.pad_id}, {"bos", network.bos_id}, {"eos", network.eos_id}}},
      {"generate", "greedy, with config.json's min_tokens, no_repeat_ngram and first words"},
      {"whole_product",
       "report-radgen and eval-radgen --model FOLDER: config.json's decoding (samples, their "
       "ranking, sentences that contradict written again) and calibration.json"}};
  if (!is_int8_precision(options.precision)) return json;
  json["engine"] =
      "set before loading, or products run on QNNPACK at a seventh of the speed: Python "
      "torch.backends.quantized.engine = 'onednn' (or 'x86', 'fbgemm'); C++ "
      "at::globalContext().setQEngine(at::QEngine::ONEDNN)";
  json["devices"] =
      "CPUs alone: LibTorch has no INT8 products on CUDA; GPUs take ONNX with Q/DQ and TensorRT";
  json["weight_bits"] = file.weight_bits;
  json["int8"] = file.int8;
  return json;
}

TorchScriptOptions script_options(const LoadedModel& model, const ExportOptions& options) {
  TorchScriptOptions script{.precision = options.precision, .is_size_free = options.is_size_free};
  for (const StudyInput& film : options.films)
    script.int8_images.push_back(network_input(film, model.config.model_input));
  if (options.precision == "int8" && script.int8_images.empty())
    throw Error(ErrorCode::kData, "static INT8 chooses its scales by pictures, and there are none",
                "give a prepared data set with pictures in its split train, or int8-dynamic");
  return script;
}

ArtifactManifest export_torchscript(const LoadedModel& model, const ExportOptions& options,
                                    const fs::path& folder) {
  const TorchScriptOptions script = script_options(model, options);
  const TorchScriptFile file = save_torchscript(model, script, folder / "model.pt");
  ArtifactManifest manifest;
  manifest.runtime = how_to_run(model, options, file);
  // From the file as it was written, as every loader will have it.
  manifest.golden = golden_of(
      model, *load_torchscript_runtime(folder / "model.pt", model.config.network), kGoldenWords);
  return manifest;
}

ArtifactManifest export_triton(const LoadedModel& model, const ExportOptions& options,
                               const fs::path& folder) {
  const TorchScriptFile file =
      write_triton_repository(model, script_options(model, options), folder);
  ArtifactManifest manifest{.format = "triton"};
  manifest.runtime = how_to_run(model, options, file);
  manifest.runtime["file"] = network_file(manifest).generic_string();
  manifest.runtime["server"] = "tritonserver --model-repository=models; never tried on a server";
  manifest.golden = golden_of(
      model, *load_torchscript_runtime(folder / network_file(manifest), model.config.network),
      kGoldenWords);
  return manifest;
}

}  // namespace

std::vector<std::string> export_formats() { return {"torchscript", "triton"}; }

torch::Tensor network_input(const StudyInput& film, const ModelInputConfig& config) {
  const Letterbox letterbox = make_letterbox(film.image, config);
  const cv::Mat& input = letterbox.input;
  return torch::from_blob(input.data, {1, 1, input.rows, input.cols}, torch::kFloat32).clone();
}

ArtifactManifest export_network(const LoadedModel& model, const ExportOptions& options,
                                const fs::path& folder) {
  ArtifactManifest manifest;
  if (options.format == "torchscript") {
    manifest = export_torchscript(model, options, folder);
  } else if (options.format == "triton") {
    manifest = export_triton(model, options, folder);
  } else {
    throw Error(ErrorCode::kUsage, fmt::format("the format is '{}'", options.format),
                fmt::format("one of {}", fmt::join(export_formats(), ", ")));
  }
  manifest.format = options.format;
  manifest.precision = options.precision;
  write_artifact_parts(folder, model);
  return manifest;
}

}  // namespace radgen

// Models as the tools take them: a model folder, or an artifact that export-radgen wrote.
//
//   OpenedModel model = open_model("artifact");   // verified; not yet a network in memory
//   Predictor predictor = make_predictor(std::move(model), {.batch_size = 8});
//
// An artifact has its precision; asking it for another one is an error. Its INT8 scales are read,
// not found anew.
#pragma once

#include <filesystem>
#include <optional>

#include "radgen/deployment/artifact_manifest.h"
#include "radgen/inference/predictor.h"

namespace radgen {

struct OpenedModel {
  LoadedModel model;  // of an artifact without a network
  std::filesystem::path folder;
  std::optional<ArtifactManifest> manifest;  // of an artifact
  bool is_artifact() const { return manifest.has_value(); }
};

// The TorchScript file of an artifact that runs in this program; empty for other formats.
std::filesystem::path network_file(const ArtifactManifest& manifest);

// Throws Error{kData} as load_model_folder() and read_artifact_manifest() do.
OpenedModel open_model(const std::filesystem::path& folder);

// Of an artifact `precision` must be "fp32" (not said) or its own, and the device the CPU; throws
// Error{kUsage} otherwise, and for an artifact of a format that does not run here.
Predictor make_predictor(OpenedModel opened, const PredictorOptions& options);

// What the artifact gives for its golden picture against what its manifest says: an empty text, or
// what is different.
std::string check_golden(const OpenedModel& opened, const Runtime& runtime);

// What goes into ArtifactManifest::golden: the words for the golden picture (torchscript.h), by
// greedy decoding of at most `words`.
nlohmann::ordered_json golden_of(const LoadedModel& model, const Runtime& runtime, int64_t words);

}  // namespace radgen

// A trained model as one folder that starts without this project.
//
//   AtomicDirectory folder(output);
//   const ArtifactManifest manifest = export_network(model, {.precision = "bf16"}, folder.path());
//   write_artifact_manifest(folder.path(), manifest, model);   // deployment/artifact_manifest.h
//   folder.commit();
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "radgen/deployment/artifact_manifest.h"
#include "radgen/inference/predictor.h"

namespace radgen {

struct ExportOptions {
  std::string format = "torchscript";
  std::string precision = "fp32";  // "bf16", "int8", "int8-dynamic"
  bool is_size_free = true;        // pictures of other sizes than the model's own
  std::vector<StudyInput> films;   // of "int8": by whose pictures the scales are chosen
};

// Formats that export_network() knows, for --format.
std::vector<std::string> export_formats();

// Writes everything but manifest.json into `folder`, which is there and empty, and returns what the
// manifest says of it. Throws Error{kUsage} for another format or precision, Error{kData} for
// static INT8 without films.
ArtifactManifest export_network(const LoadedModel& model, const ExportOptions& options,
                                const std::filesystem::path& folder);

// A film as the network's input, [1,1,H,W].
torch::Tensor network_input(const StudyInput& film, const ModelInputConfig& config);

}  // namespace radgen

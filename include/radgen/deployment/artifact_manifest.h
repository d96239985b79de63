// What every artifact holds beside its network, whatever its format: a folder that starts without
// this project, and a manifest that says what is in it.
//
//   manifest.json      format, precision, sha256 of every file, model card, golden, parity (below)
//   config.json        network, preparation of the pictures, decoding
//   calibration.json   thresholds of regions and scores
//   tokenizer.model    sentencepiece; pieces.json: the text that each token id stands for
//   (and what the format needs: model.pt, encoder.onnx, ...)
//
//   AtomicDirectory folder(output);
//   ... write the network into folder.path() ...
//   write_artifact_parts(folder.path(), model);
//   write_artifact_manifest(folder.path(), {.format = "onnx", .precision = "int8", ...}, model);
//   folder.commit();
//
//   const ArtifactManifest manifest = read_artifact_manifest(folder);   // everything verified
//   LoadedModel model = read_artifact_parts(folder, manifest);          // without a network
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "radgen/inference/model_folder.h"

namespace radgen {

// Raised when a reader of the old one would go wrong.
inline constexpr int kArtifactFormatVersion = 1;

struct ArtifactManifest {
  int format_version = kArtifactFormatVersion;
  std::string format;     // "torchscript", "onnx", "triton"
  std::string precision;  // "fp32", "bf16", "int8", "int8-dynamic"
  // Of the model that was exported: version, sha256 and whether phantoms trained it.
  std::string model_version, model_sha256;
  bool is_phantom_trained = true;
  nlohmann::ordered_json model_card;
  // What a picture that anybody can compute gives, so that a loader can check itself; null: none.
  nlohmann::ordered_json golden;
  // How to run it: methods or files with their inputs and outputs, engines, the decoding it holds.
  nlohmann::ordered_json runtime;
  // The parity gate's figures and the table of the artifacts made with it; null: not measured.
  nlohmann::ordered_json parity, artifacts;
};

// Whether a folder is an artifact, and not a model folder.
bool is_artifact(const std::filesystem::path& folder);

// config.json, calibration.json, tokenizer.model, pieces.json.
void write_artifact_parts(const std::filesystem::path& folder, const LoadedModel& model);

// Last of all files: it hashes every other one in the folder, those in its folders too. Model card,
// version and hash are taken from `model`.
void write_artifact_manifest(const std::filesystem::path& folder, ArtifactManifest manifest,
                             const LoadedModel& model);

// Throws Error{kData}: no artifact, of a newer format, a file missing or altered, another
// tokenizer.
ArtifactManifest read_artifact_manifest(const std::filesystem::path& folder);

// The model that was exported, without its network. Throws Error{kData}.
LoadedModel read_artifact_parts(const std::filesystem::path& folder,
                                const ArtifactManifest& manifest);

}  // namespace radgen

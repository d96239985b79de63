#include "radgen/deployment/artifact_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/tool.h"

namespace radgen {
namespace {

constexpr const char* kManifest = "manifest.json";
constexpr const char* kTokenizer = "tokenizer.model";

Error broken_artifact(const fs::path& folder, const std::string& what, std::string hint = "") {
  if (hint.empty()) hint = "copy the whole folder again, or export the model again";
  return Error(ErrorCode::kData, "artifact " + folder.string() + ": " + what, std::move(hint));
}

// Relative paths with '/', sorted.
std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      names.push_back(fs::relative(entry.path(), folder).generic_string());
  std::erase(names, kManifest);
  std::sort(names.begin(), names.end());
  return names;
}

// Of everything but the hash itself; keys sorted, so that it depends on no order.
std::string hash_of_manifest(nlohmann::json manifest) {
  manifest.erase("sha256");
  return sha256_hex(manifest.dump());
}

// The bytes that each id adds behind a word: what decoders that have no sentencepiece put together.
nlohmann::ordered_json pieces_of(const Tokenizer& tokenizer) {
  const std::vector<Token> word = tokenizer.encode("normal");
  nlohmann::ordered_json pieces = nlohmann::ordered_json::array();
  for (int64_t id = 0; id < tokenizer.vocabulary_size(); ++id) {
    std::vector<int64_t> ids;
    for (const Token& token : word) ids.push_back(token.id);
    const std::string before = tokenizer.decode(ids);
    ids.push_back(id);
    const std::string text = tokenizer.decode(ids);
    pieces.push_back(text.starts_with(before) ? text.substr(before.size()) : std::string());
  }
  return pieces;
}

nlohmann::json read_checked_json(const fs::path& folder, const char* name) {
  try {
    return read_json(folder / name);
  } catch (const Error& error) {
    throw broken_artifact(folder, fmt::format("{} cannot be read: {}", name, error.what()));
  }
}

void check_files(const fs::path& folder, const nlohmann::json& manifest) {
  const auto files = manifest.find("files");
  if (files == manifest.end() || !files->is_object() || files->empty())
    throw broken_artifact(folder, "manifest.json lists no files");
  for (const auto& [name, hash] : files->items()) {
    const fs::path path = folder / name;
    if (!hash.is_string() || fs::path(name).is_absolute() || name.find("..") != std::string::npos)
      throw broken_artifact(folder, "manifest.json lists a file outside of the folder");
    if (!fs::is_regular_file(path)) throw broken_artifact(folder, name + " is missing");
    if (sha256_file(path) == hash.get<std::string>()) continue;
    if (name == kTokenizer)
      throw broken_artifact(folder,
                            "tokenizer.model is not the tokenizer that the model was exported with",
                            "token ids of another tokenizer mean other words: put back the one of "
                            "the model folder, or export the model again");
    throw broken_artifact(folder,
                          name + " was altered: its sha256 is not the one in manifest.json");
  }
}

}  // namespace

bool is_artifact(const fs::path& folder) { return fs::is_regular_file(folder / kManifest); }

void write_artifact_parts(const fs::path& folder, const LoadedModel& model) {
  write_json_atomic(folder / "config.json", dump_config(model.config));
  save_calibration(folder, model.calibration);
  write_file_atomic(folder / kTokenizer, model.tokenizer->model_bytes());
  write_file_atomic(
      folder / "pieces.json",
      pieces_of(*model.tokenizer)
              .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
          "\n");
}

void write_artifact_manifest(const fs::path& folder, ArtifactManifest manifest,
                             const LoadedModel& model) {
  nlohmann::ordered_json json{{"format_version", manifest.format_version},
                              {"format", manifest.format},
                              {"precision", manifest.precision},
                              {"notice", "Research software, not for clinical use."},
                              {"written_by", "radgen " + version_text()},
                              {"model",
                               {{"version", model.version},
                                {"sha256", model.sha256},
                                {"trained_on_phantoms", model.is_phantom_trained}}},
                              {"runtime", std::move(manifest.runtime)},
                              {"golden", std::move(manifest.golden)},
                              {"parity", std::move(manifest.parity)},
                              {"artifacts", std::move(manifest.artifacts)},
                              {"model_card", model.card}};
  for (const std::string& name : files_below(folder))
    json["files"][name] = sha256_file(folder / name);
  json["sha256"] = hash_of_manifest(json);
  write_json_atomic(folder / kManifest, json);
}

ArtifactManifest read_artifact_manifest(const fs::path& folder) {
  if (!fs::is_directory(folder))
    throw Error(ErrorCode::kData, "artifact not found: " + folder.string(),
                "give the folder that export-radgen wrote");
  if (!is_artifact(folder)) throw broken_artifact(folder, "manifest.json is missing");
  const nlohmann::json json = read_checked_json(folder, kManifest);
  if (!json.is_object() || !json.contains("format_version") ||
      !json["format_version"].is_number_integer())
    throw broken_artifact(folder, "manifest.json says no format_version");
  const auto version = json["format_version"].get<int64_t>();
  if (version > kArtifactFormatVersion)
    throw broken_artifact(folder,
                          fmt::format("it is of format {}, this program reads up to {}", version,
                                      kArtifactFormatVersion),
                          "use the version of RadGen that wrote it, or a newer one");
  if (json.value("sha256", std::string()) != hash_of_manifest(json))
    throw broken_artifact(folder, "manifest.json was altered: its own sha256 does not hold");
  check_files(folder, json);
  ArtifactManifest manifest;
  try {
    manifest.format_version = static_cast<int>(version);
    manifest.format = json.at("format");
    manifest.precision = json.at("precision");
    manifest.model_version = json.at("model").at("version");
    manifest.model_sha256 = json.at("model").at("sha256");
    manifest.is_phantom_trained = json.at("model").at("trained_on_phantoms");
    manifest.model_card = json.at("model_card");
    manifest.golden = json.at("golden");
    manifest.runtime = json.at("runtime");
    manifest.parity = json.at("parity");
    manifest.artifacts = json.at("artifacts");
  } catch (const nlohmann::json::exception& error) {
    throw broken_artifact(folder, fmt::format("manifest.json: {}", error.what()));
  }
  return manifest;
}

LoadedModel read_artifact_parts(const fs::path& folder, const ArtifactManifest& manifest) {
  LoadedModel model;
  load_config_json(model.config, read_checked_json(folder, "config.json"),
                   (folder / "config.json").string());
  check(model.config.network);
  model.tokenizer = std::make_shared<const Tokenizer>(folder / kTokenizer);
  const int64_t pieces = model.tokenizer->vocabulary_size(),
                words = model.config.network.decoder.vocabulary_size;
  if (pieces != words)
    throw broken_artifact(
        folder, fmt::format("the tokenizer has {} pieces, the network {}", pieces, words));
  const nlohmann::json calibration = read_checked_json(folder, "calibration.json");
  load_config_json(model.calibration, calibration.value("values", nlohmann::json::object()),
                   (folder / "calibration.json").string());
  model.card = manifest.model_card;
  model.version = manifest.model_version;
  model.sha256 = manifest.model_sha256;
  model.is_phantom_trained = manifest.is_phantom_trained;
  model.has_random_weights = model.card.is_object() && model.card.value("random_weights", false);
  if (model.has_random_weights)
    log::warning("{} has random weights, nobody trained it: its words mean nothing at all",
                 folder.string());
  return model;
}

}  // namespace radgen

#include "radgen/inference/model_folder.h"

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/tool.h"
#include "radgen/model/weights.h"

namespace radgen {

namespace {

constexpr int kFormat = 1;
constexpr const char* kHashedFiles[] = {"config.json", "model.safetensors", "tokenizer.model"};

// One hash over the three files that make the model: calibration and card may be written anew
// without changing it.
std::string model_hash(const nlohmann::json& file_hashes) {
  std::string all;
  for (const char* name : kHashedFiles) all += file_hashes.at(name).get<std::string>();
  return sha256_hex(all);
}

Error broken(const fs::path& folder, const std::string& what) {
  return Error(
      ErrorCode::kData, "model folder " + folder.string() + ": " + what,
      "copy the whole folder again from where it was trained, or train anew with train-radgen");
}

nlohmann::json read_part(const fs::path& folder, const char* name) {
  if (!fs::exists(folder / name)) throw broken(folder, std::string(name) + " is missing");
  try {
    return read_json(folder / name);
  } catch (const Error& error) {
    throw broken(folder, std::string(name) + " cannot be read: " + error.what());
  }
}

}  // namespace

LoadedModel load_model_folder(const fs::path& folder) {
  if (!fs::is_directory(folder))
    throw Error(ErrorCode::kData, "model folder not found: " + folder.string(),
                "give --model the 'model' folder of a training run");
  LoadedModel model;
  model.card = read_part(folder, "model_card.json");
  if (!model.card.contains("format") || model.card["format"] != kFormat ||
      !model.card.contains("files"))
    throw broken(folder, "model_card.json is not of format " + std::to_string(kFormat));
  for (const char* name : kHashedFiles) {
    if (!fs::exists(folder / name)) throw broken(folder, std::string(name) + " is missing");
    if (model.card["files"].value(name, std::string()) != sha256_file(folder / name))
      throw broken(
          folder, std::string(name) + " was altered: its sha256 is not the one in model_card.json");
  }
  const nlohmann::json config = read_part(folder, "config.json");
  if (!config.contains("model_input") || !config["model_input"].contains("preparation"))
    throw Error(ErrorCode::kData,
                "model folder " + folder.string() +
                    ": config.json does not say how the images were prepared "
                    "(model_input.preparation)",
                "it was written by an older version: train again, or write the preparation that "
                "its data set's prepare.json names into a copy of the folder");
  load_config_json(model.config, config, (folder / "config.json").string());
  check(model.config.network);
  model.tokenizer = std::make_shared<const Tokenizer>(folder / "tokenizer.model");
  if (model.tokenizer->vocabulary_size() != model.config.network.decoder.vocabulary_size)
    throw broken(folder, "the tokenizer has " + std::to_string(model.tokenizer->vocabulary_size()) +
                             " pieces, the network " +
                             std::to_string(model.config.network.decoder.vocabulary_size));
  model.network = GroundedModel(model.config.network);
  load_weights(*model.network, folder / "model.safetensors");
  model.network->eval();

  const nlohmann::json calibration = read_part(folder, "calibration.json");
  const std::string values = calibration.value("values", nlohmann::json::object()).dump();
  if (calibration.value("sha256", std::string()) != sha256_hex(values))
    throw broken(folder, "calibration.json was altered: its sha256 does not hold");
  load_config_json(model.calibration, calibration["values"],
                   (folder / "calibration.json").string());

  model.sha256 = model_hash(model.card["files"]);
  model.version = model.card.value("version", std::string("unknown"));
  model.is_phantom_trained = model.card.value("trained_on_phantoms", true);
  model.has_random_weights = model.card.value("random_weights", false);
  if (model.has_random_weights)
    log::warning("{} has random weights, nobody trained it: its words mean nothing at all",
                 folder.string());
  return model;
}

void save_calibration(const fs::path& folder, const Calibration& calibration) {
  // Through nlohmann::json, whose keys are sorted: the hash must not depend on the order of
  // declaration.
  const nlohmann::json values = dump_config(calibration);
  write_json_atomic(folder / "calibration.json",
                    {{"values", values}, {"sha256", sha256_hex(values.dump())}});
}

void save_model_folder(const fs::path& folder, const LoadedModel& model,
                       const nlohmann::ordered_json& card) {
  AtomicDirectory written(folder);
  write_json_atomic(written.path() / "config.json", dump_config(model.config));
  save_weights(*model.network, written.path() / "model.safetensors", {{"format", "radgen"}});
  write_file_atomic(written.path() / "tokenizer.model", model.tokenizer->model_bytes());
  save_calibration(written.path(), model.calibration);

  nlohmann::ordered_json full = {{"format", kFormat},
                                 {"notice", "Research software, not for clinical use."},
                                 {"written_by", "radgen " + version_text()}};
  full.update(card);
  for (const char* name : kHashedFiles) full["files"][name] = sha256_file(written.path() / name);
  full["sha256"] = model_hash(full["files"]);
  write_json_atomic(written.path() / "model_card.json", full);
  written.commit();
}

}  // namespace radgen

#include "radgen/inference/model_folder.h"

#include <fmt/format.h>

#include <cmath>

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
  nlohmann::json part;
  try {
    part = read_json(folder / name);
  } catch (const Error& error) {
    throw broken(folder, std::string(name) + " cannot be read: " + error.what());
  }
  if (!part.is_object()) throw broken(folder, std::string(name) + " holds no JSON object");
  return part;
}

// A value of one of the files, or the default where it has none.
template <class Value>
Value value_of(const nlohmann::json& part, const char* name, const Value& otherwise,
               const fs::path& folder) {
  try {
    return part.value(name, otherwise);
  } catch (const nlohmann::json::exception&) {  // of another type
    throw broken(folder, std::string("'") + name + "' is not what it should be");
  }
}

// Fewer weights than the network that `config` describes has: what a stranger's configuration asks
// for is not allocated before there are weights for it. In floating point, where nothing overflows.
double least_weights(const ModelConfig& config) {
  const EncoderConfig& encoder = config.encoder;
  const DecoderConfig& decoder = config.decoder;
  const auto real = [](int64_t value) { return static_cast<double>(value); };
  const double patches = std::floor(real(encoder.image_height_px) / real(encoder.patch_px)) *
                         std::floor(real(encoder.image_width_px) / real(encoder.patch_px));
  return real(encoder.layers) * 4 * std::pow(real(encoder.width), 2) +
         patches * real(encoder.width) +
         real(decoder.layers) * 8 * std::pow(real(decoder.width), 2) +
         real(decoder.vocabulary_size + decoder.max_tokens) * real(decoder.width);
}

void check_size(const fs::path& folder, const ModelConfig& config) {
  constexpr double kLeastBytes = 2;  // of a weight in half precision
  const double needed = kLeastBytes * least_weights(config);
  const auto there = static_cast<double>(fs::file_size(folder / "model.safetensors"));
  if (needed > there)
    throw broken(folder, fmt::format("config.json describes a network of at least {:.0f} bytes, "
                                     "model.safetensors has {:.0f}",
                                     needed, there));
}

}  // namespace

LoadedModel load_model_folder(const fs::path& folder) {
  if (!fs::is_directory(folder))
    throw Error(ErrorCode::kData, "model folder not found: " + folder.string(),
                "give --model the 'model' folder of a training run");
  LoadedModel model;
  model.card = read_part(folder, "model_card.json");
  if (!model.card.contains("format") || model.card["format"] != kFormat ||
      !model.card.contains("files") || !model.card["files"].is_object())
    throw broken(folder, "model_card.json is not of format " + std::to_string(kFormat));
  for (const char* name : kHashedFiles) {
    if (!fs::exists(folder / name)) throw broken(folder, std::string(name) + " is missing");
    if (value_of(model.card["files"], name, std::string(), folder) != sha256_file(folder / name))
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
  check_size(folder, model.config.network);
  model.network = GroundedModel(model.config.network);
  load_weights(*model.network, folder / "model.safetensors");
  model.network->eval();

  const nlohmann::json calibration = read_part(folder, "calibration.json");
  const auto values = value_of(calibration, "values", nlohmann::json::object(), folder);
  if (!values.is_object()) throw broken(folder, "calibration.json: 'values' is no JSON object");
  if (value_of(calibration, "sha256", std::string(), folder) != sha256_hex(values.dump()))
    throw broken(folder, "calibration.json was altered: its sha256 does not hold");
  load_config_json(model.calibration, values, (folder / "calibration.json").string());

  model.sha256 = model_hash(model.card["files"]);
  model.version = value_of(model.card, "version", std::string("unknown"), folder);
  model.is_phantom_trained = value_of(model.card, "trained_on_phantoms", true, folder);
  model.has_random_weights = value_of(model.card, "random_weights", false, folder);
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

#include "radgen/training/checkpoint.h"

#include <algorithm>
#include <vector>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/model/weights.h"

namespace radgen {

namespace {

constexpr int kFormat = 1;
constexpr const char* kWeights = "model.safetensors";
constexpr const char* kOptimizer = "optimizer.safetensors";
constexpr const char* kState = "state.json";

nlohmann::ordered_json state_to_json(const TrainState& state) {
  return {
      {"step", state.step},
      {"epoch", state.epoch},
      {"batch_in_epoch", state.batch_in_epoch},
      {"studies_seen", state.studies_seen},
      {"seconds", state.seconds},
      {"best", state.best ? nlohmann::ordered_json(*state.best) : nlohmann::ordered_json(nullptr)},
      {"best_step", state.best_step},
      {"stalled", state.stalled},
      {"mean_loss", state.mean_loss},
      {"config_sha256", state.config_sha256},
      {"data_sha256", state.data_sha256}};
}

TrainState state_from_json(const nlohmann::json& json) {
  TrainState state;
  state.step = json.at("step");
  state.epoch = json.at("epoch");
  state.batch_in_epoch = json.at("batch_in_epoch");
  state.studies_seen = json.at("studies_seen");
  state.seconds = json.at("seconds");
  if (!json.at("best").is_null()) state.best = json.at("best").get<double>();
  state.best_step = json.at("best_step");
  state.stalled = json.at("stalled");
  state.mean_loss = json.at("mean_loss");
  state.config_sha256 = json.at("config_sha256");
  state.data_sha256 = json.at("data_sha256");
  return state;
}

void write_manifest(const fs::path& folder) {
  nlohmann::ordered_json files;
  for (const char* name : {kWeights, kOptimizer, kState})
    files[name] = {{"bytes", fs::file_size(folder / name)}, {"sha256", sha256_file(folder / name)}};
  write_json_atomic(folder / "manifest.json", {{"format", kFormat}, {"files", files}});
}

// Empty when the checkpoint is whole, else what is wrong with it.
std::string problem_of(const fs::path& folder) {
  if (!fs::exists(folder / "manifest.json")) return "manifest.json is missing";
  try {
    const nlohmann::json manifest = read_json(folder / "manifest.json");
    for (const auto& [name, entry] : manifest.at("files").items()) {
      if (!fs::exists(folder / name)) return name + " is missing";
      if (fs::file_size(folder / name) != entry.at("bytes"))
        return name + " has another size than manifest.json says";
      if (entry.at("sha256") != sha256_file(folder / name))
        return name + " was altered: its sha256 does not hold";
    }
  } catch (const std::exception& error) {
    return std::string("manifest.json cannot be used: ") + error.what();
  }
  return "";
}

std::string step_name(int64_t step) { return fmt::format("step-{:08d}", step); }

bool is_step_folder(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  return entry.is_directory() && !entry.is_symlink() && name.starts_with("step-") &&
         name.find_first_not_of("0123456789", 5) == std::string::npos;
}

std::vector<fs::path> step_folders(const fs::path& checkpoints) {
  std::vector<fs::path> folders;
  if (fs::is_directory(checkpoints))
    for (const auto& entry : fs::directory_iterator(checkpoints))
      if (is_step_folder(entry)) folders.push_back(entry.path());
  std::sort(folders.rbegin(), folders.rend());  // newest first: step numbers are padded
  return folders;
}

}  // namespace

void save_checkpoint(const fs::path& run, const TrainState& state, const GroundedModel& network,
                     const Optimizer& optimizer, bool is_best, int64_t keep_last) {
  const fs::path checkpoints = run / "checkpoints";
  const std::string name = step_name(state.step);
  {
    AtomicDirectory folder(checkpoints / name);
    save_weights(*network, folder.path() / kWeights);
    write_safetensors(folder.path() / kOptimizer, optimizer.state());
    write_json_atomic(folder.path() / kState, state_to_json(state));
    write_manifest(folder.path());
    folder.commit();
  }
  replace_symlink(checkpoints / "last", name);
  if (is_best) replace_symlink(checkpoints / "best", name);

  const fs::path best =
      fs::is_symlink(checkpoints / "best") ? fs::read_symlink(checkpoints / "best") : fs::path();
  int64_t kept = 0;
  for (const fs::path& folder : step_folders(checkpoints)) {
    if (folder.filename() == best) continue;
    if (++kept > std::max<int64_t>(1, keep_last)) fs::remove_all(folder);
  }
}

std::optional<fs::path> find_checkpoint(const fs::path& run) {
  const fs::path checkpoints = run / "checkpoints";
  if (!fs::is_directory(checkpoints)) return std::nullopt;
  for (const auto& entry : fs::directory_iterator(checkpoints))
    if (entry.path().filename().string().find(".tmp") != std::string::npos)
      fs::remove_all(entry.path());
  for (const fs::path& folder : step_folders(checkpoints)) {
    const std::string problem = problem_of(folder);
    if (problem.empty()) return folder;
    log::warning("checkpoint {} is passed over: {}", folder.filename().string(), problem);
  }
  return std::nullopt;
}

TrainState load_checkpoint(const fs::path& checkpoint, GroundedModel& network,
                           Optimizer& optimizer) {
  load_checkpoint_weights(checkpoint, network);
  optimizer.load_state(read_safetensors(checkpoint / kOptimizer));
  try {
    return state_from_json(read_json(checkpoint / kState));
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::kData, (checkpoint / kState).string() + ": " + error.what(),
                "resume from an older checkpoint");
  }
}

void load_checkpoint_weights(const fs::path& checkpoint, GroundedModel& network) {
  const std::string problem = problem_of(checkpoint);
  if (!problem.empty())
    throw Error(ErrorCode::kData, "checkpoint " + checkpoint.string() + ": " + problem,
                "resume from an older checkpoint");
  load_weights(*network, checkpoint / kWeights);
}

}  // namespace radgen

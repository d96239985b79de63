// The run folder: what was asked for, on which machine, and what happened.
//
//   RUN/config.resolved.json command.txt environment.json metrics.jsonl train.log curves.html
//     checkpoints/ model/
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace radgen {

class RunFolder {
 public:
  RunFolder() = default;  // none yet
  // Throws Error{kUsage} when the folder holds a run already and may not be overwritten.
  static void require_free(const std::filesystem::path& path, bool may_overwrite);
  // A new run: writes config, command and environment. Throws Error{kUsage} when the folder holds a
  // run already.
  static RunFolder create(const std::filesystem::path& path, const nlohmann::ordered_json& config,
                          const std::string& command, bool may_overwrite);
  // A run that is there, to be resumed. Throws Error{kData} when it holds none.
  static RunFolder open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  nlohmann::json config() const;  // config.resolved.json

  // One line of metrics.jsonl: {"step", "epoch", "split", "metrics": {...}}; non-finite values
  // become null and are listed under "nonfinite".
  void log_metrics(int64_t step, double epoch, const std::string& split,
                   const std::vector<std::pair<std::string, double>>& metrics);
  // Drops lines behind `step`, which a killed run wrote after its last checkpoint.
  void truncate_metrics(int64_t step);
  // Draws curves.html from metrics.jsonl.
  void draw_curves() const;

 private:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace radgen

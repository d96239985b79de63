#include "radgen/training/run_folder.h"

#include <torch/version.h>
#include <unistd.h>

#include <cmath>
#include <ctime>

#include "radgen/core/compute.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/tool.h"

namespace radgen {

namespace {

constexpr const char* kConfig = "config.resolved.json";
constexpr const char* kMetrics = "metrics.jsonl";

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

nlohmann::ordered_json environment() {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  const BlasInfo blas = blas_info();
  return {
      {"version", version_text()},
      {"libtorch", TORCH_VERSION},
      {"started", utc_now()},
      {"host", host},
      {"cpu", cpu_model()},
      {"cpu_features", cpu_features()},
      {"cores", available_cores()},
      {"blas", {{"library", blas.library}, {"kernel", blas.kernel}, {"threads", blas.threads}}}};
}

}  // namespace

void RunFolder::require_free(const fs::path& path, bool may_overwrite) {
  if (fs::exists(path / kConfig) && !may_overwrite)
    throw Error(
        ErrorCode::kUsage, path.string() + " already holds a run",
        "continue it with --resume, or start anew with --overwrite (the old one is moved aside)");
}

RunFolder RunFolder::create(const fs::path& path, const nlohmann::ordered_json& config,
                            const std::string& command, bool may_overwrite) {
  require_free(path, may_overwrite);
  claim_output_directory(path, may_overwrite);
  write_json_atomic(path / kConfig, config);
  write_file_atomic(path / "command.txt", command + "\n");
  write_json_atomic(path / "environment.json", environment());
  return RunFolder(path);
}

RunFolder RunFolder::open(const fs::path& path) {
  if (!fs::exists(path / kConfig))
    throw Error(ErrorCode::kData, path.string() + " holds no run: " + kConfig + " is not there",
                "start a new run without --resume");
  return RunFolder(path);
}

nlohmann::json RunFolder::config() const { return read_json(path_ / kConfig); }

void RunFolder::log_metrics(int64_t step, double epoch, const std::string& split,
                            const std::vector<std::pair<std::string, double>>& metrics) {
  nlohmann::ordered_json line = {
      {"time", utc_now()}, {"step", step}, {"epoch", epoch}, {"split", split}};
  nlohmann::ordered_json values = nlohmann::ordered_json::object(),
                         nonfinite = nlohmann::ordered_json::array();
  for (const auto& [name, value] : metrics) {
    if (std::isfinite(value)) {
      values[name] = value;
    } else {  // JSON has no NaN; hiding it would be worse
      values[name] = nullptr;
      nonfinite.push_back(name);
    }
  }
  line["metrics"] = values;
  if (!nonfinite.empty()) line["nonfinite"] = nonfinite;
  JsonlWriter writer(path_ / kMetrics, JsonlWriter::Mode::kAppend);
  writer.write(line);
}

void RunFolder::truncate_metrics(int64_t step) {
  if (!fs::exists(path_ / kMetrics)) return;
  std::string kept;
  std::string text = read_file(path_ / kMetrics);
  for (size_t begin = 0; begin < text.size();) {
    size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    // A killed run may have left half a line.
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_object() && json.value("step", int64_t{0}) <= step) kept += line + "\n";
  }
  write_file_atomic(path_ / kMetrics, kept);
}

}  // namespace radgen

// What a model or an artifact costs: measured in a process of its own, so that memory and the time
// to load are its own too.
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <map>

#include "export_inputs.h"
#include "radgen/core/error.h"
#include "radgen/deployment/artifact.h"

extern char** environ;

namespace radgen {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Runs this program again and returns what it says on stdout.
std::string run_again(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw Error(ErrorCode::kResource, "no pipe for a measurement");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  pid_t child = 0;
  const int failed =
      ::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(got));
  ::close(ends[0]);
  int status = 0;
  if (failed != 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
      WEXITSTATUS(status) != 0)
    throw Error(ErrorCode::kInternal, "the measurement of an artifact failed",
                "its message stands above");
  return text;
}

// getrusage() would tell the largest of the parent's, which a spawned process inherits.
double peak_mib() {
  constexpr double kKibInMib = 1024;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / kKibInMib;
  return 0;
}

int64_t size_of(const fs::path& folder) {
  int64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) bytes += static_cast<int64_t>(entry.file_size());
  return bytes;
}

}  // namespace

nlohmann::ordered_json measure_in_process(const fs::path& model, const ExportArguments& arguments,
                                          int threads) {
  const std::string text = run_again({"export-radgen", "--measure", "--model", model.string(),
                                      "--data", arguments.data.string(), "--threads",
                                      std::to_string(threads), "--log-level", "warning"});
  return nlohmann::ordered_json::parse(text);
}

int run_measure(const ExportArguments& arguments) {
  constexpr size_t kStudies = 8;
  constexpr double kMsInSecond = 1000;
  std::vector<StudyInput> films;
  for (auto& [film, reference] : validation_studies(arguments.data, kStudies))
    films.push_back(std::move(film));
  const Clock::time_point begin = Clock::now();
  const Predictor predictor = make_predictor(open_model(arguments.model), {.batch_size = 1});
  const double load_s = seconds_since(begin);
  const std::vector<Draft> first = predictor.draft({films.front()});
  const double first_s = seconds_since(begin);
  const Clock::time_point warm = Clock::now();
  std::map<std::string, double> stage_s;
  for (const Draft& draft : predictor.draft(films))
    for (const auto& [stage, ms] : draft.timing_ms)
      stage_s[stage] += ms / kMsInSecond / static_cast<double>(films.size());
  const double study_s = seconds_since(warm) / static_cast<double>(films.size());
  std::cout << nlohmann::ordered_json{{"size_bytes", size_of(arguments.model)},
                                      {"peak_mib", peak_mib()},
                                      {"load_s", load_s},
                                      {"first_draft_s", first_s},
                                      {"study_s", study_s},
                                      {"stage_s", stage_s}}
                   .dump()
            << "\n";
  return 0;
}

}  // namespace radgen

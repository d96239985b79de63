// What every command-line tool shares: common flags, help, error reporting and exit codes.
//
//   int main(int argc, char** argv) {
//     Tool tool("preprocess-radgen", "Turns a public chest X-ray set into a prepared dataset.");
//     PrepareConfig config;
//     fs::path input;
//     tool.flags().add_option("--input", input, "...")->required();
//     tool.uses_config(config);  // --config, --set, --dump-config, config keys in the help
//     return tool.run(argc, argv, [&] { return run(config, input, tool); });
//   }
//
// run() parses, re-executes with the right BLAS kernel, installs signals, calls the body, and turns
// Error, Interrupted, bad_alloc and anything else into a message on stderr and an exit code.
// CLI11's own codes become 2.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "radgen/core/config.h"

namespace radgen {

struct CommonFlags {
  std::filesystem::path output;  // --output
  int threads = 0;               // --threads; 0: all cores given
  int64_t seed = 0;              // --seed
  bool is_json = false;          // --json: the result as JSON on stdout
  bool is_dry_run = false;       // --dry-run: check everything, write nothing
  bool may_overwrite = false;    // --overwrite
  std::string device = "auto";   // --device auto|cpu|cuda:N (only where the tool asked for it)
};

class Tool {
 public:
  Tool(std::string name, std::string description, std::string examples = "");
  CLI::App& flags() { return app_; }
  CommonFlags common;
  void with_output(bool is_required);  // adds --output, --overwrite, --dry-run
  void with_device();                  // adds --device
  void with_seed(int64_t default_seed);
  // Flags that were added and that few people need: --help leaves them out, --help-all shows them.
  void rarely_needed(const std::vector<std::string>& names);

  template <class Struct>
  void uses_config(Struct& config) {
    with_config_flags();
    load_ = [this, &config] { load_config(config, config_files_, settings_); };
    dump_ = [&config] { return dump_config(config); };
    config_help_ = config_help<Struct>();
  }
  const std::vector<std::filesystem::path>& config_files() const { return config_files_; }
  const std::vector<std::string>& settings() const { return settings_; }

  int threads() const;  // --threads, or the cores that are really given

  // Returns the process exit code. `body` returns the exit code of a run that came to its end (0, 3
  // or 4).
  int run(int argc, char** argv, const std::function<int()>& body);

 private:
  void with_config_flags();
  bool parse(int argc, char** argv, int& exit_code);
  void report(const char* code, const std::string& message, const std::string& hint) const;
  CLI::App app_;
  std::string name_, examples_, log_level_ = "info", config_help_;
  std::vector<std::filesystem::path> config_files_;
  std::vector<std::string> settings_;
  bool dump_config_ = false, help_config_ = false;
  std::function<void()> load_;
  std::function<nlohmann::ordered_json()> dump_;
};

// "0.1.0 (git abc1234, LibTorch 1.13.1)"; LibTorch's version is that at configure time
std::string version_text();
std::string version();  // "0.1.0"

}  // namespace radgen

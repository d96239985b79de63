#include "radgen/core/tool.h"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <new>

#include "core/terminal.h"
#include "radgen/core/compute.h"
#include "radgen/core/error.h"
#include "radgen/core/log.h"
#include "radgen/core/signals.h"
#include "radgen/core/stop.h"

namespace radgen {
namespace {

constexpr const char* kRare = "Rarely needed";
constexpr int kMaxHelpKeys = 24;  // more config keys than this go to --help-config

constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 internal, 2 usage or config, 3 data, 4 a gate failed, 5 resources,\n"
    "            130/143 interrupted after saving.\n"
    "Research software, not for clinical use.";

bool asks_for_json(int argc, char** argv) {
  return std::any_of(argv, argv + argc, [](const char* a) { return std::string(a) == "--json"; });
}

}  // namespace

Tool::Tool(std::string name, std::string description, std::string examples)
    : app_(std::move(description)), name_(std::move(name)), examples_(std::move(examples)) {
  app_.name(name_);
  app_.option_defaults()->always_capture_default();
  app_.set_version_flag("--version", name_ + " " + version_text(), "Print the version and exit");
  app_.set_help_all_flag("--help-all", "Print this help with the flags that few people need");
  app_.get_formatter()->column_width(34);
  app_.add_option("--threads", common.threads, "CPU threads; 0: all cores that are given")
      ->check(CLI::Range(0, 4096))
      ->group("Common");
  app_.add_option("--log-level", log_level_, "What is logged on stderr")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}))
      ->group("Common");
  app_.add_flag("--json", common.is_json, "Print the result as JSON on stdout")->group("Common");
}

void Tool::with_output(bool is_required) {
  auto* option = app_.add_option("--output", common.output,
                                 "Folder for the results; is never overwritten silently");
  if (is_required) option->required();
  app_.add_flag("--overwrite", common.may_overwrite,
                "Move an existing output aside to OUTPUT.bak-<time>");
  app_.add_flag("--dry-run", common.is_dry_run, "Check everything, write nothing");
}

void Tool::with_device() {
  app_.add_option("--device", common.device, "auto, cpu or cuda:N")->group("Common");
}

void Tool::with_seed(int64_t default_seed) {
  common.seed = default_seed;
  app_.add_option("--seed", common.seed, "Seed of every random choice")->group("Common");
}

void Tool::rarely_needed(const std::vector<std::string>& names) {
  for (const std::string& name : names) app_.get_option(name)->group(kRare);
}

void Tool::with_config_flags() {
  app_.add_option("--config", config_files_, "JSON file with comments; may be repeated, later wins")
      ->expected(1)
      ->take_all()
      ->default_str("")
      ->group("Configuration");
  app_.add_option("--set", settings_, "KEY.PATH=VALUE, after all files; may be repeated")
      ->expected(1)
      ->take_all()
      ->default_str("")
      ->group("Configuration");
  app_.add_flag("--dump-config", dump_config_, "Print the resolved configuration and exit")
      ->group("Configuration");
  app_.add_flag("--help-config", help_config_, "List every config key, its default and meaning")
      ->group("Configuration");
}

int Tool::threads() const { return common.threads > 0 ? common.threads : available_cores(); }

// `code` is the bracketed word. With --json the error is also the result on stdout.
void Tool::report(const char* code, const std::string& message, const std::string& hint) const {
  terminal::clear_bar();
  std::string text = std::string("error[") + code + "]: " + message;
  if (!hint.empty()) text += "\n  hint: " + hint;
  terminal::write_line(text);
  if (common.is_json) {
    const nlohmann::ordered_json error = {
        {"error", {{"code", code}, {"message", message}, {"hint", hint}}}};
    std::cout << error.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
              << std::endl;
  }
}

// False: the process ends now with `exit_code`.
bool Tool::parse(int argc, char** argv, int& exit_code) {
  const auto key_count = std::count(config_help_.begin(), config_help_.end(), '\n');
  std::string footer;
  if (!config_help_.empty()) {
    footer += "\nConfig keys (--config, --set), defaults and meaning:\n";
    footer += key_count <= kMaxHelpKeys
                  ? config_help_
                  : "  " + std::to_string(key_count) + " keys: see --help-config\n";
  }
  if (!examples_.empty())
    footer += "\nExamples:\n" + examples_ + (examples_.back() == '\n' ? "" : "\n");
  app_.footer(footer + "\n" + kExitCodes);
  exit_code = 0;
  try {
    app_.parse(argc, argv);
  } catch (const CLI::RequiredError& e) {
    // What describes the tool itself needs no input.
    if (!dump_config_ && !help_config_) {
      exit_code = 2;
      // A misspelt flag is the likelier reason, and CLI11 names it only when nothing is missing.
      const std::vector<std::string> unknown = app_.remaining();
      report("usage", unknown.empty() ? e.what() : "argument not expected: " + unknown.front(),
             "see " + name_ + " --help");
      return false;
    }
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
      if (e.get_name() == "CallForHelp")
        for (CLI::Option* option : app_.get_options())
          if (option->get_group() == kRare) option->group("");  // is not shown
      app_.exit(e, std::cout, std::cerr);                       // --help, --help-all, --version
      return false;
    }
    exit_code = 2;
    report("usage", e.what(), "see " + name_ + " --help");
    return false;
  }
  log::set_level(log::parse_level(log_level_));
  if (help_config_) {
    std::cout << config_help_;
    return false;
  }
  if (load_) load_();
  if (dump_config_) {
    std::cout << dump_().dump(2) << std::endl;
    return false;
  }
  return true;
}

int Tool::run(int argc, char** argv, const std::function<int()>& body) {
  ensure_fast_math(argv);
  common.is_json = asks_for_json(argc, argv);  // for errors that come before the flags are read
  try {
    int code = 0;
    if (!parse(argc, argv, code)) return code;
    install_stop_signals();
    const StopScope scope(StopToken::of_signals());
    set_math_threads(threads());
    if (const BlasInfo blas = blas_info(); !blas.kernel.empty()) {
      log::debug("BLAS: {} (kernel {}), {} threads{}", blas.library, blas.kernel, threads(),
                 std::getenv("RADGEN_REEXECUTED") != nullptr
                     ? ", started again with settings for it"
                     : "");
    }
    code = body();
    std::cout.flush();
    if (!std::cout) throw Error(ErrorCode::kResource, "cannot write to standard output");
    return code;
  } catch (const Error& e) {
    report(code_name(e.code()), e.what(), e.hint());
    return exit_code(e.code());
  } catch (const Interrupted& e) {
    report("interrupted", "stopped by signal " + std::to_string(e.signal()), "");
    return 128 + e.signal();
  } catch (const std::bad_alloc&) {
    report("resource", "not enough memory",
           "use a smaller --size or batch, or a machine with more memory");
    return exit_code(ErrorCode::kResource);
  } catch (const std::exception& e) {
    report("internal", e.what(),
           "this is a defect of the program or of a library; please report it");
    return exit_code(ErrorCode::kInternal);
  }
}

}  // namespace radgen

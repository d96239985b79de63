#include "radgen/core/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>

#include "core/terminal.h"
#include "radgen/core/error.h"

namespace radgen::log {
namespace {

constexpr const char* kPattern = "%Y-%m-%d %H:%M:%S.%e %L %v";

class TerminalSink : public spdlog::sinks::base_sink<std::mutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    terminal::write_line({text.data(), text.size()});
  }
  void flush_() override {}
};

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
    case Level::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

// Never destroyed: threads and destructors may log while the process ends.
spdlog::logger& logger() {
  static spdlog::logger* const instance = [] {
    auto* made = new spdlog::logger("radgen", std::make_shared<TerminalSink>());
    made->set_pattern(kPattern);
    made->set_level(spdlog::level::info);
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *instance;
}

std::mutex g_sinks_mutex;

}  // namespace

void set_level(Level level) { logger().set_level(to_spdlog(level)); }

Level parse_level(const std::string& name) {
  if (name == "debug") return Level::kDebug;
  if (name == "info") return Level::kInfo;
  if (name == "warning") return Level::kWarning;
  if (name == "error") return Level::kError;
  if (name == "off") return Level::kOff;
  throw Error(ErrorCode::kUsage,
              "log level '" + name + "' is not one of debug, info, warning, error, off");
}

bool enabled(Level level) { return logger().should_log(to_spdlog(level)); }

void add_file(const std::string& path) {
  const std::lock_guard lock(g_sinks_mutex);
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    sink->set_pattern(kPattern);
    logger().sinks().push_back(std::move(sink));
  } catch (const spdlog::spdlog_ex& e) {
    throw Error(ErrorCode::kResource, "cannot write the log file: " + std::string(e.what()),
                "check the folder's permissions and free space");
  }
}

void write(Level level, std::string_view text) {
  logger().log(to_spdlog(level), spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace radgen::log

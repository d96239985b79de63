// Logging on stderr (results go to stdout). One line each: time, level, text. No patient data,
// ever.
//
//   log::info("prepared {} studies in {:.1f} s", count, seconds);
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>

namespace radgen::log {

enum class Level { kDebug, kInfo, kWarning, kError, kOff };

void set_level(Level level);
Level parse_level(const std::string& name);  // debug|info|warning|error|off; throws Error{kUsage}
bool enabled(Level level);
void add_file(const std::string& path);  // copies every line into a file (train.log)
void write(Level level, std::string_view text);

template <class... Args>
void debug(fmt::format_string<Args...> f, Args&&... args) {
  if (enabled(Level::kDebug)) write(Level::kDebug, fmt::format(f, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> f, Args&&... args) {
  if (enabled(Level::kInfo)) write(Level::kInfo, fmt::format(f, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> f, Args&&... args) {
  if (enabled(Level::kWarning)) write(Level::kWarning, fmt::format(f, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> f, Args&&... args) {
  if (enabled(Level::kError)) write(Level::kError, fmt::format(f, std::forward<Args>(args)...));
}

}  // namespace radgen::log

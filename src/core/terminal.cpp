#include "core/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace radgen::terminal {
namespace {

std::mutex g_mutex;
std::string g_bar;

size_t width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void erase() { std::fputs("\r\033[K", stderr); }

void draw() { std::fputs(g_bar.c_str(), stderr); }

}  // namespace

bool is_live() {
  static const bool live = [] {
    const char* term = std::getenv("TERM");
    const char* ci = std::getenv("CI");
    return isatty(STDERR_FILENO) == 1 && (ci == nullptr || *ci == '\0') && term != nullptr &&
           std::strcmp(term, "dumb") != 0;
  }();
  return live;
}

void write_line(std::string_view line) {
  const std::lock_guard lock(g_mutex);
  if (!g_bar.empty()) erase();
  std::fwrite(line.data(), 1, line.size(), stderr);
  if (line.empty() || line.back() != '\n') std::fputc('\n', stderr);
  if (!g_bar.empty()) draw();
  std::fflush(stderr);
}

void set_bar(const std::string& bar) {
  const std::lock_guard lock(g_mutex);
  erase();
  g_bar = bar.substr(0, width() - 1);
  draw();
  std::fflush(stderr);
}

void clear_bar() {
  const std::lock_guard lock(g_mutex);
  if (g_bar.empty()) return;
  erase();
  g_bar.clear();
  std::fflush(stderr);
}

}  // namespace radgen::terminal

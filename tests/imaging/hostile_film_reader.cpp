// The sandbox's child as a film that found a hole would make it: bytes that begin with
// "hostile:" name what it does then. Other bytes are a film and are read.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "radgen/imaging/film_sandbox.h"

namespace {

using radgen::Failure;
using radgen::Film;
using radgen::ReadOptions;
using radgen::Result;

// The names of what was allowed although nothing should be.
std::string rights_left() {
  std::string left;
  const auto note = [&left](const char* name, bool is_allowed) {
    if (is_allowed) left += std::string(left.empty() ? "" : ", ") + name;
  };
  note("open a file", ::open("/etc/passwd", O_RDONLY) >= 0);
  note("write a file", ::open("radgen-sandbox-was-here", O_WRONLY | O_CREAT, 0600) >= 0);
  note("use the network", ::socket(AF_INET, SOCK_STREAM, 0) >= 0);
  note("talk to programs", ::socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
  note("signal its parent", ::kill(::getppid(), 0) == 0);
  note("make code", ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
  const ::pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  note("start a process", child > 0);
  char program[] = "/bin/true";
  char* const arguments[] = {program, nullptr};
  ::execve(program, arguments, arguments + 1);  // does not come back when it is allowed
  return left.empty() ? "none" : left;
}

void answer(const std::string& bytes) { (void)!::write(STDOUT_FILENO, bytes.data(), bytes.size()); }

std::string with_length(const std::string& header) {
  std::string length(8, '\0');
  const uint64_t size = header.size();
  std::memcpy(length.data(), &size, sizeof size);
  return "S" + length + header;
}

Result<Film> decode(std::string_view bytes, const ReadOptions& options) {
  if (!bytes.starts_with("hostile:")) return radgen::read_film_bytes(bytes, options);
  const std::string_view wish = bytes.substr(8);
  if (wish == "rights") return Failure{"rights", rights_left()};
  if (wish == "crash") __builtin_trap();
  if (wish == "compute") {
    volatile unsigned step = 0;
    for (;;) step = step + 1;
  }
  if (wish == "wait") {
    std::timed_mutex never_unlocked;
    never_unlocked.lock();
    std::unique_lock<std::timed_mutex> wait(never_unlocked, std::chrono::hours(1));
  }
  if (wish == "bomb") {
    std::vector<std::vector<char>> blocks;
    for (;;) blocks.emplace_back(size_t{16} << 20, 'x');
  }
  if (wish == "flood") {
    const std::string block(size_t{1} << 20, 'x');
    for (;;) answer(block);
  }
  if (wish == "silence") ::_exit(0);
  if (wish == "half") answer(with_length(R"({"rows": 30, "columns": 40})").substr(0, 12));
  if (wish == "huge") answer(with_length(R"({"rows": 1000000, "columns": 1000000})"));
  if (wish == "negative") answer(with_length(R"({"rows": -3, "columns": -5})"));
  if (wish == "nameless") answer(with_length(R"({"rows": 1, "columns": 1})") + "xx");
  ::_exit(0);
}

}  // namespace

int main(int argc, char** argv) { return radgen::serve_film_sandbox(argc, argv, &decode); }

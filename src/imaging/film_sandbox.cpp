#include "radgen/imaging/film_sandbox.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "imaging/film_file.h"
#include "imaging/film_wire.h"
#include "imaging/sandbox_wire.h"
#include "radgen/core/error.h"
#include "radgen/core/log.h"

namespace radgen {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kProgram = "radgen-film-reader";

[[noreturn]] void cannot_start(const std::filesystem::path& program, int error) {
  throw Error(ErrorCode::kResource,
              fmt::format("{}: cannot be started: {}", program.string(), std::strerror(error)),
              "it reads foreign films without rights and lies beside the other programs");
}

// What posix_spawn wants, given back at the end.
class SpawnSettings {
 public:
  SpawnSettings(int film, int answer) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_adddup2(&actions_, film, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, answer, STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    ::posix_spawnattr_init(&attributes_);
    // A child that is asked to stop with its parent would lose the film that the parent finishes.
    ::sigset_t waiting;
    ::sigemptyset(&waiting);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&waiting, signal);
    ::posix_spawnattr_setsigmask(&attributes_, &waiting);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  const ::posix_spawn_file_actions_t* actions() const { return &actions_; }
  const ::posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  ::posix_spawn_file_actions_t actions_{};
  ::posix_spawnattr_t attributes_{};
};

// A child that is ended and waited for, however its owner leaves.
class Child {
 public:
  Child(const std::filesystem::path& program, const SandboxCall& call, int film, int answer) {
    std::vector<std::string> words = call_words(call);
    words.insert(words.begin(), program.string());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    // Nothing of the parent's environment but where its libraries and tables are.
    std::vector<std::string> kept;
    for (const char* name : {"LD_LIBRARY_PATH", "DCMDICTPATH", "ASAN_OPTIONS", "UBSAN_OPTIONS"})
      if (const char* value = std::getenv(name)) kept.push_back(fmt::format("{}={}", name, value));
    std::vector<char*> environment;
    for (std::string& entry : kept) environment.push_back(entry.data());
    environment.push_back(nullptr);
    const SpawnSettings settings(film, answer);
    const int error = ::posix_spawn(&id_, program.c_str(), settings.actions(),
                                    settings.attributes(), arguments.data(), environment.data());
    if (error != 0) cannot_start(program, error);
  }
  ~Child() {
    if (id_ > 0) end();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Its wait status, when it ends by itself before that.
  std::optional<int> wait(Clock::time_point until) {
    int status = 0;
    for (;;) {
      const ::pid_t ended = ::waitpid(id_, &status, WNOHANG);
      if (ended == id_) {
        id_ = -1;
        return status;
      }
      if ((ended < 0 && errno != EINTR) || Clock::now() >= until) return std::nullopt;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

 private:
  void end() {
    ::kill(id_, SIGKILL);
    while (::waitpid(id_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  ::pid_t id_ = -1;
};

enum class Ending { kClosed, kTimeout, kTooMuch };

// All that the child writes until it closes the pipe.
Ending read_answer(int pipe, size_t most, Clock::time_point until, std::string& answer) {
  constexpr size_t kStep = size_t{1} << 20;
  size_t filled = 0;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0) return Ending::kTimeout;
    ::pollfd waiting{pipe, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::min<int64_t>(left.count(), 1000)));
    if (ready <= 0) continue;  // nothing yet, or a signal
    if (answer.size() < filled + kStep) answer.resize(std::max(filled + kStep, answer.size() * 2));
    const ssize_t n = ::read(pipe, answer.data() + filled, answer.size() - filled);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) break;
    filled += static_cast<size_t>(n);
    if (filled > most) return Ending::kTooMuch;
  }
  answer.resize(filled);
  return Ending::kClosed;
}

Failure crashed(const std::string& how) {
  return {"decoder_crashed", "the film broke the program that decodes it: " + how};
}

void say_once_that_limits_hold_alone() {
  static std::once_flag once;
  std::call_once(once, [] {
    log::warning("this kernel has no seccomp: films are decoded with resource limits alone");
  });
}

}  // namespace

FilmSandbox::FilmSandbox(const SandboxLimits& limits)
    : FilmSandbox(std::filesystem::read_symlink("/proc/self/exe").parent_path() / kProgram,
                  limits) {}

FilmSandbox::FilmSandbox(std::filesystem::path program, const SandboxLimits& limits)
    : program_(std::move(program)), limits_(limits) {
  if (::access(program_.c_str(), X_OK) != 0) cannot_start(program_, errno);
}

Result<Film> FilmSandbox::read(const std::filesystem::path& path,
                               const ReadOptions& options) const {
  const Result<Descriptor> film = open_film_file(path);
  if (!film) return film.failure();
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) cannot_start(program_, errno);
  const Descriptor answer_end(ends[0]);
  Descriptor child_end(ends[1]);
  ::fcntl(answer_end.get(), F_SETPIPE_SZ, 1 << 20);  // fewer turns; refused is fine

  const Clock::time_point until =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(
                         std::chrono::duration<double>(limits_.wall_seconds));
  Child child(program_, {limits_.memory_bytes, limits_.cpu_seconds, options}, film->get(),
              child_end.get());
  child_end.close();
  std::string answer;
  const size_t most = kMaxFilmHeaderBytes + 16 + options.max_pixels * sizeof(uint16_t);
  const Ending ending = read_answer(answer_end.get(), most, until, answer);
  if (ending == Ending::kTooMuch) return crashed("it answered with more than a film");
  const std::optional<int> status =
      ending == Ending::kClosed ? child.wait(until) : std::optional<int>();
  if (!status)
    return Failure{"decoder_timeout",
                   fmt::format("it was not decoded within {} seconds", limits_.wall_seconds)};
  if (WIFSIGNALED(*status) && (WTERMSIG(*status) == SIGKILL || WTERMSIG(*status) == SIGXCPU))
    return Failure{"decoder_timeout", fmt::format("decoding it took more than {} seconds or the "
                                                  "memory of the machine",
                                                  limits_.cpu_seconds)};
  if (WIFSIGNALED(*status)) return crashed(fmt::format("signal {}", WTERMSIG(*status)));
  if (WEXITSTATUS(*status) != 0) return crashed(fmt::format("exit code {}", WEXITSTATUS(*status)));
  if (answer.starts_with(kHeldByLimits)) say_once_that_limits_hold_alone();
  std::optional<Result<Film>> read =
      answer.empty() ? std::nullopt
                     : film_from_wire(std::string_view(answer).substr(1), options.max_pixels);
  if (!read) return crashed("what it answered is no film");
  return std::move(*read);
}

}  // namespace radgen

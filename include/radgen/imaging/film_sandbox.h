// Reading foreign films in a child process that has no rights: it holds the film's bytes and a pipe
// and may open no file, write none, use no network and start no program, with bounds on memory and
// time. What crashes, hangs or fills the memory there costs that film and nothing else.
//
//   FilmSandbox sandbox;                              // its program lies beside the running one
//   Result<Film> film = sandbox.read("film.dcm");     // as read_film()
//   if (!film) std::cerr << film.failure().reason;    // also decoder_crashed, decoder_timeout
//
// One child a film, started anew: nothing of one film is there when the next one is read. The child
// is a program of its own (tools/film_reader.cpp), not a fork, which threads and OpenMP forbid. It
// is held by seccomp (seccomp(2)) and by resource limits (setrlimit(2)), where the kernel has no
// seccomp by the limits alone, which is said in the log.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string_view>

#include "radgen/imaging/film.h"

namespace radgen {

// The door through which a program reads its films: read_film or a sandbox's read().
using FilmSource =
    std::function<Result<Film>(const std::filesystem::path& film, const ReadOptions& options)>;

struct SandboxLimits {
  size_t memory_bytes = size_t{2} << 30;  // address space, libraries included
  int cpu_seconds = 60;                   // whole seconds of computing
  double wall_seconds = 120;              // from start to end
};

class FilmSandbox {
 public:
  // Throws Error{kResource} when the child's program is not there or cannot be run.
  explicit FilmSandbox(const SandboxLimits& limits = {});
  FilmSandbox(std::filesystem::path program, const SandboxLimits& limits);

  // As read_film(), thread safe. More failures: "decoder_crashed", "decoder_timeout". Throws
  // Error{kResource} when no child can be started.
  Result<Film> read(const std::filesystem::path& film, const ReadOptions& options = {}) const;

 private:
  std::filesystem::path program_;
  SandboxLimits limits_;
};

using FilmDecoder = Result<Film> (*)(std::string_view bytes, const ReadOptions& options);

// main() of the child's program: the film on descriptor 0, the answer on descriptor 1, options and
// limits as FilmSandbox passes them. Rights are given up after the film's bytes were read and
// before `decode` sees them.
int serve_film_sandbox(int argc, char** argv, FilmDecoder decode);

}  // namespace radgen

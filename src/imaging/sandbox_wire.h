// What a sandbox's parent tells its child, and how the child begins its answer.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "radgen/imaging/film.h"

namespace radgen {

struct SandboxCall {
  size_t memory_bytes = 0;
  int cpu_seconds = 0;
  ReadOptions options;
};

std::vector<std::string> call_words(const SandboxCall& call);  // the child's arguments

// The answer's first byte; film_wire.h has the rest.
inline constexpr const char* kHeldBySeccomp = "S";
inline constexpr const char* kHeldByLimits = "L";

// Exit codes beside 0.
inline constexpr int kSandboxMisused = 2;
inline constexpr int kSandboxUnsent = 3;

}  // namespace radgen

// report-radgen --watch: films as they arrive, until the program is asked to stop.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "radgen/clinical/film_list.h"
#include "radgen/core/error.h"

namespace radgen {

struct WatchSettings {
  std::filesystem::path watched, output;
  double settle_seconds = 2;
  bool until_empty = false;  // end when nothing is left instead of waiting
};

// How many films came to which end: "drafted", "not_reportable", "duplicate", "failed".
using WatchCounts = std::map<std::string, int64_t>;

// Drafts one film into a new folder and says how it ended, or why it could not be read.
using DraftFilm = std::function<Result<std::string>(
    const std::filesystem::path& film, const std::string& name, const std::filesystem::path& out)>;

// Returns at SIGINT and SIGTERM, when the film that was begun is done. Throws Error{kResource} for
// what is wrong with the machine; the film then waits for the next start.
WatchCounts watch(const WatchSettings& settings, const DraftFilm& draft);

}  // namespace radgen

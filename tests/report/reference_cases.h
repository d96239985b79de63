// Golden files beside the project: RADGEN_REFERENCE_DIR, else ../shared/reference; found by pattern
// at run time.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "radgen/core/files.h"

namespace radgen {

inline fs::path reference_dir() {
  const char* set = std::getenv("RADGEN_REFERENCE_DIR");
  return set ? fs::path(set) : fs::path(RADGEN_SOURCE_DIR) / "../shared/reference";
}

// Files of metrics/ whose names start with `prefix` and end with ".json", sorted. Empty where there
// are none.
inline std::vector<fs::path> reference_files(const std::string& prefix) {
  std::vector<fs::path> files;
  std::error_code no_folder;
  for (const auto& entry : fs::directory_iterator(reference_dir() / "metrics", no_folder)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind(prefix, 0) == 0 && entry.path().extension() == ".json")
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) std::printf("reference case: %s\n", file.c_str());
  return files;
}

}  // namespace radgen

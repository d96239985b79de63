// Golden files beside the project (RADGEN_REFERENCE_DIR, else ../shared/reference), found by
// pattern at run time.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

namespace radgen::evaluation {

inline std::vector<std::filesystem::path> reference_metric_files(const std::string& prefix) {
  const char* given = std::getenv("RADGEN_REFERENCE_DIR");
  const std::filesystem::path folder =
      std::filesystem::path(given != nullptr ? given : RADGEN_SOURCE_DIR "/../shared/reference") /
      "metrics";
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::is_directory(folder)) return files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(".json")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) std::cout << "reference case: " << file.string() << "\n";
  return files;
}

}  // namespace radgen::evaluation

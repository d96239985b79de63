// Where the reference images lie, and what is there (looked up at run time).
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <vector>

namespace radgen::testing {

inline std::filesystem::path reference_images() {
  const char* named = std::getenv("RADGEN_REFERENCE_DIR");
  const std::filesystem::path folder =
      (named ? std::filesystem::path(named)
             : std::filesystem::path(RADGEN_SOURCE_DIR) / "../shared/reference") /
      "images";
  return std::filesystem::is_directory(folder) ? folder : std::filesystem::path();
}

inline std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(folder))
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace radgen::testing

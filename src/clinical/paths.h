// Where a path lies, by its name alone; no file is looked at.
#pragma once

#include <filesystem>

namespace radgen {

// `path` is `folder` or below it.
inline bool lies_in(const std::filesystem::path& path, const std::filesystem::path& folder) {
  const std::filesystem::path relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

}  // namespace radgen

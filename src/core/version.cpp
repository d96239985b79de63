#include "radgen/core/tool.h"

namespace radgen {

std::string version() { return RADGEN_VERSION; }

std::string version_text() {
  const std::string git = RADGEN_GIT;
  return version() + " (" + (git.empty() ? "" : "git " + git + ", ") + "LibTorch " +
         RADGEN_TORCH_VERSION + ")";
}

}  // namespace radgen

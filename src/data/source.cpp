#include "radgen/data/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "radgen/data/mimic_cxr.h"

namespace radgen {

const std::vector<std::string>& source_names() {
  static const std::vector<std::string> names{"mimic-cxr"};
  return names;
}

std::unique_ptr<StudySource> open_source(const std::string& name, const SourceOptions& options) {
  if (std::ranges::find(source_names(), name) == source_names().end()) {
    throw Error(ErrorCode::kUsage, fmt::format("--source {}: unknown, expected one of: {}", name,
                                               fmt::join(source_names(), ", ")));
  }
  if (!std::filesystem::is_directory(options.input)) {
    throw Error(ErrorCode::kData, fmt::format("{}: no such folder", options.input.string()),
                "--input names the folder that holds the data set's tables and files/");
  }
  return open_mimic_cxr(options);
}

std::string normalised_view(const std::string& view_position) {
  std::string view;
  for (const char c : view_position) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      view.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
    }
  }
  if (view.empty() || view == "PA" || view == "AP") return view;
  const bool is_lateral = view == "LL" || view == "RL" || view.find("LATERAL") != std::string::npos;
  return is_lateral ? "LATERAL" : "OTHER";
}

}  // namespace radgen

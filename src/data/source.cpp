#include "radgen/data/source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "data/sources.h"

namespace radgen {
namespace {

struct KnownSource {
  const char* name;
  std::unique_ptr<StudySource> (*open)(const SourceOptions&);
  bool takes_a_file;
};
constexpr std::array<KnownSource, 7> kSources{{{"mimic-cxr", open_mimic_cxr, false},
                                               {"open-i", open_open_i, false},
                                               {"chexpert", open_chexpert, false},
                                               {"vindr-cxr", open_vindr_cxr, false},
                                               {"nih", open_nih, false},
                                               {"padchest-gr", open_padchest_gr, false},
                                               {"jsonl", open_jsonl, true}}};

std::string letters(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      result.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
    }
  }
  return result;
}

}  // namespace

Result<ReportSections> StudySource::read_report(const SourceImage& image) const {
  if (image.report == nullptr) return Failure{"no_report", "the data set has none for this study"};
  return *image.report;
}

const std::vector<std::string>& source_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const KnownSource& known : kSources) all.emplace_back(known.name);
    return all;
  }();
  return names;
}

std::unique_ptr<StudySource> open_source(const std::string& name, const SourceOptions& options) {
  const auto known = std::ranges::find(kSources, name, &KnownSource::name);
  if (known == kSources.end()) {
    throw Error(ErrorCode::kUsage, fmt::format("--source {}: unknown, expected one of: {}", name,
                                               fmt::join(source_names(), ", ")));
  }
  const bool is_there = std::filesystem::is_directory(options.input) ||
                        (known->takes_a_file && std::filesystem::is_regular_file(options.input));
  if (!is_there) {
    throw Error(ErrorCode::kData, fmt::format("{}: no such folder", options.input.string()),
                "--input names the folder that holds the data set's tables and pictures");
  }
  return known->open(options);
}

std::string normalised_view(const std::string& view_position) {
  const std::string view = letters(view_position);
  if (view.empty() || view == "PA" || view == "AP") return view;
  if (view == "FRONTAL" || view == "UNKNOWN") return "";
  const bool is_lateral = view == "LL" || view == "RL" || view.find("LATERAL") != std::string::npos;
  return is_lateral ? "LATERAL" : "OTHER";
}

std::string normalised_split(const std::string& split) {
  std::string name;
  for (const char c : split) {
    name.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  return name == "val" || name == "valid" || name == "validation" ? "validate" : name;
}

std::string normalised_sex(const std::string& sex) {
  const std::string name = letters(sex);
  if (name == "M" || name == "MALE") return "M";
  return name == "F" || name == "FEMALE" ? "F" : "";
}

}  // namespace radgen

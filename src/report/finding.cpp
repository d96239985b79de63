#include "radgen/report/finding.h"

#include "radgen/core/error.h"

namespace radgen {
namespace {

const std::array<std::string, kFindingCount> kFindingNames{"Atelectasis",
                                                           "Cardiomegaly",
                                                           "Consolidation",
                                                           "Edema",
                                                           "Enlarged Cardiomediastinum",
                                                           "Fracture",
                                                           "Lung Lesion",
                                                           "Lung Opacity",
                                                           "No Finding",
                                                           "Pleural Effusion",
                                                           "Pleural Other",
                                                           "Pneumonia",
                                                           "Pneumothorax",
                                                           "Support Devices"};
const std::array<std::string, 4> kSideNames{"", "left", "right", "bilateral"};
const std::array<std::string, 3> kAssertionNames{"negative", "uncertain", "positive"};
const std::array<std::string, 4> kSeverityNames{"", "subtle", "moderate", "severe"};

template <class Enum, size_t n>
Enum from_name(const std::array<std::string, n>& names, std::string_view name, const char* what) {
  for (size_t i = 0; i < n; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  std::string known;
  for (const std::string& one : names) known += (known.empty() ? "'" : ", '") + one + "'";
  throw Error(ErrorCode::kData, "'" + std::string(name.substr(0, 40)) + "' is no " + what,
              "expected one of " + known);
}

}  // namespace

const std::array<Finding, kFindingCount>& all_findings() {
  static const auto all = [] {
    std::array<Finding, kFindingCount> findings{};
    for (size_t i = 0; i < kFindingCount; ++i) findings[i] = static_cast<Finding>(i);
    return findings;
  }();
  return all;
}

const std::string& finding_name(Finding finding) {
  return kFindingNames.at(static_cast<size_t>(finding));
}

std::optional<Finding> finding_from_name(std::string_view name) {
  if (name == "Airspace Opacity") return Finding::kLungOpacity;  // MIMIC-CXR 2.1.0's hand labels
  for (Finding finding : all_findings()) {
    if (finding_name(finding) == name) return finding;
  }
  return std::nullopt;
}

const std::string& side_name(Side side) { return kSideNames.at(static_cast<size_t>(side)); }
Side side_from_name(std::string_view name) { return from_name<Side>(kSideNames, name, "side"); }

Side mirrored(Side side) {
  if (side == Side::kLeft) return Side::kRight;
  if (side == Side::kRight) return Side::kLeft;
  return side;
}

const std::string& assertion_name(Assertion assertion) {
  return kAssertionNames.at(static_cast<size_t>(assertion));
}
Assertion assertion_from_name(std::string_view name) {
  return from_name<Assertion>(kAssertionNames, name, "certainty");
}

const std::string& severity_name(Severity severity) {
  return kSeverityNames.at(static_cast<size_t>(severity));
}
Severity severity_from_name(std::string_view name) {
  return from_name<Severity>(kSeverityNames, name, "severity");
}

}  // namespace radgen

// The words' value types: CheXpert's 14 findings, sides, certainty, severity, and a mention of a
// finding in a text. Source of the names: Irvin et al. 2019 (CheXpert); order: MIMIC-CXR's
// chexpert.csv.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace radgen {

enum class Finding {
  kAtelectasis,
  kCardiomegaly,
  kConsolidation,
  kEdema,
  kEnlargedCardiomediastinum,
  kFracture,
  kLungLesion,
  kLungOpacity,
  kNoFinding,
  kPleuralEffusion,
  kPleuralOther,
  kPneumonia,
  kPneumothorax,
  kSupportDevices
};
inline constexpr size_t kFindingCount = 14;
const std::array<Finding, kFindingCount>& all_findings();
const std::string& finding_name(Finding finding);  // "Pleural Effusion"
// exact name; also "Airspace Opacity"
std::optional<Finding> finding_from_name(std::string_view name);

enum class Side { kNone, kLeft, kRight, kBilateral };  // of the patient
// "", "left", "right", "bilateral"
const std::string& side_name(Side side);
Side side_from_name(std::string_view name);
Side mirrored(Side side);

enum class Assertion { kNegative, kUncertain, kPositive };
const std::string& assertion_name(Assertion assertion);  // "negative" ...
Assertion assertion_from_name(std::string_view name);

// trace/small/mild, moderate, large/severe
enum class Severity { kUnstated, kSubtle, kModerate, kSevere };
// "", "subtle", "moderate", "severe"
const std::string& severity_name(Severity severity);
Severity severity_from_name(std::string_view name);

// One mention of a finding in a text; begin and end are byte offsets of the finding words
// (half-open).
struct Mention {
  Finding finding = Finding::kNoFinding;
  Side side = Side::kNone;
  Assertion assertion = Assertion::kPositive;
  Severity severity = Severity::kUnstated;
  std::optional<double> size_mm;  // "1.4 cm" in the same sentence
  size_t begin = 0, end = 0;
  size_t sentence = 0;  // index into split_sentences() of the same text
};

// Labels of a report: 1 positive, 0 negative, -1 uncertain; absent findings have no key (CheXpert's
// convention).
using Labels = std::map<Finding, int>;

}  // namespace radgen

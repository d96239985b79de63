// What a draft says as codes: data/codes.json, one table for DICOM SR and FHIR, with its origin.
//
//   const Code& code = finding_code(Finding::kPneumothorax);   // 36118008, SCT, "Pneumothorax"
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "radgen/report/finding.h"

namespace radgen {

// PS3.3 8.8: code value, coding scheme designator, code meaning.
struct Code {
  std::string value, scheme, meaning;
};

// A scheme of our own, where no standard one has the concept.
inline constexpr const char* kPrivateScheme = "99RADGEN";

const Code& finding_code(Finding finding);  // not of kNoFinding: Error{kInternal}
const Code& finding_site(Finding finding);
const Code& anatomy_code(std::string_view anatomy);  // of report/anatomy.h; "right lung": the lung
const Code* side_code(Side side);                    // nullptr for kNone
const Code* severity_code(Severity severity);        // nullptr for kUnstated
const Code& procedure_code(const std::string& view_position);
// Everything else by the name that the table gives it: "measurement group".
const Code& concept_code(const std::string& name);

// The system's URI in FHIR; empty for the private scheme.
std::string fhir_system(const Code& code);

}  // namespace radgen

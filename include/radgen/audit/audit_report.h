// What an audit leaves behind: audit.json for programs, audit.html for a regulatory file, a few
// lines for a terminal.
//
//   AuditGate gate{.above = 0.1};
//   write_json_atomic(folder / "audit.json", audit_to_json(result, intake, gate));
//   const std::string page = audit_page_html(result, intake, gate, {.title = "split test"});
//   write_file_atomic(folder / "audit.html", page);
//
// The page explains itself to a reader who never saw the tool. Neither file holds anything of a
// single study, but for the page's examples, which are for data that may be shown.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "radgen/audit/audit.h"
#include "radgen/audit/intake.h"

namespace radgen::audit {

struct AuditGate {
  std::optional<double> above;  // the largest disparity that passes; nothing: there is no gate
  bool has_failed(const AuditResult& result) const {
    return above.has_value() && largest_disparity(result) > *above;
  }
};

nlohmann::ordered_json audit_to_json(const AuditResult& result, const Intake& intake,
                                     const AuditGate& gate);

struct AuditPageOptions {
  std::string title;          // names the model and the split; no patient data
  bool is_synthetic = false;  // says on the page that the data are phantoms
  int examples = 0;           // missed studies shown for each disparity, with both texts; 0: none
};
std::string audit_page_html(const AuditResult& result, const Intake& intake, const AuditGate& gate,
                            const AuditPageOptions& options);

// The verdicts for a terminal.
std::string audit_text(const AuditResult& result, const Intake& intake, const AuditGate& gate);

// "Black: sensitivity, all findings 62.0 % against 78.1 % of the others (16.1 points lower)".
std::string sentence_of(const AuditResult& result, const Comparison& comparison);
// "mostly by view (81 %)": what explains a raw gap; empty when nothing does.
std::string explanation_of(const Comparison& comparison);

}  // namespace radgen::audit

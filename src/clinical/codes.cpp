#include "clinical/codes.h"

#include <fmt/core.h>

#include <map>
#include <nlohmann/json.hpp>

#include "radgen/core/error.h"

namespace radgen {

extern const char* const kCodesJson;  // data/codes.json, made into a source file by the build

namespace {

using nlohmann::json;
using CodeMap = std::map<std::string, Code, std::less<>>;

struct CodeTable {
  CodeMap findings, finding_sites, anatomies, sides, severities, procedures, concepts;
};

Code parse_code(const json& entry) {
  return {entry.at(0).get<std::string>(), entry.at(1).get<std::string>(),
          entry.at(2).get<std::string>()};
}

CodeMap parse_codes(const json& entries) {
  CodeMap codes;
  for (const auto& [name, entry] : entries.items()) codes[name] = parse_code(entry);
  return codes;
}

const CodeTable& code_table() {
  static const CodeTable table = [] {
    const json root = json::parse(kCodesJson);
    const CodeMap sites = parse_codes(root.at("sites"));
    CodeTable t{.sides = parse_codes(root.at("sides")),
                .severities = parse_codes(root.at("severities")),
                .procedures = parse_codes(root.at("procedures")),
                .concepts = parse_codes(root.at("concepts"))};
    for (const auto& [name, entry] : root.at("findings").items()) {
      t.findings[name] = parse_code(entry.at("code"));
      t.finding_sites[name] = sites.at(entry.at("site").get<std::string>());
    }
    for (const auto& [name, site] : root.at("anatomies").items())
      t.anatomies[name] = sites.at(site.get<std::string>());
    return t;
  }();
  return table;
}

const Code& code_in(const CodeMap& codes, std::string_view name) {
  const auto code = codes.find(name);
  RADGEN_CHECK(code != codes.end(), fmt::format("data/codes.json has no code for '{}'", name));
  return code->second;
}

}  // namespace

const Code& finding_code(Finding finding) {
  return code_in(code_table().findings, finding_name(finding));
}
const Code& finding_site(Finding finding) {
  return code_in(code_table().finding_sites, finding_name(finding));
}

const Code& anatomy_code(std::string_view anatomy) {
  for (const std::string_view side : {"right ", "left "})
    if (anatomy.starts_with(side)) anatomy.remove_prefix(side.size());
  return code_in(code_table().anatomies, anatomy);
}

const Code* side_code(Side side) {
  return side == Side::kNone ? nullptr : &code_in(code_table().sides, side_name(side));
}
const Code* severity_code(Severity severity) {
  if (severity == Severity::kUnstated) return nullptr;
  return &code_in(code_table().severities, severity_name(severity));
}

const Code& procedure_code(const std::string& view_position) {
  const CodeMap& procedures = code_table().procedures;
  const auto procedure = procedures.find(view_position);
  return procedure == procedures.end() ? code_in(procedures, "") : procedure->second;
}

const Code& concept_code(const std::string& name) { return code_in(code_table().concepts, name); }

std::string fhir_system(const Code& code) {
  if (code.scheme == "SCT") return "http://snomed.info/sct";
  if (code.scheme == "LN") return "http://loinc.org";
  if (code.scheme == "DCM") return "http://dicom.nema.org/resources/ontology/DCM";
  return "";
}

}  // namespace radgen

#include "radgen/report/label_table.h"

namespace radgen {

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string label_table_header() {
  std::string out = "subject_id,study_id";
  for (Finding finding : all_findings()) out += "," + finding_name(finding);
  return out + "\n";
}

std::string label_table_row(std::string_view subject_id, std::string_view study_id,
                            const Labels& labels) {
  std::string out = csv_field(subject_id) + "," + csv_field(study_id);
  for (Finding finding : all_findings()) {
    const auto label = labels.find(finding);
    out += label == labels.end() ? ","
           : label->second == 1  ? ",1.0"
           : label->second == 0  ? ",0.0"
                                 : ",-1.0";
  }
  return out + "\n";
}

}  // namespace radgen

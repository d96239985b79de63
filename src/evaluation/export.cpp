#include "radgen/evaluation/export.h"

#include "radgen/core/files.h"

namespace radgen::evaluation {
namespace {

std::string quoted(const std::string& text) {
  std::string field = "\"";
  for (const char c : text) {
    if (c == '"') field += '"';
    field += c;
  }
  return field + "\"";
}

// One line: the tools split at line breaks.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

}  // namespace

void export_texts(const EvaluationResult& result, const std::filesystem::path& folder) {
  std::string both = "study_id,reference,prediction\n";
  std::string references = "Report Impression\n", predictions = references;
  nlohmann::ordered_json json{{"study_ids", nlohmann::ordered_json::array()},
                              {"references", nlohmann::ordered_json::array()},
                              {"predictions", nlohmann::ordered_json::array()}};
  for (const StudyResult& study : result.studies) {
    both += quoted(study.study_id) + "," + quoted(study.reference_text) + "," +
            quoted(study.draft_text) + "\n";
    references += quoted(one_line(study.reference_text)) + "\n";
    predictions += quoted(one_line(study.draft_text)) + "\n";
    json["study_ids"].push_back(study.study_id);
    json["references"].push_back(study.reference_text);
    json["predictions"].push_back(study.draft_text);
  }
  write_file_atomic(folder / "reports.csv", both);
  write_file_atomic(folder / "references_chexbert.csv", references);
  write_file_atomic(folder / "predictions_chexbert.csv", predictions);
  write_json_atomic(folder / "reports.json", json);
}

}  // namespace radgen::evaluation

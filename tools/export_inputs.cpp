#include "export_inputs.h"

#include <algorithm>
#include <set>

#include "radgen/assessment/dataset_inputs.h"
#include "radgen/core/error.h"
#include "radgen/data/manifest.h"
#include "radgen/evaluation/manifest_references.h"

namespace radgen {

std::vector<StudyInput> calibration_films(const ExportArguments& arguments) {
  constexpr size_t kEnough = 8;
  std::vector<StudyInput> films;
  const auto& asked = arguments.precisions;
  if (std::find(asked.begin(), asked.end(), "int8") == asked.end()) return films;
  for (const ManifestEntry& entry : read_manifest(arguments.data / "manifest.jsonl")) {
    if (entry.split == "train") films.push_back(assessment::study_input_of(entry, arguments.data));
    if (films.size() == kEnough) break;
  }
  if (films.empty())
    throw Error(ErrorCode::kData,
                arguments.data.string() + ": no picture in split train to choose INT8's scales by",
                "give the data set that the model was trained on, or --precision int8-dynamic");
  return films;
}

std::vector<std::pair<StudyInput, evaluation::Reference>> validation_studies(const fs::path& data,
                                                                             size_t most) {
  std::vector<std::pair<StudyInput, evaluation::Reference>> studies;
  std::set<std::string> seen;  // a study may have several pictures: the first one
  for (const ManifestEntry& entry : read_manifest(data / "manifest.jsonl")) {
    if (studies.size() == most) break;
    if (entry.split != "validate" || !seen.insert(entry.study_id).second) continue;
    studies.emplace_back(assessment::study_input_of(entry, data),
                         evaluation::reference_of(entry, data));
    studies.back().second.patient_id = entry.patient_id;
  }
  if (studies.empty())
    throw Error(ErrorCode::kData, data.string() + ": no picture in split validate to compare by",
                "give a prepared data set with a validation split");
  return studies;
}

}  // namespace radgen

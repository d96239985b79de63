#include "export_inputs.h"

#include <algorithm>

#include "radgen/core/error.h"
#include "radgen/data/manifest.h"
#include "radgen/training/validation.h"

namespace radgen {

std::vector<StudyInput> calibration_films(const ExportArguments& arguments) {
  constexpr size_t kEnough = 8;
  std::vector<StudyInput> films;
  const auto& asked = arguments.precisions;
  if (std::find(asked.begin(), asked.end(), "int8") == asked.end()) return films;
  for (const ManifestEntry& entry : read_manifest(arguments.data / "manifest.jsonl")) {
    if (entry.split == "train") films.push_back(study_input_of(entry, arguments.data));
    if (films.size() == kEnough) break;
  }
  if (films.empty())
    throw Error(ErrorCode::kData,
                arguments.data.string() + ": no picture in split train to choose INT8's scales by",
                "give the data set that the model was trained on, or --precision int8-dynamic");
  return films;
}

}  // namespace radgen

// What export-radgen is asked, what it reads for it, and what it measures.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "radgen/core/files.h"
#include "radgen/core/tool.h"
#include "radgen/evaluation/reference.h"
#include "radgen/inference/predictor.h"

namespace radgen {

struct ExportArguments {
  fs::path model, data;
  std::string format = "torchscript";
  std::vector<std::string> precisions{"fp32"};
  bool has_fixed_size = false, is_measurement = false;
  int64_t studies = 300;          // of split validate, for the parity gate
  int64_t faithful_studies = 60;  // of them
  double most_loss = 0.01;

  // One artifact lies in the output itself, several in folders of it.
  fs::path folder_of(const fs::path& output, const std::string& precision) const {
    return precisions.size() == 1 ? output : output / precision;
  }
};

// The films by which static INT8 chooses its scales: the first ones of split train; none for the
// other precisions. Throws Error{kData} when it needs them and there are none.
std::vector<StudyInput> calibration_films(const ExportArguments& arguments);

// The first studies of split validate, a picture each. Throws Error{kData} when there are none.
std::vector<std::pair<StudyInput, evaluation::Reference>> validation_studies(const fs::path& data,
                                                                             size_t most);

// Size, memory, time to load and to draft of a model folder or an artifact, measured by this
// program in a process of its own: {"size_bytes", "peak_mib", "load_s", "first_draft_s",
// "study_s"}.
nlohmann::ordered_json measure_in_process(const fs::path& model, const ExportArguments& arguments,
                                          int threads);
// What that process does: prints them.
int run_measure(const ExportArguments& arguments);

}  // namespace radgen

// What export-radgen is asked and what it reads for it.
#pragma once

#include <string>
#include <vector>

#include "radgen/core/files.h"
#include "radgen/inference/predictor.h"

namespace radgen {

struct ExportArguments {
  fs::path model, data;
  std::string format = "torchscript";
  std::vector<std::string> precisions{"fp32"};
  bool has_fixed_size = false;

  // One artifact lies in the output itself, several in folders of it.
  fs::path folder_of(const fs::path& output, const std::string& precision) const {
    return precisions.size() == 1 ? output : output / precision;
  }
};

// The films by which static INT8 chooses its scales: the first ones of split train; none for the
// other precisions. Throws Error{kData} when it needs them and there are none.
std::vector<StudyInput> calibration_films(const ExportArguments& arguments);

}  // namespace radgen

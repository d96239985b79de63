// What eval-radgen is asked and what it reads for it.
#pragma once

#include <string>
#include <vector>

#include "radgen/core/files.h"
#include "radgen/core/tool.h"
#include "radgen/evaluation/evaluate.h"

namespace radgen {

struct EvalArguments {
  fs::path model, predictions, data, truth, references;
  std::string first, second;     // of compare: files, by commas
  fs::path metrics, thresholds;  // of gate
  bool has_export = false;
  int64_t draw = 0;  // of sampled texts; 0: the usual one
  int64_t limit = 0;
  std::string split = "test", precision = "fp32";
  int examples = 0;
  bool has_checks = false, has_errors = false, has_maps = false, no_examples = false;
};

// The references and what the baselines need. Throws Error{kUsage} when they are given twice or not
// at all, Error{kData} when the split has none.
evaluation::EvaluationData read_eval_data(const EvalArguments& arguments);

// The file's predictions but for those of studies that --limit leaves out.
std::vector<Draft> read_predictions(const fs::path& path, const evaluation::EvaluationData& data);

// Error{kUsage} without --output.
void need_output(const Tool& tool);

// eval-radgen compare A B, eval-radgen gate
int run_compare(const EvalArguments& arguments, const evaluation::EvaluateOptions& options,
                const Tool& tool);
int run_gate(const EvalArguments& arguments, const Tool& tool);

}  // namespace radgen

#include <iostream>
#include <sstream>

#include "eval_inputs.h"
#include "radgen/evaluation/compare.h"

namespace radgen {
namespace {

// Files by commas; a name that is a file is one, whatever commas are in it.
std::vector<fs::path> files_of(const std::string& list) {
  if (fs::exists(list)) return {list};
  std::vector<fs::path> files;
  std::istringstream parts(list);
  for (std::string part; std::getline(parts, part, ',');) files.emplace_back(part);
  return files;
}

std::string names_of(const std::string& list) {
  std::string names;
  for (const fs::path& file : files_of(list))
    names += (names.empty() ? "" : ", ") + file.filename().string();
  return names;
}

}  // namespace

int run_compare(const EvalArguments& arguments, const evaluation::EvaluateOptions& options,
                const Tool& tool) {
  need_output(tool);
  const evaluation::EvaluationData data = read_eval_data(arguments);
  evaluation::SeedRuns first, second;
  for (const fs::path& file : files_of(arguments.first))
    first.push_back(read_predictions(file, data));
  for (const fs::path& file : files_of(arguments.second))
    second.push_back(read_predictions(file, data));
  if (tool.common.is_dry_run) return 0;
  const evaluation::Comparison comparison =
      evaluation::compare_predictions(first, second, data, options);
  claim_output_directory(tool.common.output, tool.common.may_overwrite);
  const nlohmann::ordered_json json = evaluation::comparison_to_json(comparison);
  write_json_atomic(tool.common.output / "compare.json", json);
  write_file_atomic(
      tool.common.output / "compare.html",
      evaluation::comparison_html(comparison, names_of(arguments.first) + " (A) and " +
                                                  names_of(arguments.second) + " (B)"));
  std::cout << (tool.common.is_json ? json.dump(2) + "\n"
                                    : evaluation::comparison_text(comparison));
  return 0;
}

}  // namespace radgen

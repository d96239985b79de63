// errors.html: shares of the kinds of errors, cases to leaf through (worst first, with film, map,
// boxes and words), grounding by finding, entropy of right and wrong statements.
//
//   write_errors(folder, errors, data, {.title = "split test", .with_examples = true});
//
// Examples show films, report texts and study ids: only for data that may be shown. Without them
// the page holds aggregates alone. Films are shrunk, shared by the cases of a study and capped
// (ErrorOptions::images a kind, and a budget for the page), so that it stays below 15 MB.
#pragma once

#include <filesystem>
#include <string>

#include "radgen/evaluation/errors/error_analysis.h"

namespace radgen::evaluation {

struct ErrorPageOptions {
  std::string title;           // names the model or the split; no patient data
  bool with_examples = false;  // films, texts and study ids
  bool is_synthetic = false;   // says on the page that the data are phantoms
};

// Films that cannot be read are left out of the cases.
std::string errors_html(const ErrorAnalysis& errors, const EvaluationData& data,
                        const ErrorPageOptions& options);

// Writes errors.html and errors.json into `folder`.
void write_errors(const std::filesystem::path& folder, const ErrorAnalysis& errors,
                  const EvaluationData& data, const ErrorPageOptions& options);

}  // namespace radgen::evaluation

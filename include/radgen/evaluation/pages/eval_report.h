// report.html of an evaluation: the model between trivial and oracle, findings, severity, alarms,
// examples, definitions.
//
//   const std::string page = eval_report_html(result, data, {.title = "model 3f2a, split test"});
//   write_file_atomic(folder / "report.html", page);
//
// Examples show report texts and images: only for data that may be shown (phantoms). They are off
// unless asked for.
#pragma once

#include <string>

#include "radgen/evaluation/evaluate.h"

namespace radgen::evaluation {

struct EvalReportOptions {
  std::string title;          // names the model and the split; no patient data
  int examples = 0;           // studies with image and both texts; 0: none
  bool is_synthetic = false;  // says on the page that the data are phantoms
};
std::string eval_report_html(const EvaluationResult& result, const EvaluationData& data,
                             const EvalReportOptions& options);

// The headline for a terminal: a line a metric with model, best baseline, oracle and skill with its
// interval (without an oracle the model's interval), and the protocol of the grounding rows.
std::string headline_text(const MetricTable& metrics);

// A line an alarm that is raised, with its reason; or that none is.
std::string alarms_text(const EvaluationResult& result);

// A line a target of the product: reached, missed or not measured.
std::string targets_text(const EvaluationResult& result);

// A line a check of what the model says when it is asked again (sanity_checks.h): value, interval,
// n, what is expected, and whether it is so. Empty without checks.
std::string sanity_checks_text(const EvaluationResult& result);

}  // namespace radgen::evaluation

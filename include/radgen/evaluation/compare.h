// Is one predictions file better than another on the same studies? Differences with bootstrap
// intervals and a paired randomisation test, both by patient.
//
//   Comparison c = compare_predictions(a, b, data, options);
//   Comparison s = compare_predictions(SeedRuns{a1, a2}, SeedRuns{b1, b2}, data, options);
//   write_json_atomic(folder / "compare.json", comparison_to_json(c));
//
// Randomisation: for each patient the two files change places with probability one half; p is the
// share of such shuffles whose difference is at least as large as the one observed, (1 + count) /
// (1 + shuffles). Sources: Noreen 1989; Riezler and Maxwell 2005. p_holm is corrected for the
// number of metrics in the table (Holm 1979).
//
// A system that was trained with several seeds is several files: a metric is then the mean of the
// files' own values, and a patient changes places in all of them at once. The intervals and p are
// over patients, for these trainings; a_sd and b_sd tell how much a metric moves from one seed to
// the next.
#pragma once

#include <string>
#include <vector>

#include "radgen/evaluation/evaluate.h"

namespace radgen::evaluation {

struct ComparedMetric {
  std::string path;
  double a = kUndefined, b = kUndefined;        // means over the seeds
  double a_sd = kUndefined, b_sd = kUndefined;  // standard deviations; one seed: none
  double difference = kUndefined, low = kUndefined, high = kUndefined;  // b - a
  double p = kUndefined, p_holm = kUndefined;                           // two-sided
};

struct Comparison {
  std::vector<ComparedMetric> metrics;  // the headline and what stands beside it; not per finding
  size_t studies = 0, patients = 0, resamples = 0;
  size_t seeds = 1;                // files a side
  std::vector<std::string> notes;  // what was missing in either file
};

// The predictions of one system, a file a seed.
using SeedRuns = std::vector<std::vector<Draft>>;

// `options.bootstrap` is the number of resamples and of shuffles; baselines are left out. Throws as
// evaluate() does, naming the file ("first predictions: ..."; "first predictions, file 2: ..."),
// and Error{kUsage} when the two sides have not the same number of files.
Comparison compare_predictions(const SeedRuns& a, const SeedRuns& b, const EvaluationData& data,
                               const EvaluateOptions& options);
Comparison compare_predictions(const std::vector<Draft>& a, const std::vector<Draft>& b,
                               const EvaluationData& data, const EvaluateOptions& options);

nlohmann::ordered_json comparison_to_json(const Comparison& comparison);
std::string comparison_text(const Comparison& comparison);  // a table for a terminal
std::string comparison_html(const Comparison& comparison, const std::string& title);

}  // namespace radgen::evaluation

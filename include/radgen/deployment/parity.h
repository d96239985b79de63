// Is what leaves the workshop what was evaluated? An artifact beside the model that it was made of,
// on the same studies.
//
//   ParityReport report = check_parity(reference, artifact, studies, data, {.precision = "int8"});
//   if (!report.passes()) throw Error(ErrorCode::kGate, report.text());
//
// Rows of the gate:
//   - greedy words of the first studies, their log-probabilities and maps (fp32: the same tokens,
//     within tolerances; other precisions: measured)
//   - BLEU-4, F1 and IoU of whole drafts (sampling, ranking, calibration) on all studies: what is
//     lost is at most a limit; fp32 may lose nothing that rounding does not explain
//   - the share of faithful sentences, both models asked about the reference's sentences: the
//     interval of the difference by patients is not wholly below 0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "radgen/evaluation/evaluate.h"
#include "radgen/inference/predictor.h"

namespace radgen {

struct ParityOptions {
  std::string precision = "fp32";
  double most_loss = 0.01;        // of BLEU-4, F1 and IoU, each; fp32: a tenth of it
  int64_t greedy_studies = 8;     // compared word by word
  int64_t faithful_studies = 60;  // whose sentences are asked about with their regions hidden
};

struct ParityRow {
  std::string name;
  double reference = 0, artifact = 0;  // values, or a tolerance (reference) and what was found
  double difference = 0, low = 0, high = 0;  // artifact - reference, 95 % interval; 0: none
  std::string limit;                         // in words
  bool passes = true;
  bool is_score = false;  // of whole drafts
};

struct ParityReport {
  std::vector<ParityRow> rows;
  int64_t studies = 0, same_drafts = 0;  // whose text is the same to the byte
  bool passes() const;
  // BLEU-4, F1 and IoU of the artifact or of the model.
  std::vector<std::pair<std::string, double>> scores(bool of_artifact) const;
  std::string text() const;  // a table for a terminal
  nlohmann::ordered_json json() const;
};

// `studies[i]` belongs to `data.test[i]`; `reference_drafts` are reference.draft(studies), which
// several artifacts can share. Throws Error{kData} without studies.
ParityReport check_parity(const Predictor& reference, const std::vector<Draft>& reference_drafts,
                          const Predictor& artifact, const std::vector<StudyInput>& studies,
                          const evaluation::EvaluationData& data, const ParityOptions& options);

}  // namespace radgen

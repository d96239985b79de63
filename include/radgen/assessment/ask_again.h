// eval-radgen --checks: asks the model again about images that were altered
// (evaluation/sanity_checks.h says what is made of the answers).
//
//   const auto answers = run_sanity_checks(predictor, dataset, {truth, output}, data, drafts, {});
//   evaluation::add_sanity_checks(answers, data, options, result);
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "radgen/assessment/dataset_inputs.h"
#include "radgen/evaluation/sanity_checks.h"
#include "radgen/inference/predictor.h"

namespace radgen::assessment {

struct SanityCheckFiles {
  std::filesystem::path truth;   // truth.jsonl; empty: no twins
  std::filesystem::path output;  // faithfulness.jsonl goes here: a line a hidden region, no text
};

// The report of the training study whose image the encoder puts nearest (cosine of
// Predictor::embeddings), for each of references.test; searched are options.nearest_images
// training studies. Empty without a training split.
std::vector<std::string> encoder_neighbours(const Predictor& predictor,
                                            const DatasetInputs& dataset,
                                            const evaluation::EvaluationData& references,
                                            const evaluation::EvaluateOptions& options);

// `drafts[i]` was drafted from `references.test[i]`. Stops between chunks of studies when
// current_stop() is requested (throws Interrupted).
evaluation::SanityCheckAnswers run_sanity_checks(const Predictor& predictor,
                                                 const DatasetInputs& dataset,
                                                 const SanityCheckFiles& files,
                                                 const evaluation::EvaluationData& references,
                                                 const std::vector<Draft>& drafts,
                                                 const evaluation::EvaluateOptions& options);

}  // namespace radgen::assessment

// eval-radgen --checks: asks the model again about pictures that were altered.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "radgen/evaluation/checks.h"
#include "radgen/inference/predictor.h"

namespace radgen {

struct CheckInput {
  std::filesystem::path data;    // prepared dataset
  std::filesystem::path truth;   // truth.jsonl; empty: no twins
  std::filesystem::path output;  // faithfulness.jsonl goes here: a line a hidden region, no text
};

// The report of the training study whose picture the encoder puts nearest (cosine of
// Predictor::embeddings), for each of references.test; searched are options.nearest_pictures
// training studies. Empty without a training split.
std::vector<std::string> encoder_neighbours(const Predictor& predictor,
                                            const std::filesystem::path& data,
                                            const evaluation::EvaluationData& references,
                                            const evaluation::EvaluateOptions& options);

// `drafts[i]` was drafted from `references.test[i]`.
evaluation::CheckAnswers ask_again(const Predictor& predictor, const CheckInput& input,
                                   const evaluation::EvaluationData& references,
                                   const std::vector<Draft>& drafts,
                                   const evaluation::EvaluateOptions& options);

}  // namespace radgen

// eval-radgen --checks: asks the model again about images that were altered.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "radgen/evaluation/sanity_checks.h"
#include "radgen/inference/predictor.h"

namespace radgen {

struct SanityCheckInput {
  std::filesystem::path data;    // prepared dataset
  std::filesystem::path truth;   // truth.jsonl; empty: no twins
  std::filesystem::path output;  // faithfulness.jsonl goes here: a line a hidden region, no text
};

// The report of the training study whose image the encoder puts nearest (cosine of
// Predictor::embeddings), for each of references.test; searched are options.nearest_images
// training studies. Empty without a training split.
std::vector<std::string> encoder_neighbours(const Predictor& predictor,
                                            const std::filesystem::path& data,
                                            const evaluation::EvaluationData& references,
                                            const evaluation::EvaluateOptions& options);

// `drafts[i]` was drafted from `references.test[i]`.
evaluation::SanityCheckAnswers run_sanity_checks(const Predictor& predictor,
                                                 const SanityCheckInput& input,
                                                 const evaluation::EvaluationData& references,
                                                 const std::vector<Draft>& drafts,
                                                 const evaluation::EvaluateOptions& options);

}  // namespace radgen

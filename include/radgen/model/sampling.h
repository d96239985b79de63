// Several texts for one image, drawn at random from what the network says.
//
//   // drawn[b]: config.num_samples texts
//   auto drawn = sample_texts(model, encoded, prompts, config, {.seeds = seeds});
//
// A search (decoding.h) ends where each word is likely, and where nothing is certain that is a
// report in which nothing is wrong. Drawn texts differ in what they say; which of them the image
// supports is judged afterwards.
#pragma once

#include <vector>

#include "radgen/model/decoding.h"

namespace radgen {

struct SamplingOptions {
  std::vector<uint64_t> seeds;     // one a study: its texts depend on nothing else of the batch
  std::vector<int64_t> not_first;  // words that no text begins with
};

// For each of the B studies config.num_samples texts, drawn word by word from the nucleus (Holtzman
// et al. 2020) of P^(1/temperature): the likeliest words that together hold `top_p` of it.
// log_probs are those of P itself. max_tokens, min_tokens and no_repeat_ngram hold as in a search;
// `score` is the mean log-probability of the words and eos. Without gradients, results on the CPU;
// throws as generate() does.
std::vector<std::vector<DecodedText>> sample_texts(GroundedModel model, const EncodedImage& encoded,
                                                   const std::vector<std::vector<int64_t>>& prompts,
                                                   const DecodingConfig& config,
                                                   const SamplingOptions& options);

}  // namespace radgen

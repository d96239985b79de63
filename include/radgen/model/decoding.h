// Writing a text: greedy and beam search with a key/value cache, and scoring of texts that are
// there.
//
//   EncodedImage encoded = model->encode(images);                       // B studies
//   std::vector<DecodedText> drafts = generate(model, encoded, {}, config);   // one a study
//   std::vector<DecodedText> scored = score_tokens(model, encoded, {}, ids);  // teacher forced
//
// Both run without gradients and in the module's current mode: call model->eval() first. Results
// are on the CPU. Studies of one batch do not influence each other.
#pragma once

#include <vector>

#include "radgen/model/grounded_model.h"

namespace radgen {

struct DecodingConfig {
  int64_t beam_size = 1;        // 1: greedy
  int64_t max_tokens = 200;     // words of a report at most, without prompt, bos and eos
  int64_t min_tokens = 0;       // no eos before
  double length_penalty = 0;    // beams are compared by log P / length^penalty; 0: log P
  int64_t no_repeat_ngram = 0;  // no n-gram twice; 0: off
  std::string kv_cache_type =
      "fp32";  // or "fp16", "int8": how the decoder keeps an image's keys and values
  // Drawn texts (sampling.h); beam_size and length_penalty have no part in them.
  int64_t num_samples = 1;  // 1: none is drawn
  double temperature = 0.7, top_p = 0.95;
  // used where a text is chosen (inference/sample_ranking.h)
  double finding_head_weight = 0, mbr_weight = 0;
};
void describe(Fields& f, DecodingConfig& c);

// Named apart from radgen::Draft, which is the finished report (report/prediction.h).
struct DecodedText {
  std::vector<int64_t> ids;  // T words, without prompt, bos and eos
  // T, log P(word | before, image), before min_tokens and no_repeat_ngram act
  std::vector<double> log_probs;
  double eos_log_prob = 0;   // log P(eos); 0 when the text was cut at max_tokens
  bool is_complete = false;  // ended by eos
  double score = 0;          // sum of log_probs and eos_log_prob, over length^penalty
  torch::Tensor attention;   // [T,N] head mean, of the step that predicted each word; float, CPU
  torch::Tensor null_attention;  // [T]
  // [L*A,T,N] of the L grounding layers' heads, the first layer's first; only when asked for
  torch::Tensor head_attention;
};

// Writes a report for each of the B studies. prompts: B lists of ids that stand before bos (empty:
// no prompts at all). Throws Error{kData} when the number of prompts is wrong; texts are cut where
// the decoder's max_tokens ends.
std::vector<DecodedText> generate(GroundedModel model, const EncodedImage& encoded,
                                  const std::vector<std::vector<int64_t>>& prompts,
                                  const DecodingConfig& config);

// log P and attention of given words (no prompt, bos or eos in `ids`), teacher forced. `score` is
// without a length penalty and holds the eos too. keep_heads: fills head_attention.
std::vector<DecodedText> score_tokens(GroundedModel model, const EncodedImage& encoded,
                                      const std::vector<std::vector<int64_t>>& prompts,
                                      const std::vector<std::vector<int64_t>>& ids,
                                      bool keep_heads = false);

// The rows of `encoded` in the given order; to score one image with many texts, repeat its index.
EncodedImage select_studies(const EncodedImage& encoded, const std::vector<int64_t>& rows);

}  // namespace radgen

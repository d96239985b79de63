// Writing texts: greedy decoding, beam search and sampling with a key/value cache, and scoring of
// texts that are there.
//
//   EncodedImage encoded = runtime->encode(images);                            // B studies
//   std::vector<DecodedText> drafts = generate(*runtime, encoded, {}, config);   // one a study
//   // sampled[b]: config.num_samples texts
//   auto sampled = sample_texts(*runtime, encoded, {}, config, {.seeds = seeds});
//   std::vector<DecodedText> scored = score_tokens(*runtime, encoded, {}, ids);  // teacher forced
//
// All three ways of writing are strategies over one loop (src/model/search.h), and the same rules
// forbid words in all of them: pad and bos, config.min_tokens, config.no_repeat_ngram,
// SearchOptions::not_first; so does a SentenceChecker (sentence_checker.h), whose rejected
// sentences are taken back and written again. Without gradients; results are on the CPU. Studies of
// one batch do not influence each other. The forms that take a GroundedModel run in the module's
// current mode: call model->eval() first.
//
// Beam search is that of transformers (5.12, GenerationMixin._beam_search). At each step the
// 2 x beam_size likeliest continuations of all beams are looked at:
//   - one that ends (eos, or it has as many words as are allowed) among the first beam_size becomes
//     a finished text, compared by log P / length^length_penalty, where eos counts as a word; the
//     best beam_size finished texts are kept;
//   - of the others the first beam_size go on.
// With early_stopping "true" a study is done as soon as beam_size texts are finished. Else it is
// done when there are beam_size of them and the likeliest live text could not be better than the
// worst of them: "false" compares at its present length, "never" (with a length_penalty above 0) at
// the longest one allowed. Texts that reach the limit compete at that length.
#pragma once

#include <string>
#include <vector>

#include "radgen/model/grounded_model.h"
#include "radgen/model/runtime.h"
#include "radgen/model/sentence_checker.h"

namespace radgen {

struct DecodingConfig {
  int64_t beam_size = 1;        // 1: greedy
  int64_t max_tokens = 200;     // words of a report at most, without prompt, bos and eos
  int64_t min_tokens = 0;       // no eos before
  double length_penalty = 0;    // beams are compared by log P / length^penalty; 0: log P
  int64_t no_repeat_ngram = 0;  // no n-gram twice; 0: off
  std::string kv_cache_type =
      "fp32";  // or "fp16", "int8": how the decoder keeps an image's keys and values
  // Sampled texts; beam_size and length_penalty have no part in them.
  int64_t num_samples = 1;  // 1: none is sampled
  double temperature = 0.7, top_p = 0.95;
  // used where a text is chosen (inference/sample_ranking.h)
  double finding_head_weight = 0, mbr_weight = 0;
  std::string early_stopping = "false";  // of beams: "true", "false", "never"
  // How often a sentence that a SentenceChecker rejects is written again; 0: it is not asked.
  int64_t sentence_retries = 8;
};
void describe(Fields& f, DecodingConfig& c);

// Named apart from radgen::Draft, which is the finished report (report/prediction.h).
struct DecodedText {
  std::vector<int64_t> ids;  // T words, without prompt, bos and eos
  // T, log P(word | before, image), before any word is forbidden
  std::vector<double> log_probs;
  double eos_log_prob = 0;   // log P(eos); 0 when the text was cut at max_tokens
  bool is_complete = false;  // ended by eos
  // false: the SentenceChecker rejected a sentence of it as often as it was written
  bool is_consistent = true;
  int64_t rejections = 0;  // sentences that were taken back on the way
  // sum of log_probs and eos_log_prob, over length^penalty; of sampled texts over length
  double score = 0;
  torch::Tensor attention;       // [T,N] head mean, of the step that predicted each word; CPU
  torch::Tensor null_attention;  // [T]
  // [L*A,T,N] of the L grounding layers' heads, the first layer's first; only when asked for
  torch::Tensor head_attention;
};

struct SearchOptions {
  // Of sampling, one a study: its texts depend on nothing else of the batch.
  std::vector<uint64_t> seeds;
  std::vector<int64_t> not_first;  // words that no text begins with
  // One a study, or one for all; not owned. Empty: every sentence is accepted.
  std::vector<const SentenceChecker*> checkers;
};

// Writes a report for each of the B studies, greedily or by beam search. prompts: B lists of ids
// that stand before bos (empty: no prompts at all). Throws Error{kData} when the number of prompts
// is wrong; texts are cut where the decoder's max_tokens ends.
std::vector<DecodedText> generate(const Runtime& runtime, const EncodedImage& encoded,
                                  const std::vector<std::vector<int64_t>>& prompts,
                                  const DecodingConfig& config, const SearchOptions& options = {});

// For each of the B studies config.num_samples texts, sampled word by word by P^(1/temperature)
// among the likeliest words that together hold `top_p` of it (Holtzman et al. 2020). A search
// ends where each word is likely, and where nothing is certain that is a report in which nothing is
// wrong; sampled texts differ in what they say, and which of them the image supports is judged
// afterwards. Throws as generate() does.
std::vector<std::vector<DecodedText>> sample_texts(const Runtime& runtime,
                                                   const EncodedImage& encoded,
                                                   const std::vector<std::vector<int64_t>>& prompts,
                                                   const DecodingConfig& config,
                                                   const SearchOptions& options);

// log P and attention of given words (no prompt, bos or eos in `ids`), teacher forced. `score` is
// without a length penalty and holds the eos too. keep_heads: fills head_attention.
std::vector<DecodedText> score_tokens(const Runtime& runtime, const EncodedImage& encoded,
                                      const std::vector<std::vector<int64_t>>& prompts,
                                      const std::vector<std::vector<int64_t>>& ids,
                                      bool keep_heads = false);

// The same for a network of this process as it stands.
std::vector<DecodedText> generate(GroundedModel model, const EncodedImage& encoded,
                                  const std::vector<std::vector<int64_t>>& prompts,
                                  const DecodingConfig& config, const SearchOptions& options = {});
std::vector<std::vector<DecodedText>> sample_texts(GroundedModel model, const EncodedImage& encoded,
                                                   const std::vector<std::vector<int64_t>>& prompts,
                                                   const DecodingConfig& config,
                                                   const SearchOptions& options);
std::vector<DecodedText> score_tokens(GroundedModel model, const EncodedImage& encoded,
                                      const std::vector<std::vector<int64_t>>& prompts,
                                      const std::vector<std::vector<int64_t>>& ids,
                                      bool keep_heads = false);

// The rows of `encoded` in the given order; to score one image with many texts, repeat its index.
EncodedImage select_studies(const EncodedImage& encoded, const std::vector<int64_t>& rows);

}  // namespace radgen

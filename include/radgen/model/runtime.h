// What search and predictor need of a network, whoever computes it: in this process, from an
// exported file, on another device. A new runtime is one file that implements this interface; the
// search (decoding.h) and the Predictor (inference/predictor.h) do not change.
//
//   std::shared_ptr<const Runtime> runtime = make_runtime(network, {.precision = "bf16"});
//   const EncodedImage encoded = runtime->encode(images);                   // B studies
//   auto [state, next] = runtime->start(encoded, texts, /*max_tokens=*/100);  // a row a study
//   runtime->select(*state, {0, 0, 1, 1}, {});                              // two rows a study
//   next = runtime->step(*state, {7, 8, 7, 9});                             // one token a row
//
// A runtime is immutable: precision, device and the type of the cross-attention KV cache are chosen
// when it is made. All that a text needs to go on lies in its DecoderState, which only the runtime
// that made it can read. Without gradients. One runtime may be used by one thread at a time.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "radgen/model/grounded_model.h"

namespace radgen {

// Keys and values, hidden states or whatever else a runtime remembers of the texts being written.
class DecoderState {
 public:
  virtual ~DecoderState() = default;
};

// What the last token of each row predicts.
struct NextTokens {
  torch::Tensor logits;          // [R,X]
  torch::Tensor attention;       // [R,N] over the patches, mean over heads; float
  torch::Tensor null_attention;  // [R]
};

// What each token of given texts predicts.
struct TextPredictions {
  torch::Tensor logits;          // [B,T,X]
  torch::Tensor attention;       // [B,T,N] mean over heads
  torch::Tensor null_attention;  // [B,T]
  // [B,L*A,T,N] of the L grounding layers' heads, the first layer's first; only when asked for
  torch::Tensor head_attention;
};

class Runtime {
 public:
  virtual ~Runtime() = default;
  // Special ids, vocabulary, longest text, grid of patches.
  virtual const ModelConfig& config() const = 0;

  virtual EncodedImage encode(const torch::Tensor& images) const = 0;  // [B,C,H,W]
  // P(finding) [B,C], pooled as the config says; Error{kUsage} without a finding head.
  virtual torch::Tensor finding_probabilities(const EncodedImage& encoded) const = 0;

  // Reads one text a study (a prompt and bos; at least one id each). The state has a row a study
  // and room for `max_tokens` tokens a row; runtimes may take more than that.
  virtual std::pair<std::unique_ptr<DecoderState>, NextTokens> start(
      const EncodedImage& encoded, const std::vector<std::vector<int64_t>>& texts,
      int64_t max_tokens) const = 0;
  // Appends one token to each row.
  virtual NextTokens step(DecoderState& state, const std::vector<int64_t>& ids) const = 0;
  // Row i goes on from row rows[i]. The rows of a study stand side by side, each study has as many;
  // `studies`: those that stay, in their order (empty: all), and rows names their rows alone.
  virtual void select(DecoderState& state, const std::vector<int64_t>& rows,
                      const std::vector<int64_t>& studies) const = 0;
  // Row i forgets its last counts[i] tokens; the other rows are as if nothing had happened.
  virtual void rewind(DecoderState& state, const std::vector<int64_t>& counts) const = 0;

  // What INT8 costs, as it was measured when the runtime was made (int8.h); null without INT8.
  virtual nlohmann::ordered_json int8_report() const { return nullptr; }

  // Teacher forced: texts of any lengths, each with its prompt and bos.
  virtual TextPredictions read(const EncodedImage& encoded,
                               const std::vector<std::vector<int64_t>>& texts,
                               bool keep_heads) const = 0;
};

struct RuntimeOptions {
  // "fp32", "bf16" (autocast), "int8" with scales from `int8_images`, "int8-dynamic" with scales
  // found at run time (int8.h). Weights in memory stay fp32.
  std::string precision = "fp32";
  // How a study's keys and values of the image are kept while its words are written, on CPUs:
  // "fp32", "fp16", "int8"; empty: fp32 with fp32, else fp16.
  std::string kv_cache_type;
  torch::Device device = torch::kCPU;
  std::vector<torch::Tensor> int8_images;  // [B,C,H,W] each, like those to come
};

// The network in this process. It is moved to the device, and belongs to the runtime from then on:
// a second runtime made of the same network takes its precision from the first one. Throws
// Error{kConfig} for words that are not in the list above, and what quantise() throws.
std::shared_ptr<const Runtime> make_runtime(GroundedModel network, const RuntimeOptions& options);

// The network as it stands: its device, its precision, its mode.
std::shared_ptr<const Runtime> runtime_of(GroundedModel network,
                                          const std::string& kv_cache_type = "fp32");

}  // namespace radgen

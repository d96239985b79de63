// A runtime that another one computes and that counts what it is asked for. Given words, it also
// puts them: a network with random weights then says sentences that have findings and regions, and
// search, ranking, maps and pages have as much to do as behind a trained one. Nothing that costs
// time is left out; the logits alone are another's.
//
//   auto runtime = std::make_shared<BenchRuntime>(predictor.runtime(), words);
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "radgen/model/runtime.h"

namespace radgen {

class BenchRuntime : public Runtime {
 public:
  // words: ids that follow each other in every text; empty: the runtime's own.
  BenchRuntime(std::shared_ptr<const Runtime> runtime, std::vector<int64_t> words)
      : runtime_(std::move(runtime)), words_(std::move(words)) {}

  // Steps of the decoder so far, and words that they wrote in all texts together.
  int64_t steps() const { return steps_; }
  int64_t tokens() const { return tokens_; }

  const ModelConfig& config() const override { return runtime_->config(); }
  EncodedImage encode(const torch::Tensor& images) const override {
    return runtime_->encode(images);
  }
  torch::Tensor finding_probabilities(const EncodedImage& encoded) const override {
    return runtime_->finding_probabilities(encoded);
  }
  std::pair<std::unique_ptr<DecoderState>, NextTokens> start(
      const EncodedImage& encoded, const std::vector<std::vector<int64_t>>& texts,
      int64_t max_tokens) const override;
  NextTokens step(DecoderState& state, const std::vector<int64_t>& ids) const override;
  void select(DecoderState& state, const std::vector<int64_t>& rows,
              const std::vector<int64_t>& studies) const override;
  void rewind(DecoderState& state, const std::vector<int64_t>& counts) const override;
  nlohmann::ordered_json int8_report() const override { return runtime_->int8_report(); }
  TextPredictions read(const EncodedImage& encoded, const std::vector<std::vector<int64_t>>& texts,
                       bool keep_heads) const override {
    return runtime_->read(encoded, texts, keep_heads);
  }

 private:
  struct Texts;
  void put_words(NextTokens& next, const Texts& texts) const;

  std::shared_ptr<const Runtime> runtime_;
  std::vector<int64_t> words_;
  mutable int64_t steps_ = 0, tokens_ = 0;
};

}  // namespace radgen

// What a text may not go on with. Processors are small and know nothing of the search that asks
// them: each forbids ids by setting their log-probability to -infinity.
//
//   const LogitsProcessors processors = processors_of(config, model_config, /*not_first=*/{});
//   std::copy(row, row + vocabulary, allowed.begin());
//   for (const auto& processor : processors) processor->apply(ids, allowed);
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "radgen/model/decoding.h"

namespace radgen {

inline constexpr float kForbidden = -std::numeric_limits<float>::infinity();

class LogitsProcessor {
 public:
  virtual ~LogitsProcessor() = default;
  // log_probs [X] of what comes behind `ids` (without prompt and bos).
  virtual void apply(const std::vector<int64_t>& ids, std::span<float> log_probs) const = 0;
};
using LogitsProcessors = std::vector<std::unique_ptr<LogitsProcessor>>;

// Never these; with only_first: not as a text's first word.
class ForbiddenIds : public LogitsProcessor {
 public:
  ForbiddenIds(std::vector<int64_t> forbidden, bool only_first)
      : forbidden_(std::move(forbidden)), only_first_(only_first) {}
  void apply(const std::vector<int64_t>& ids, std::span<float> log_probs) const override;

 private:
  std::vector<int64_t> forbidden_;
  bool only_first_;
};

// No eos before so many words.
class MinimumLength : public LogitsProcessor {
 public:
  MinimumLength(int64_t min_tokens, int64_t eos_id) : min_tokens_(min_tokens), eos_id_(eos_id) {}
  void apply(const std::vector<int64_t>& ids, std::span<float> log_probs) const override;

 private:
  int64_t min_tokens_, eos_id_;
};

// No n-gram twice. `first_id`: what stands before the text and counts as a part of it; negative:
// nothing.
class NoRepeatNgram : public LogitsProcessor {
 public:
  NoRepeatNgram(int64_t n, int64_t first_id) : n_(n), first_id_(first_id) {}
  void apply(const std::vector<int64_t>& ids, std::span<float> log_probs) const override;

 private:
  int64_t n_, first_id_;
};

// All that the configuration asks for. pad and bos are never words, unless the model says that
// special ids are words (weights of a public text model, whose bos counts as the text's first).
LogitsProcessors processors_of(const DecodingConfig& config, const ModelConfig& model,
                               const std::vector<int64_t>& not_first);

}  // namespace radgen

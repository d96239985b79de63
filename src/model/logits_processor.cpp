#include "model/logits_processor.h"

#include <algorithm>

namespace radgen {

void ForbiddenIds::apply(const std::vector<int64_t>& ids, std::span<float> log_probs) const {
  if (only_first_ && !ids.empty()) return;
  for (int64_t id : forbidden_) log_probs[static_cast<size_t>(id)] = kForbidden;
}

void MinimumLength::apply(const std::vector<int64_t>& ids, std::span<float> log_probs) const {
  if (static_cast<int64_t>(ids.size()) < min_tokens_)
    log_probs[static_cast<size_t>(eos_id_)] = kForbidden;
}

void NoRepeatNgram::apply(const std::vector<int64_t>& ids, std::span<float> log_probs) const {
  std::vector<int64_t> text;
  if (first_id_ >= 0) text.push_back(first_id_);
  text.insert(text.end(), ids.begin(), ids.end());
  const auto size = static_cast<int64_t>(text.size());
  for (int64_t i = 0; i + n_ <= size; ++i)
    if (std::equal(text.begin() + i, text.begin() + i + n_ - 1, text.end() - (n_ - 1)))
      log_probs[static_cast<size_t>(text[static_cast<size_t>(i + n_ - 1)])] = kForbidden;
}

LogitsProcessors processors_of(const DecodingConfig& config, const ModelConfig& model,
                               const std::vector<int64_t>& not_first) {
  LogitsProcessors processors;
  const bool are_words = model.special_ids_are_words;
  if (!are_words)
    processors.push_back(std::make_unique<ForbiddenIds>(
        std::vector<int64_t>{model.pad_id, model.bos_id}, /*only_first=*/false));
  if (config.min_tokens > 0)
    processors.push_back(std::make_unique<MinimumLength>(config.min_tokens, model.eos_id));
  if (config.no_repeat_ngram > 0)
    processors.push_back(
        std::make_unique<NoRepeatNgram>(config.no_repeat_ngram, are_words ? model.bos_id : -1));
  if (!not_first.empty())
    processors.push_back(std::make_unique<ForbiddenIds>(not_first, /*only_first=*/true));
  return processors;
}

}  // namespace radgen

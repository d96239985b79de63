#include "bench_words.h"

namespace radgen {

// Where each row is in the words. A sentence that is taken back is not said again: a row never goes
// back in them.
struct BenchRuntime::Texts : DecoderState {
  std::unique_ptr<DecoderState> inner;
  std::vector<size_t> next_word;
};

void BenchRuntime::put_words(NextTokens& next, const Texts& texts) const {
  constexpr float kCertain = 30;  // above every other logit
  if (words_.empty()) return;
  next.logits = next.logits.to(torch::kFloat).clone();
  for (size_t row = 0; row < texts.next_word.size(); ++row) {
    torch::Tensor logits = next.logits[static_cast<int64_t>(row)];
    logits[words_[texts.next_word[row] % words_.size()]] = logits.max() + kCertain;
  }
}

std::pair<std::unique_ptr<DecoderState>, NextTokens> BenchRuntime::start(
    const EncodedImage& encoded, const std::vector<std::vector<int64_t>>& texts,
    int64_t max_tokens) const {
  auto [inner, next] = runtime_->start(encoded, texts, max_tokens);
  auto state = std::make_unique<Texts>();
  state->inner = std::move(inner);
  state->next_word.assign(texts.size(), 0);
  put_words(next, *state);
  ++steps_;
  return {std::move(state), std::move(next)};
}

NextTokens BenchRuntime::step(DecoderState& state, const std::vector<int64_t>& ids) const {
  auto& texts = dynamic_cast<Texts&>(state);
  NextTokens next = runtime_->step(*texts.inner, ids);
  for (size_t& word : texts.next_word) ++word;
  put_words(next, texts);
  ++steps_;
  tokens_ += static_cast<int64_t>(ids.size());
  return next;
}

void BenchRuntime::select(DecoderState& state, const std::vector<int64_t>& rows,
                          const std::vector<int64_t>& studies) const {
  auto& texts = dynamic_cast<Texts&>(state);
  runtime_->select(*texts.inner, rows, studies);
  std::vector<size_t> selected;
  for (int64_t row : rows) selected.push_back(texts.next_word.at(static_cast<size_t>(row)));
  texts.next_word = std::move(selected);
}

void BenchRuntime::rewind(DecoderState& state, const std::vector<int64_t>& counts) const {
  runtime_->rewind(*dynamic_cast<Texts&>(state).inner, counts);
}

}  // namespace radgen

#include "model/search.h"

#include <algorithm>

#include "radgen/core/error.h"

namespace radgen {
namespace {

using torch::Tensor;

// Maps of every step so far, on the runtime's device.
class StepMaps {
 public:
  void add(const NextTokens& next) {
    attention_.push_back(next.attention);
    null_attention_.push_back(next.null_attention);
  }
  int64_t steps() const { return static_cast<int64_t>(attention_.size()); }

  void put_into(DecodedText& text, const std::vector<StepRow>& seen) const {
    std::vector<Tensor> maps, nulls;
    for (const StepRow& at : seen) {
      maps.push_back(attention_[static_cast<size_t>(at.step)][at.row]);
      nulls.push_back(null_attention_[static_cast<size_t>(at.step)][at.row]);
    }
    text.attention =
        maps.empty() ? torch::zeros({0, attention_.front().size(1)}) : torch::stack(maps).cpu();
    text.null_attention = nulls.empty() ? torch::zeros({0}) : torch::stack(nulls).cpu();
  }

 private:
  std::vector<Tensor> attention_, null_attention_;  // a step each: [R,N], [R]
};

std::vector<DecodedText> texts_of(StudySearch& search, const StepMaps& maps) {
  std::vector<DecodedText> texts;
  for (Hypothesis& hypothesis : search.finish()) {
    DecodedText text;
    text.ids = std::move(hypothesis.ids);
    text.log_probs = std::move(hypothesis.log_probs);
    text.eos_log_prob = hypothesis.eos_log_prob;
    text.is_complete = hypothesis.is_complete;
    text.is_consistent = hypothesis.is_consistent;
    text.rejections = hypothesis.rejections;
    text.score = hypothesis.score;
    maps.put_into(text, hypothesis.seen);
    texts.push_back(std::move(text));
  }
  return texts;
}

// What the runtime does before its next step.
struct NextStep {
  std::vector<int64_t> studies;  // places in the last step that go on
  std::vector<int64_t> rows, ids, rewinds;

  void add(const std::vector<Continuation>& continuations, int64_t first_row) {
    for (const Continuation& one : continuations) {
      rows.push_back(first_row + one.parent);
      ids.push_back(one.id);
      rewinds.push_back(one.rewind);
    }
  }
};

}  // namespace

std::vector<std::vector<DecodedText>> run_search(
    const Runtime& runtime, const EncodedImage& encoded,
    const std::vector<std::vector<int64_t>>& starts, int64_t max_tokens,
    const std::vector<std::unique_ptr<StudySearch>>& searches) {
  size_t longest = 0;
  for (const auto& start : starts) longest = std::max(longest, start.size());
  auto [state, next] = runtime.start(encoded, starts, static_cast<int64_t>(longest) + max_tokens);
  std::vector<std::vector<DecodedText>> texts(searches.size());
  std::vector<size_t> active(searches.size());  // studies in the order of the rows
  for (size_t i = 0; i < active.size(); ++i) active[i] = i;
  StepMaps maps;
  int64_t rows = 1;  // of each study
  while (true) {
    const Tensor log_probs =
        torch::log_softmax(next.logits.to(torch::kFloat), -1).cpu().contiguous();
    const auto row_size = static_cast<size_t>(log_probs.size(1));
    maps.add(next);
    NextStep following;
    std::vector<size_t> remaining;
    for (size_t i = 0; i < active.size(); ++i) {
      StudySearch& search = *searches[active[i]];
      const int64_t first_row = static_cast<int64_t>(i) * rows;
      const auto continuations =
          search.advance({{log_probs.data_ptr<float>() + static_cast<size_t>(first_row) * row_size,
                           static_cast<size_t>(rows) * row_size},
                          rows,
                          {maps.steps() - 1, first_row}});
      if (continuations.empty()) {
        texts[active[i]] = texts_of(search, maps);
        continue;
      }
      RADGEN_CHECK(static_cast<int64_t>(continuations.size()) == search.rows(),
                   "one continuation a row");
      following.studies.push_back(static_cast<int64_t>(i));
      following.add(continuations, first_row);
      remaining.push_back(active[i]);
    }
    if (remaining.empty()) return texts;
    runtime.select(*state, following.rows, following.studies);
    if (std::any_of(following.rewinds.begin(), following.rewinds.end(),
                    [](int64_t count) { return count > 0; }))
      runtime.rewind(*state, following.rewinds);
    next = runtime.step(*state, following.ids);
    active = std::move(remaining);
    rows = searches[active.front()]->rows();
  }
}

}  // namespace radgen

// The one loop that writes texts, and what a strategy has to say in it.
//
//   std::vector<std::unique_ptr<StudySearch>> searches;           // one a study
//   searches.push_back(std::make_unique<IndependentTexts>(...));  // greedy, sampling
//   std::vector<std::vector<DecodedText>> texts = run_search(runtime, encoded, starts, searches);
//
// The loop steps the runtime, keeps its rows in order and hands each study its own rows'
// log-probabilities; studies do not see each other. A strategy says how each row goes on, until it
// is done. Maps stay on the device until a study is done: fetching one would wait for the step.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "model/logits_processor.h"
#include "radgen/model/decoding.h"
#include "radgen/model/runtime.h"

namespace radgen {

// The row of a step, which predicted a word and has its map.
struct StepRow {
  int64_t step = 0, row = 0;
};

// A text that is being written.
struct Hypothesis {
  std::vector<int64_t> ids;
  std::vector<double> log_probs;
  std::vector<StepRow> seen;  // what predicted ids[i]
  double eos_log_prob = 0;
  bool is_complete = false;
  bool is_consistent = true;
  int64_t rejections = 0;  // sentences that were taken back
  double score = 0;

  // eos counts as a word
  double length() const { return static_cast<double>(ids.size()) + (is_complete ? 1 : 0); }
};

// How a row goes on: by `id` behind the study's row `parent`, whose last `rewind` tokens are
// forgotten first.
struct Continuation {
  int64_t parent = 0, id = 0, rewind = 0;
};

// What the newest step says to one study.
struct StudyStep {
  std::span<const float> log_probs;  // [rows,X]
  int64_t rows = 0;                  // 1 at the first step
  StepRow first;                     // row 0's

  std::span<const float> of(int64_t row) const {
    const size_t vocabulary = log_probs.size() / static_cast<size_t>(rows);
    return log_probs.subspan(static_cast<size_t>(row) * vocabulary, vocabulary);
  }
  StepRow at(int64_t row) const { return {first.step, first.row + row}; }
};

class StudySearch {
 public:
  virtual ~StudySearch() = default;
  virtual int64_t rows() const = 0;
  // rows() continuations; none when the study is done.
  virtual std::vector<Continuation> advance(const StudyStep& step) = 0;
  // The best first where they have an order. Once, when the study is done.
  virtual std::vector<Hypothesis> finish() = 0;
};

// Every study has the same number of rows. starts: prompt and bos of each; max_tokens: words that
// any of them may have.
std::vector<std::vector<DecodedText>> run_search(
    const Runtime& runtime, const EncodedImage& encoded,
    const std::vector<std::vector<int64_t>>& starts, int64_t max_tokens,
    const std::vector<std::unique_ptr<StudySearch>>& searches);

}  // namespace radgen

// Greedy decoding and sampling: each row is a text of its own that goes on with what a TokenChooser
// says of it.
//
// With a SentenceChecker, a finished sentence that is not accepted is taken back: the text forgets
// it and goes on from the words before, with what the network said there. Sampling draws afresh.
// Where that does not help (greedy decoding, which would write the same again, and the later half
// of a sampled sentence's tries), the rejected sentence's least certain word is forbidden behind
// the words before it, so that the sentence must leave the way where another one is likeliest.
// After `sentence_retries` rejections in one place the text keeps the sentence, is marked as
// inconsistent and asked no more.
#pragma once

#include <vector>

#include "model/search.h"
#include "model/token_chooser.h"

namespace radgen {

struct TextRules {
  const LogitsProcessors* processors = nullptr;
  const SentenceChecker* checker = nullptr;  // null: every sentence is accepted
  int64_t eos_id = 0, pad_id = 0;
  int64_t sentence_retries = 0;
};

class IndependentTexts : public StudySearch {
 public:
  // limit: words of a text at most; a text for each of `random`; scores are log P /
  // length^length_penalty.
  IndependentTexts(const TextRules& rules, std::unique_ptr<TokenChooser> chooser, int64_t limit,
                   double length_penalty, const std::vector<Random>& random);
  int64_t rows() const override { return static_cast<int64_t>(texts_.size()); }
  std::vector<Continuation> advance(const StudyStep& step) override;
  std::vector<Hypothesis> finish() override;

 private:
  // A word that may not follow the sentence's first words.
  struct Ban {
    std::vector<int64_t> before;
    int64_t id = 0;
  };
  // Where a text can go on from again.
  struct Place {
    size_t begin = 0;              // index into Hypothesis::ids
    std::vector<float> log_probs;  // [X], what was said of the word there
    StepRow seen;
  };
  struct Text {
    Hypothesis written;
    Random random;
    bool is_done = false;
    // Of the sentence that is being written, and of its section:
    Place sentence, section;
    bool has_section = false;
    int64_t restarts = 0;        // of the section
    std::vector<float> margins;  // each word's log P less that of the best other one
    std::vector<Ban> bans;
    int64_t rejections = 0;
  };

  bool is_checked(const Text& text) const {
    return rules_.checker != nullptr && text.written.is_consistent;
  }
  void extend(Text& text, std::span<const float> log_probs, StepRow seen);
  int64_t choose(Text& text, std::span<const float> log_probs);
  // The first `count` words are finished sentences now. False: the newest was taken back.
  bool keep_sentence(Text& text, size_t count);
  void take_back(Text& text);
  // At the end of the text. False: its last section was taken back.
  bool keep_section(Text& text);
  static void forget_behind(Text& text, size_t begin);
  // Remembers what was said of the sentence's first word.
  static void begin_sentence(Text& text, size_t begin, std::span<const float> log_probs,
                             StepRow seen);

  TextRules rules_;
  std::unique_ptr<TokenChooser> chooser_;
  int64_t limit_;
  double length_penalty_;
  std::vector<Text> texts_;
  std::vector<float> allowed_;  // [X]
};

}  // namespace radgen

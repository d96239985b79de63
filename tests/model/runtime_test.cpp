#include "radgen/model/runtime.h"

#include <gtest/gtest.h>

#include <set>

#include "model/fake_runtime.h"
#include "model_test_support.h"
#include "radgen/core/error.h"
#include "radgen/model/decoding.h"

namespace radgen {
namespace {

using Ids = std::vector<int64_t>;

// Of 20 words: 2 begins a text, 3 ends it, 4 ends a sentence.
torch::Tensor random_table() {
  torch::manual_seed(4);
  return torch::randn({20, 20}) * 1.5;
}

TEST(TableRuntime, IsSearchedInEveryWay) {
  const TableRuntime runtime(tiny_config(), random_table());
  const EncodedImage encoded = runtime.encode(torch::zeros({2, 1, 4, 4}));
  const std::vector<Ids> prompts{{}, {5, 6, 7}};
  const auto greedy = generate(runtime, encoded, prompts, {.max_tokens = 8});
  const auto beams =
      generate(runtime, encoded, prompts, {.beam_size = 3, .max_tokens = 8, .length_penalty = 1});
  const auto sampled = sample_texts(
      runtime, encoded, prompts, {.max_tokens = 8, .num_samples = 6, .temperature = 1, .top_p = 1},
      {.seeds = {1, 2}});
  std::set<Ids> different;
  for (size_t b = 0; b < 2; ++b) {
    std::vector<DecodedText> texts = sampled[b];
    texts.push_back(greedy[b]);
    texts.push_back(beams[b]);
    for (const DecodedText& text : texts) {
      different.insert(text.ids);
      const EncodedImage one = runtime.encode(torch::zeros({1, 1, 4, 4}));
      const DecodedText scored = score_tokens(runtime, one, {prompts[b]}, {text.ids})[0];
      for (size_t i = 0; i < text.ids.size(); ++i) {
        EXPECT_NEAR(text.log_probs[i], scored.log_probs[i], 1e-5);
        // the step that predicted word i had read the prompt, bos and i words
        EXPECT_EQ(text.attention[static_cast<int64_t>(i)][0].item<float>(),
                  static_cast<float>(prompts[b].size() + 1 + i));
      }
    }
    EXPECT_GE(beams[b].score * static_cast<double>(beams[b].ids.size() + beams[b].is_complete),
              -1e9);
  }
  EXPECT_GT(different.size(), 5U);
}

TEST(InProcessRuntime, UnknownWordsAreRefused) {
  EXPECT_THROW(make_runtime(tiny_model(), {.precision = "fp8"}), Error);
  EXPECT_THROW(make_runtime(tiny_model(), {.kv_cache_type = "int3"}), Error);
}

TEST(InProcessRuntime, RowsThatAreRewoundGoOnAsIfNothingHadHappened) {
  torch::NoGradGuard no_grad;
  const auto runtime = runtime_of(tiny_model());
  torch::manual_seed(2);
  const EncodedImage encoded = runtime->encode(torch::randn({2, 1, 12, 16}));
  auto [state, next] = runtime->start(encoded, {{2}, {5, 2}}, /*max_tokens=*/6);
  auto [plain, plain_next] = runtime->start(encoded, {{2}, {5, 2}}, /*max_tokens=*/6);
  for (int64_t id : {7, 8, 9}) {
    next = runtime->step(*state, {id, id + 1});
    plain_next = runtime->step(*plain, {id, id + 1});
  }
  runtime->rewind(*state, {2, 0});
  for (int64_t id : {10, 11, 12, 13}) {  // more than there was room for
    next = runtime->step(*state, {id, id});
    plain_next = runtime->step(*plain, {id, id});
  }
  const auto [fresh, fresh_next] =
      runtime->start(encoded, {{2, 7, 10, 11, 12, 13}, {5, 2, 8, 9, 10, 10, 11, 12, 13}}, 20);
  EXPECT_TRUE(torch::allclose(next.logits, fresh_next.logits, 1e-4, 1e-5));
  EXPECT_TRUE(torch::allclose(next.attention, fresh_next.attention, 1e-4, 1e-5));
  EXPECT_TRUE(torch::equal(next.logits[1], plain_next.logits[1]));
  EXPECT_FALSE(torch::allclose(next.logits[0], plain_next.logits[0], 1e-4, 1e-5));
}

// Sentences end with word 4; one that holds the forbidden word is rejected.
class WithoutWord : public SentenceChecker {
 public:
  explicit WithoutWord(int64_t word) : word_(word) {}
  size_t finished(const Ids& ids, size_t begin) const override {
    return ids.back() == 4 ? ids.size() : begin;
  }
  bool accepts(const Ids& ids, size_t begin, int64_t) const override {
    EXPECT_LT(begin, ids.size());
    return std::find(ids.begin() + static_cast<std::ptrdiff_t>(begin), ids.end(), word_) ==
           ids.end();
  }

 private:
  int64_t word_;
};

class CheckedSearch : public ::testing::Test {
 protected:
  void SetUp() override {
    ModelConfig config = tiny_config();
    config.decoder.max_tokens = 40;
    model = tiny_model(config);
    torch::manual_seed(11);
    encoded = model->encode(torch::randn({3, 1, 12, 16}) * 3);
  }
  // Cached words and maps are those of the text alone, whatever was taken back.
  void expect_scored(const DecodedText& text, int64_t study) {
    const DecodedText scored =
        score_tokens(model, select_studies(encoded, {study}), {}, {text.ids})[0];
    for (size_t i = 0; i < text.ids.size(); ++i)
      EXPECT_NEAR(text.log_probs[i], scored.log_probs[i], 1e-4);
    EXPECT_TRUE(torch::allclose(text.attention, scored.attention, 1e-4, 1e-5));
  }
  int64_t most_frequent_word(const std::vector<std::vector<DecodedText>>& texts) {
    std::vector<int64_t> counts(20);
    for (const auto& of_study : texts)
      for (const DecodedText& text : of_study)
        for (int64_t id : text.ids)
          if (id != 4) ++counts[static_cast<size_t>(id)];
    return std::max_element(counts.begin(), counts.end()) - counts.begin();
  }

  torch::NoGradGuard no_grad;
  GroundedModel model{nullptr};
  EncodedImage encoded;
  const DecodingConfig sampling{.max_tokens = 30, .num_samples = 6, .temperature = 1.5, .top_p = 1};
};

TEST_F(CheckedSearch, RejectedSentencesAreTakenBackAndSampledAgain) {
  const SearchOptions options{.seeds = {1, 2, 3}};
  const auto plain = sample_texts(model, encoded, {}, sampling, options);
  const int64_t word = most_frequent_word(plain);
  const WithoutWord checker(word);
  SearchOptions checked = options;
  checked.checkers = {&checker};
  int64_t rejections = 0, consistent = 0;
  const auto texts = sample_texts(model, encoded, {}, sampling, checked);
  for (size_t b = 0; b < texts.size(); ++b) {
    for (size_t c = 0; c < texts[b].size(); ++c) {
      const DecodedText& text = texts[b][c];
      rejections += text.rejections;
      consistent += text.is_consistent;
      expect_scored(text, static_cast<int64_t>(b));
      if (!text.is_consistent || !text.is_complete) continue;
      EXPECT_EQ(std::count(text.ids.begin(), text.ids.end(), word), 0);
    }
  }
  EXPECT_GT(rejections, 10);
  EXPECT_GT(consistent, 9);
}

TEST_F(CheckedSearch, TextsThatAreNotRejectedStayTheSame) {
  const SearchOptions options{.seeds = {1, 2, 3}};
  const auto plain = sample_texts(model, encoded, {}, sampling, options);
  const WithoutWord checker(most_frequent_word(plain));
  SearchOptions checked = options;
  checked.checkers = {&checker};
  const auto texts = sample_texts(model, encoded, {}, sampling, checked);
  int64_t same = 0, changed = 0;
  for (size_t b = 0; b < texts.size(); ++b)
    for (size_t c = 0; c < texts[b].size(); ++c) {
      if (texts[b][c].rejections > 0) {
        ++changed;
        continue;
      }
      ++same;
      EXPECT_EQ(texts[b][c].ids, plain[b][c].ids);
      // To rounding: Haswell's GEMM kernels round a row differently beside other rows.
      for (size_t t = 0; t < texts[b][c].log_probs.size(); ++t)
        EXPECT_NEAR(texts[b][c].log_probs[t], plain[b][c].log_probs[t], 1e-5);
      EXPECT_TRUE(torch::allclose(texts[b][c].attention, plain[b][c].attention, 1e-4, 1e-6));
    }
  EXPECT_GT(same, 0);
  EXPECT_GT(changed, 0);
}

TEST_F(CheckedSearch, GreedyAndBeamsLeaveARejectedSentence) {
  for (int64_t beams : {1, 3}) {
    const DecodingConfig config{.beam_size = beams, .max_tokens = 20, .no_repeat_ngram = 3};
    const auto plain = generate(model, encoded, {}, config);
    const int64_t word = most_frequent_word({plain});
    const WithoutWord checker(word);
    const auto texts = generate(model, encoded, {}, config, {.checkers = {&checker}});
    for (size_t b = 0; b < texts.size(); ++b) {
      expect_scored(texts[b], static_cast<int64_t>(b));
      if (!texts[b].is_consistent || !texts[b].is_complete) continue;
      EXPECT_EQ(std::count(texts[b].ids.begin(), texts[b].ids.end(), word), 0) << beams;
    }
  }
}

// Behind the first sentence a section begins that needs a word.
class SectionWithWord : public WithoutWord {
 public:
  SectionWithWord(int64_t word, bool is_strict)
      : WithoutWord(/*word=*/0), word_(word), is_strict_(is_strict) {}
  bool begins_section(const Ids& ids) const override {
    return std::count(ids.begin(), ids.end(), 4) == 1;
  }
  bool accepts_end(const Ids& ids) const override {
    const auto section = std::find(ids.begin(), ids.end(), 4);
    return !is_strict_ || section == ids.end() || std::find(section, ids.end(), word_) != ids.end();
  }

 private:
  int64_t word_;
  bool is_strict_;
};

TEST_F(CheckedSearch, ASectionThatMayNotEndIsSampledAgainAndTheRestStays) {
  const SearchOptions options{.seeds = {1, 2, 3}};
  DecodingConfig config = sampling;
  config.num_samples = 24;
  config.sentence_retries = 40;
  const int64_t word = most_frequent_word(sample_texts(model, encoded, {}, config, options));
  int64_t restarted = 0;
  const SectionWithWord strict(word, true), lenient(word, false);
  SearchOptions checked = options, unchecked = options;
  checked.checkers = {&strict};
  unchecked.checkers = {&lenient};
  const auto texts = sample_texts(model, encoded, {}, config, checked);
  const auto plain = sample_texts(model, encoded, {}, config, unchecked);
  for (size_t b = 0; b < texts.size(); ++b)
    for (size_t c = 0; c < texts[b].size(); ++c) {
      const DecodedText& text = texts[b][c];
      expect_scored(text, static_cast<int64_t>(b));
      EXPECT_TRUE(text.is_consistent);
      if (text.is_complete && text.rejections < 20) {
        EXPECT_TRUE(strict.accepts_end(text.ids));
      }
      if (text.rejections == 0) continue;
      ++restarted;
      const Ids& before = plain[b][c].ids;
      const auto first = std::find(before.begin(), before.end(), 4) + 1;
      ASSERT_GE(text.ids.size(), static_cast<size_t>(first - before.begin()));
      EXPECT_TRUE(std::equal(before.begin(), first, text.ids.begin()));
    }
  EXPECT_GT(restarted, 2);
}

TEST_F(CheckedSearch, ATextThatIsRejectedEveryTimeIsMarked) {
  class Never : public WithoutWord {
   public:
    Never() : WithoutWord(0) {}
    bool accepts(const Ids&, size_t, int64_t) const override { return false; }
  };
  const Never checker;
  DecodingConfig config = sampling;
  config.sentence_retries = 3;
  for (const auto& of_study :
       sample_texts(model, encoded, {}, config, {.seeds = {1, 2, 3}, .checkers = {&checker}}))
    for (const DecodedText& text : of_study) {
      if (!text.is_complete) continue;
      EXPECT_EQ(text.is_consistent, text.ids.empty());
      if (!text.ids.empty()) {
        EXPECT_EQ(text.rejections, 3);
      }
    }
  config.sentence_retries = 0;  // nobody is asked
  for (const auto& of_study :
       sample_texts(model, encoded, {}, config, {.seeds = {1, 2, 3}, .checkers = {&checker}}))
    for (const DecodedText& text : of_study) EXPECT_TRUE(text.is_consistent);
}

}  // namespace
}  // namespace radgen

#include "radgen/model/sampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "model_test_support.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

using Ids = std::vector<int64_t>;

class SampledTexts : public ::testing::Test {
 protected:
  void SetUp() override {
    torch::manual_seed(11);
    encoded = model->encode(torch::randn({3, 1, 12, 16}) * 3);
  }
  torch::NoGradGuard no_grad;
  GroundedModel model = tiny_model();
  EncodedImage encoded;
  const std::vector<Ids> prompts{{}, {5, 6, 7}, {8}};
  const SamplingOptions options{{1, 2, 3}, {}};
};

TEST_F(SampledTexts, HaveTheLogProbabilitiesAndMapsOfTheirOwnWords) {
  const auto drawn = sample_texts(model, encoded, prompts,
                                  {.max_tokens = 9, .num_samples = 5, .temperature = 1}, options);
  ASSERT_EQ(drawn.size(), 3U);
  for (int64_t b = 0; b < 3; ++b) {
    for (const DecodedText& text : drawn[static_cast<size_t>(b)]) {
      const DecodedText scored = score_tokens(model, select_studies(encoded, {b}),
                                              {prompts[static_cast<size_t>(b)]}, {text.ids})[0];
      ASSERT_EQ(text.log_probs.size(), scored.log_probs.size());
      for (size_t i = 0; i < text.ids.size(); ++i)
        EXPECT_NEAR(text.log_probs[i], scored.log_probs[i], 1e-4);
      if (text.is_complete) {
        EXPECT_NEAR(text.eos_log_prob, scored.eos_log_prob, 1e-4);
      }
      EXPECT_TRUE(torch::allclose(text.attention, scored.attention, 1e-4, 1e-5));
      EXPECT_TRUE(torch::allclose(text.null_attention, scored.null_attention, 1e-4, 1e-5));
    }
  }
}

TEST_F(SampledTexts, DependOnTheirSeedAloneAndNotOnTheBatch) {
  const DecodingConfig config{.max_tokens = 9, .num_samples = 4, .temperature = 1};
  const auto together = sample_texts(model, encoded, prompts, config, options);
  std::set<Ids> different;
  for (int64_t b = 0; b < 3; ++b) {
    const auto i = static_cast<size_t>(b);
    const auto alone = sample_texts(model, select_studies(encoded, {b}), {prompts[i]}, config,
                                    {{options.seeds[i]}, {}});
    ASSERT_EQ(together[i].size(), 4U);
    for (size_t c = 0; c < 4; ++c) {
      EXPECT_EQ(together[i][c].ids, alone[0][c].ids);
      different.insert(alone[0][c].ids);
    }
  }
  EXPECT_GT(different.size(), 6U);
}

TEST_F(SampledTexts, AreGreedyWhenTopPHoldsOneWord) {
  const auto drawn = sample_texts(model, encoded, prompts,
                                  {.max_tokens = 9, .num_samples = 3, .top_p = 0.01}, options);
  const auto greedy = generate(model, encoded, prompts, {.max_tokens = 9});
  for (size_t b = 0; b < 3; ++b)
    for (const DecodedText& text : drawn[b]) EXPECT_EQ(text.ids, greedy[b].ids);
}

TEST_F(SampledTexts, NeverBeginWithAForbiddenWord) {
  const DecodingConfig config{.max_tokens = 1, .num_samples = 40, .temperature = 2, .top_p = 1};
  std::set<int64_t> firsts;
  for (const auto& texts : sample_texts(model, encoded, prompts, config, options))
    for (const DecodedText& text : texts)
      if (!text.ids.empty()) firsts.insert(text.ids[0]);
  ASSERT_GT(firsts.size(), 2U);
  const int64_t forbidden = *firsts.begin();
  for (const auto& texts :
       sample_texts(model, encoded, prompts, config, {options.seeds, {forbidden}}))
    for (const DecodedText& text : texts) {
      ASSERT_FALSE(text.ids.empty() && text.is_complete && text.eos_log_prob == 0);
      EXPECT_TRUE(text.ids.empty() || text.ids[0] != forbidden);
    }
}

TEST_F(SampledTexts, ComeAsOftenAsTheNetworkSays) {
  // The first word of 4,000 texts against its probability: three standard errors.
  constexpr int64_t kTexts = 4000;
  const EncodedImage one = select_studies(encoded, {0});
  std::vector<double> count(20, 0);
  double ended = 0;
  const auto drawn = sample_texts(
      model, one, {}, {.max_tokens = 1, .num_samples = kTexts, .temperature = 1, .top_p = 1},
      {{9}, {}});
  for (const DecodedText& text : drawn[0]) {
    if (text.ids.empty()) {
      ++ended;
    } else {
      count[static_cast<size_t>(text.ids[0])] += 1.0 / kTexts;
    }
  }
  double allowed = 0;  // pad and bos are never drawn
  std::vector<double> p(20);
  for (int64_t id = 0; id < 20; ++id) {
    p[static_cast<size_t>(id)] = std::exp(score_tokens(model, one, {}, {{id}})[0].log_probs[0]);
    if (id != 0 && id != 2) allowed += p[static_cast<size_t>(id)];
  }
  EXPECT_NEAR(ended / kTexts, p[3] / allowed, 0.025);
  for (size_t id = 4; id < 20; ++id) EXPECT_NEAR(count[id], p[id] / allowed, 0.025) << id;
}

}  // namespace
}  // namespace radgen

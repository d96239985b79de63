#include "radgen/model/decoding.h"

#include <gtest/gtest.h>

#include <set>

#include "model_test_support.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

using torch::Tensor;
using Ids = std::vector<int64_t>;

// The definition of greedy decoding: the whole text again for each word.
Ids greedy_without_cache(GroundedModel model, const EncodedImage& encoded, Ids text,
                         int64_t max_tokens) {
  torch::NoGradGuard no_grad;
  const size_t start = text.size();
  while (static_cast<int64_t>(text.size() - start) < max_tokens) {
    Tensor logits = model->decoder()
                        ->forward(encoded.memory, torch::tensor(text).unsqueeze(0))
                        .logits[0][-1]
                        .clone();
    logits[0] = logits[2] = -1e30;  // pad and bos are never words
    const auto best = logits.argmax().item<int64_t>();
    if (best == 3) break;
    text.push_back(best);
  }
  return {text.begin() + static_cast<int64_t>(start), text.end()};
}

class Decoding : public ::testing::Test {
 protected:
  void SetUp() override {
    torch::manual_seed(11);
    encoded = model->encode(torch::randn({4, 1, 12, 16}) * 3);
  }
  torch::NoGradGuard no_grad;
  GroundedModel model = tiny_model();
  EncodedImage encoded;
  const std::vector<Ids> prompts{{}, {5, 6, 7}, {8}, {9, 10}};
};

TEST_F(Decoding, GreedyWithCacheEqualsDecodingWithout) {
  const auto drafts = generate(model, encoded, prompts, {.max_tokens = 12});
  std::set<Ids> different;
  for (int64_t b = 0; b < 4; ++b) {
    Ids start = prompts[static_cast<size_t>(b)];
    start.push_back(2);
    EXPECT_EQ(drafts[static_cast<size_t>(b)].ids,
              greedy_without_cache(model, select_studies(encoded, {b}), start, 12))
        << b;
    different.insert(drafts[static_cast<size_t>(b)].ids);
  }
  EXPECT_GT(different.size(), 1U);
}

TEST_F(Decoding, CachedLogitsAndMapsEqualThoseOfTheWholeText) {
  const Tensor ids = torch::randint(4, 20, {4, 10}, torch::kLong);
  const DecoderOutput whole = model->decoder()->forward(encoded.memory, ids);
  DecoderCache cache = model->decoder()->start(encoded.memory, {}, 10);
  std::vector<Tensor> logits{model->decoder()->step(ids.narrow(1, 0, 4), {}, cache).logits};
  std::vector<Tensor> maps;
  for (int64_t t = 4; t < 10; ++t) {
    const DecoderOutput out = model->decoder()->step(ids.narrow(1, t, 1), {}, cache);
    logits.push_back(out.logits);
    maps.push_back(out.attention);
  }
  EXPECT_LT((torch::cat(logits, 1) - whole.logits).abs().max().item<float>(), 1e-5);
  EXPECT_LT((torch::cat(maps, 2) - whole.attention.narrow(2, 4, 6)).abs().max().item<float>(),
            1e-5);
  EXPECT_THROW(model->decoder()->step(ids.narrow(1, 0, 1), {}, cache), Error);
}

struct NarrowKeys {
  std::string kind;
  double map_error, log_prob_error;
};
class NarrowKvCache : public ::testing::TestWithParam<NarrowKeys> {};

// Heads of 16 numbers take the path for a few queries, prompts of nine words the general one; both
// widen what is kept.
TEST_P(NarrowKvCache, ChangeMapsByTheRoundingAlone) {
  const auto [kind, map_error, log_prob_error] = GetParam();
  torch::NoGradGuard no_grad;
  ModelConfig config = tiny_config();
  config.decoder.width = 32;
  config.decoder.heads = 2;
  config.decoder.has_null_key = true;
  GroundedModel wide = tiny_model(config);
  const EncodedImage image = wide->encode(torch::randn({2, 1, 12, 16}) * 3);
  for (const std::vector<Ids>& prompts :
       {std::vector<Ids>{{}, {5}}, std::vector<Ids>{{5, 6, 7, 8, 9, 10, 11, 5, 6}, {7}}}) {
    const auto full = generate(wide, image, prompts, {.max_tokens = 2});
    const auto narrow = generate(wide, image, prompts, {.max_tokens = 2, .kv_cache_type = kind});
    for (size_t b = 0; b < 2; ++b) {
      ASSERT_EQ(full[b].ids, narrow[b].ids);
      if (full[b].ids.empty()) continue;
      const double difference = largest_difference(full[b].attention, narrow[b].attention);
      EXPECT_LT(difference, map_error);
      EXPECT_GT(difference, 0);  // they really are narrow
      EXPECT_NEAR(full[b].log_probs[0], narrow[b].log_probs[0], log_prob_error);
    }
  }
}

// In 8 bits a step is a 127th of a channel's largest value: .4 % of it is the most that a key is
// off.
INSTANTIATE_TEST_SUITE_P(Kinds, NarrowKvCache,
                         ::testing::Values(NarrowKeys{"fp16", 1e-3, 2e-3},
                                           NarrowKeys{"int8", 3e-2, 5e-2}),
                         [](const auto& test) { return test.param.kind; });

TEST(NarrowKvCacheConfig, RefusesAnUnknownKind) {
  torch::NoGradGuard no_grad;
  GroundedModel model = tiny_model();
  EXPECT_THROW(
      generate(model, model->encode(torch::randn({1, 1, 12, 16})), {}, {.kv_cache_type = "int3"}),
      Error);
}

TEST(EightBitKeys, FollowTheTextsThatAreKept) {
  torch::NoGradGuard no_grad;
  ModelConfig config = tiny_config();
  config.decoder.width = 32;
  config.decoder.heads = 2;
  GroundedModel wide = tiny_model(config);
  const EncodedImage image = wide->encode(torch::randn({3, 1, 12, 16}) * 3);
  const auto together =
      generate(wide, image, {}, {.beam_size = 2, .max_tokens = 8, .kv_cache_type = "int8"});
  for (int64_t b = 0; b < 3; ++b)
    EXPECT_EQ(generate(wide, select_studies(image, {b}), {},
                       {.beam_size = 2, .max_tokens = 8, .kv_cache_type = "int8"})
                  .front()
                  .ids,
              together[static_cast<size_t>(b)].ids);
}

TEST_F(Decoding, TeacherForcedScoresEqualThoseOfTheDraft) {
  for (int64_t beam : {1, 3}) {
    const auto drafts = generate(model, encoded, prompts, {.beam_size = beam, .max_tokens = 9});
    std::vector<Ids> ids;
    for (const auto& draft : drafts) ids.push_back(draft.ids);
    const auto scored = score_tokens(model, encoded, prompts, ids, /*keep_heads=*/true);
    for (size_t b = 0; b < 4; ++b) {
      ASSERT_EQ(drafts[b].log_probs.size(), ids[b].size());
      for (size_t i = 0; i < ids[b].size(); ++i)
        EXPECT_NEAR(drafts[b].log_probs[i], scored[b].log_probs[i], 1e-4);
      if (drafts[b].is_complete) {
        EXPECT_NEAR(drafts[b].eos_log_prob, scored[b].eos_log_prob, 1e-4);
      }
      ASSERT_EQ(drafts[b].attention.sizes(), scored[b].attention.sizes());
      if (ids[b].empty()) continue;
      EXPECT_LT((drafts[b].attention - scored[b].attention).abs().max().item<float>(), 1e-4);
      EXPECT_LT((drafts[b].null_attention - scored[b].null_attention).abs().max().item<float>(),
                1e-4);
      EXPECT_LT((scored[b].head_attention.mean(0) - scored[b].attention).abs().max().item<float>(),
                1e-5);
    }
  }
}

TEST_F(Decoding, StudiesOfABatchDoNotInfluenceEachOther) {
  for (int64_t beam : {1, 3}) {
    const DecodingConfig config{.beam_size = beam, .max_tokens = 10, .length_penalty = 1};
    const auto together = generate(model, encoded, prompts, config);
    for (int64_t b = 0; b < 4; ++b) {
      const auto alone =
          generate(model, select_studies(encoded, {b}), {prompts[static_cast<size_t>(b)]}, config);
      EXPECT_EQ(together[static_cast<size_t>(b)].ids, alone[0].ids)
          << "beam " << beam << ", study " << b;
    }
  }
}

TEST_F(Decoding, WideBeamFindsTheBestTextOfAll) {
  // With as many beams as words no text of two words is lost: the best of all of them is known.
  ModelConfig config = tiny_config();
  config.decoder.vocabulary_size = 7;
  GroundedModel small = tiny_model(config, 21);
  const EncodedImage one = select_studies(small->encode(torch::randn({1, 1, 12, 16})), {0});
  double best = -1e30;
  Ids best_ids;
  std::vector<Ids> texts{{}};
  for (int64_t a : {1, 4, 5, 6}) {
    texts.push_back({a});
    for (int64_t b : {1, 4, 5, 6}) texts.push_back({a, b});
  }
  for (const Ids& text : texts) {
    const double score = score_tokens(small, one, {}, {text})[0].score;
    if (text.size() < 2 && score > best) best = score, best_ids = text;
  }
  const auto draft = generate(small, one, {}, {.beam_size = 16, .max_tokens = 2})[0];
  EXPECT_TRUE(draft.is_complete);
  EXPECT_EQ(draft.ids, best_ids);
  EXPECT_NEAR(draft.score, best, 1e-4);
  const auto greedy = generate(small, one, {}, {.max_tokens = 2, .min_tokens = 2})[0];
  const auto beam =
      generate(small, one, {}, {.beam_size = 16, .max_tokens = 2, .min_tokens = 2})[0];
  double best_pair = -1e30;
  for (const Ids& text : texts)
    if (text.size() == 2) {
      const auto scored = score_tokens(small, one, {}, {text})[0];
      best_pair = std::max(best_pair, scored.score - scored.eos_log_prob);
    }
  EXPECT_NEAR(beam.score, best_pair, 1e-4);
  EXPECT_GE(beam.score, greedy.score - 1e-6);
}

TEST_F(Decoding, MinimumMaximumAndNoRepeatHold) {
  for (int64_t beam : {1, 3}) {
    const auto drafts =
        generate(model, encoded, {},
                 {.beam_size = beam, .max_tokens = 14, .min_tokens = 8, .no_repeat_ngram = 2});
    for (const auto& draft : drafts) {
      EXPECT_GE(draft.ids.size(), 8U);
      EXPECT_LE(draft.ids.size(), 14U);
      std::set<std::pair<int64_t, int64_t>> pairs;
      for (size_t i = 0; i + 1 < draft.ids.size(); ++i)
        EXPECT_TRUE(pairs.insert({draft.ids[i], draft.ids[i + 1]}).second);
      for (int64_t id : draft.ids) EXPECT_TRUE(id != 0 && id != 2 && id != 3);
    }
  }
}

TEST_F(Decoding, TextEndsWhereEveryWordIsForbidden) {
  // 17 words are allowed once each, and eos is not.
  for (int64_t beam : {1, 3}) {
    const DecodingConfig config{
        .beam_size = beam, .max_tokens = 22, .min_tokens = 22, .no_repeat_ngram = 1};
    const auto drafts = generate(model, select_studies(encoded, {0, 1}), {}, config);
    for (const auto& draft : drafts) {
      EXPECT_EQ(draft.ids.size(), 17U);
      EXPECT_FALSE(draft.is_complete);
    }
  }
}

TEST_F(Decoding, TextIsCutWhereTheDecoderEnds) {
  const Ids long_prompt(20, 6);
  const auto drafts = generate(model, select_studies(encoded, {0}), {long_prompt},
                               {.max_tokens = 100, .min_tokens = 50});
  EXPECT_EQ(drafts[0].ids.size(), 24U - 21U);
  EXPECT_FALSE(drafts[0].is_complete);
  EXPECT_THROW(generate(model, select_studies(encoded, {0}), {Ids(23, 6)}, {}), Error);
}

TEST_F(Decoding, ForeignIdsAndWrongCountsAreRefused) {
  EXPECT_THROW(generate(model, encoded, {{1}}, {}), Error);
  EXPECT_THROW(score_tokens(model, encoded, {}, {{1}, {2}, {3}, {20}}), Error);
  EXPECT_THROW(score_tokens(model, encoded, {}, {{1}}), Error);
}

TEST_F(Decoding, PaddedPatchesStayUnseen) {
  Tensor mask = torch::ones({4, 12}, torch::kBool);
  mask.narrow(1, 9, 3).fill_(false);
  encoded.patch_attend_mask = mask;
  for (int64_t beam : {1, 2})
    for (const auto& draft :
         generate(model, encoded, {}, {.beam_size = beam, .max_tokens = 4, .min_tokens = 4}))
      EXPECT_EQ(draft.attention.narrow(1, 9, 3).abs().max().item<float>(), 0);
}

}  // namespace
}  // namespace radgen

#include "radgen/model/attention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gradient_check.h"
#include "model_test_support.h"

namespace radgen {
namespace {

using torch::Tensor;

Tensor doubles(std::vector<int64_t> sizes) {
  return torch::randn(sizes, torch::dtype(torch::kDouble));
}
// Tiny tensors gain nothing from threads, and lose much on a busy machine.
class OneThread : public ::testing::Environment {
  void SetUp() override { torch::set_num_threads(1); }
};
[[maybe_unused]] const auto* const kOneThread =
    ::testing::AddGlobalTestEnvironment(new OneThread);  // NOLINT: googletest owns it

TEST(TiledSelfAttention, ThreadsDoNotChangeTheResult) {
  torch::manual_seed(5);
  const Tensor qkv = torch::randn({2, 700, 3, 3, 8});
  const Tensor alone = tiled_self_attention(qkv);
  torch::set_num_threads(2);
  const Tensor together = tiled_self_attention(qkv);
  torch::set_num_threads(1);
  EXPECT_LT(largest_difference(alone, together), 1e-6);
}

// N, causal: one tile, several query tiles, several key tiles with a rest.
struct Case {
  int64_t n;
  bool is_causal;
};
class SelfAttentionForms : public ::testing::TestWithParam<Case> {};

TEST_P(SelfAttentionForms, TiledEqualsPlain) {
  torch::manual_seed(1);
  const Tensor qkv = torch::randn({2, GetParam().n, 3, 2, 8}) * 2;
  EXPECT_LT(largest_difference(tiled_self_attention(qkv, GetParam().is_causal),
                               plain_self_attention(qkv, GetParam().is_causal)),
            2e-5);  // sums of 1,100 fp32 products of the size of 4, in another order
}

TEST_P(SelfAttentionForms, TiledGradientsEqualPlainOnes) {
  torch::manual_seed(2);
  const Tensor a = doubles({1, GetParam().n, 3, 2, 4}).requires_grad_(true);
  const Tensor b = a.detach().clone().requires_grad_(true);
  const Tensor weight = doubles({1, GetParam().n, 2, 4});
  (tiled_self_attention(a, GetParam().is_causal) * weight).sum().backward();
  (plain_self_attention(b, GetParam().is_causal) * weight).sum().backward();
  EXPECT_LT(largest_difference(a.grad(), b.grad()), 1e-10);
}

INSTANTIATE_TEST_SUITE_P(Sizes, SelfAttentionForms,
                         ::testing::Values(Case{1, false}, Case{7, false}, Case{7, true},
                                           Case{700, false}, Case{700, true}, Case{1100, false},
                                           Case{1100, true}));

TEST(TiledSelfAttention, GradientsMatchDifferences) {
  torch::manual_seed(3);
  const Tensor qkv = doubles({1, 5, 3, 2, 3}).requires_grad_(true);
  const Tensor weight = doubles({1, 5, 2, 3});
  expect_gradients_match(
      {qkv}, [&] { return (tiled_self_attention(qkv, true) * weight).sum(); }, 1e-6, 90);
}

TEST(TiledSelfAttention, LargeScoresDoNotOverflow) {
  const Tensor qkv = torch::randn({1, 600, 3, 1, 8}) * 60;
  EXPECT_TRUE(torch::isfinite(tiled_self_attention(qkv)).all().item<bool>());
}

TEST(SelfAttention, FirstCausalPositionSeesOnlyItself) {
  const Tensor qkv = torch::randn({1, 4, 3, 2, 3});
  const Tensor out = self_attention(qkv, /*is_causal=*/true);
  EXPECT_LT(largest_difference(out.select(1, 0), qkv.select(1, 0).select(1, 2)), 1e-6);
}

TEST(SelfAttention, PlainLimitDoesNotChangeTheResult) {
  const Tensor qkv = torch::randn({2, 40, 3, 2, 8});
  EXPECT_LT(largest_difference(self_attention(qkv, false, 0), self_attention(qkv, false)), 1e-6);
}

TEST(MaskedAttention, RowWithoutKeysGivesZerosAndFiniteGradients) {
  const Tensor q = torch::randn({1, 1, 2, 3}).requires_grad_(true), k = torch::randn({1, 1, 2, 3}),
               v = k.clone();
  const Tensor mask = torch::tensor({false, false, true, true}).view({1, 1, 2, 2});
  const Tensor out = masked_attention(q, k, v, mask);
  EXPECT_EQ(out.select(2, 0).abs().max().item<float>(), 0);
  out.sum().backward();
  EXPECT_TRUE(torch::isfinite(q.grad()).all().item<bool>());
}

class GroundedCrossAttention : public ::testing::Test {
 protected:
  void SetUp() override {
    torch::manual_seed(4);
    q = doubles({2, 3, 4, 5});
    k = doubles({2, 3, 6 + 1, 5});
    v = torch::cat({doubles({2, 3, 6, 5}), torch::zeros({2, 3, 1, 5}, torch::kDouble)}, 2);
  }
  Tensor q, k, v;
};

TEST_F(GroundedCrossAttention, WeightsAndNullWeightSumToOne) {
  const CrossAttention seen = cross_attention(q, k, v, true, {});
  EXPECT_EQ(seen.weights.sizes(), (std::vector<int64_t>{2, 3, 4, 6}));
  EXPECT_LT(largest_difference(seen.weights.sum(-1) + seen.null_weight,
                               torch::ones({2, 3, 4}, torch::kDouble)),
            1e-12);
  EXPECT_GT(seen.null_weight.min().item<double>(), 0);
}

TEST_F(GroundedCrossAttention, WithoutNullKeyWeightsSumToOne) {
  const CrossAttention seen = cross_attention(q, k, v, false, {});
  EXPECT_EQ(seen.weights.size(3), 7);
  EXPECT_LT(largest_difference(seen.weights.sum(-1), torch::ones({2, 3, 4}, torch::kDouble)),
            1e-12);
  EXPECT_EQ(seen.null_weight.abs().max().item<double>(), 0);
}

TEST_F(GroundedCrossAttention, PaddedPatchesGetZeroWeight) {
  Tensor mask = torch::ones({2, 6}, torch::kBool);
  mask[1].narrow(0, 4, 2).fill_(false);
  const CrossAttention seen = cross_attention(q, k, v, true, mask);
  EXPECT_EQ(seen.weights[1].narrow(-1, 4, 2).abs().max().item<double>(), 0);
  // What is behind the mask has no influence.
  const CrossAttention cut = cross_attention(
      q.narrow(0, 1, 1), torch::cat({k.narrow(2, 0, 4), k.narrow(2, 6, 1)}, 2).narrow(0, 1, 1),
      torch::cat({v.narrow(2, 0, 4), v.narrow(2, 6, 1)}, 2).narrow(0, 1, 1), true, {});
  EXPECT_LT(largest_difference(seen.context[1], cut.context[0]), 1e-12);
}

TEST_F(GroundedCrossAttention, ImageOfPaddingAloneAndNoNullKeyGivesZeros) {
  const CrossAttention seen = cross_attention(q, k, v, false, torch::zeros({2, 7}, torch::kBool));
  EXPECT_EQ(seen.context.abs().max().item<double>(), 0);
  EXPECT_EQ(seen.weights.abs().max().item<double>(), 0);
}

TEST_F(GroundedCrossAttention, ScoresGiveLogWeightsWhereWeightsUnderflow) {
  const CrossAttention seen = cross_attention(q.to(torch::kFloat) * 300, k.to(torch::kFloat),
                                              v.to(torch::kFloat), true, {});
  EXPECT_EQ(seen.weights.min().item<float>(), 0);
  const Tensor logs = torch::log_softmax(seen.scores, -1);
  EXPECT_TRUE(torch::isfinite(logs).all().item<bool>());
  EXPECT_LT(logs.min().item<float>(), -104);  // below the smallest float's logarithm
}

TEST(CrossAttention, FewQueriesWithoutGradientsSeeTheSame) {
  torch::manual_seed(6);
  for (const int64_t d : {16, 32, 64, 80, 20}) {
    const Tensor q = torch::randn({2, 3, 2, d}), k = torch::randn({2, 3, 301, d}),
                 v = torch::randn({2, 3, 301, d});
    Tensor mask = torch::ones({2, 300}, torch::kBool);
    mask[1].narrow(0, 100, 120).fill_(false);
    for (const TensorOptional& attend : {TensorOptional(), TensorOptional(mask)}) {
      const CrossAttention with_gradients = cross_attention(q, k, v, true, attend);
      const Tensor self = masked_attention(q, k, v, {});
      torch::NoGradGuard no_grad;
      const CrossAttention without = cross_attention(q, k, v, true, attend);
      EXPECT_LT(largest_difference(without.context, with_gradients.context), 1e-5) << d;
      EXPECT_LT(largest_difference(without.weights, with_gradients.weights), 1e-5) << d;
      EXPECT_LT(largest_difference(without.null_weight, with_gradients.null_weight), 1e-5) << d;
      EXPECT_LT(largest_difference(masked_attention(q, k, v, {}), self), 1e-5) << d;
    }
  }
}

TEST_F(GroundedCrossAttention, GradientsMatchDifferences) {
  for (Tensor* input : {&q, &k, &v}) input->requires_grad_(true);
  const Tensor on_context = doubles({2, 3, 4, 5}), on_weights = doubles({2, 3, 4, 6});
  expect_gradients_match({q, k, v}, [&] {
    const CrossAttention seen = cross_attention(q, k, v, true, {});
    return (seen.context * on_context).sum() + (seen.weights * on_weights).sum() +
           seen.null_weight.square().sum();
  });
}

}  // namespace
}  // namespace radgen

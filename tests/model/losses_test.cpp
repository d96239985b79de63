#include "radgen/model/losses.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gradient_check.h"

namespace radgen {
namespace {

using torch::Tensor;

Tensor bools(std::vector<int64_t> values, std::vector<int64_t> sizes) {
  return torch::tensor(values).view(sizes).to(torch::kBool);
}
Tensor values_of(std::vector<double> values, std::vector<int64_t> sizes) {
  return torch::tensor(values, torch::kDouble).view(sizes);
}

TEST(TextLoss, IsTheMeanOverStudiesOfMeansOverTokens) {
  // Two words of two; probabilities by hand: study 0 has tokens with p = 3/4 and 1/4, study 1 one
  // with p = 1/2.
  const double l3 = std::log(3.0);
  const Tensor logits = values_of({l3, 0, l3, 0, 0, 0, 9, 9}, {2, 2, 2});
  const Tensor targets = torch::tensor({0, 1, 1, 0}, torch::kLong).view({2, 2});
  const Tensor mask = bools({1, 1, 1, 0}, {2, 2});
  const double study_0 = -(std::log(.75) + std::log(.25)) / 2, study_1 = -std::log(.5);
  EXPECT_NEAR(text_loss(logits, targets, mask).item<double>(), (study_0 + study_1) / 2, 1e-12);
}

TEST(TextLoss, BatchEqualsTheMeanOfItsStudiesAlone) {
  torch::manual_seed(1);
  const Tensor logits = torch::randn({3, 5, 7}, torch::kDouble),
               targets = torch::randint(0, 7, {3, 5}, torch::kLong);
  const Tensor mask = bools({1, 1, 1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0}, {3, 5});
  double mean = 0;
  for (int64_t b = 0; b < 3; ++b)
    mean += text_loss(logits.narrow(0, b, 1), targets.narrow(0, b, 1), mask.narrow(0, b, 1))
                .item<double>() /
            3;
  EXPECT_NEAR(text_loss(logits, targets, mask).item<double>(), mean, 1e-12);
}

// One study, two tokens, four patches; the first token is grounded on patches 0 and 1.
class GroundingLoss : public ::testing::Test {
 protected:
  double value(const std::string& kind, const Tensor& a) const {
    return grounding_loss(a, {}, masks, tokens, text_mask, kind, 1e-9).item<double>();
  }
  Tensor attention =
      values_of({.4, .2, .1, .1, .25, .25, .25, .25}, {1, 2, 4});  // .2 on the null key
  Tensor masks = values_of({1, 1, 0, 0, 0, 0, 0, 0}, {1, 2, 4});
  Tensor tokens = bools({1, 0}, {1, 2}), text_mask = bools({1, 1}, {1, 2});
};

TEST_F(GroundingLoss, BinaryCrossEntropyByHand) {
  const double sum = -(std::log(.4) + std::log(.2) + 2 * std::log(.9));
  EXPECT_NEAR(value("bce_sum", attention), sum / 2, 1e-12);       // two tokens, one grounded
  EXPECT_NEAR(value("bce_mean", attention), sum / 4 / 2, 1e-12);  // four patches
}

TEST_F(GroundingLoss, MassCountsTheNullKeyAsOutside) {
  EXPECT_NEAR(value("mass", attention), -std::log(.6) / 2, 1e-12);
}

TEST_F(GroundingLoss, KlByHandAndZeroAtItsOptimum) {
  EXPECT_NEAR(value("kl", attention), (-(std::log(.4) + std::log(.2)) / 2 - std::log(2.0)) / 2,
              1e-12);
  const Tensor best = values_of({.5, .5, 0, 0, .25, .25, .25, .25}, {1, 2, 4});
  EXPECT_NEAR(value("kl", best), 0, 1e-12);
  EXPECT_GT(value("kl", values_of({1, 0, 0, 0, .25, .25, .25, .25}, {1, 2, 4})),
            1);  // one patch alone is not enough
}

TEST_F(GroundingLoss, KlOfFractionalMasksIsZeroAtTheNormalisedMask) {
  masks = values_of({1, .5, .5, 0, 0, 0, 0, 0}, {1, 2, 4});
  EXPECT_NEAR(value("kl", values_of({.5, .25, .25, 0, 1, 0, 0, 0}, {1, 2, 4})), 0, 1e-12);
  EXPECT_GT(value("kl", attention), 0);
}

TEST_F(GroundingLoss, KlDiceAddsWhatTheCutMapShowsOutsideTheMask) {
  // Two patches in the mask. All mass there: both terms are 0. Half as much on a third patch: it
  // shows 1.1 * .5 / .6 there.
  masks = values_of({1, 1, 0, 0, 0, 0, 0, 0}, {1, 2, 4});
  EXPECT_NEAR(value("kl_dice", values_of({.5, .5, 0, 0, .25, .25, .25, .25}, {1, 2, 4})), 0, 1e-12);
  const Tensor hazy = values_of({.4, .4, .2, 0, .25, .25, .25, .25}, {1, 2, 4});
  const double shown = 1.1 * .5 / .6, dice = 2 * 2 / (2 + shown * shown + 2);
  EXPECT_NEAR(value("kl_dice", hazy), value("kl", hazy) + 2 * (1 - dice) / 2, 1e-12);
}

TEST_F(GroundingLoss, TokensWithoutMaskOrOutsideTheTextCountNothing) {
  for (const char* kind : {"bce_mean", "bce_sum", "mass", "kl", "kl_dice"}) {
    const double before = value(kind, attention);
    tokens = bools({1, 1}, {1, 2});  // the second token's mask is empty
    EXPECT_NEAR(value(kind, attention), before, 1e-12) << kind;
    text_mask = bools({0, 1}, {1, 2});
    EXPECT_EQ(value(kind, attention), 0) << kind;
    text_mask = bools({1, 1}, {1, 2});
    tokens = bools({0, 0}, {1, 2});
    EXPECT_EQ(value(kind, attention), 0) << kind;
    tokens = bools({1, 0}, {1, 2});
  }
}

TEST(LogMeanAttention, EqualsTheLogOfTheMeanAndSurvivesUnderflow) {
  torch::manual_seed(2);
  const std::vector<Tensor> scores{torch::randn({2, 3, 4, 6}, torch::kDouble),
                                   torch::randn({2, 3, 4, 6}, torch::kDouble)};
  const Tensor tokens = bools({1, 0, 0, 1, 0, 0, 1, 0}, {2, 4});
  const Tensor logs = log_mean_attention(scores, tokens, 5);  // the last column is the null key
  Tensor mean = (torch::softmax(scores[0], -1).mean(1) + torch::softmax(scores[1], -1).mean(1)) / 2;
  mean = mean.narrow(-1, 0, 5).reshape({8, 5}).index_select(0, torch::tensor({0, 3, 6}));
  EXPECT_LT((logs - mean.log()).abs().max().item<double>(), 1e-12);
  const Tensor far = log_mean_attention({scores[0] * 1e4}, tokens, 5);
  EXPECT_TRUE(torch::isfinite(far).all().item<bool>());
  EXPECT_LT(far.min().item<double>(), -1000);
}

TEST(EntropyLoss, UniformIsLogNAndOnePatchIsZero) {
  const Tensor mask = bools({1, 1, 0}, {1, 3});
  const Tensor attention = values_of({.25, .25, .25, .25, 1, 0, 0, 0, .5, .5, 0, 0}, {1, 3, 4});
  EXPECT_NEAR(entropy_loss(attention, mask, {}, 1e-12).item<double>(), std::log(4.0) / 2, 1e-9);
  EXPECT_NEAR(entropy_loss(attention, mask, bools({0, 1, 1}, {1, 3}), 1e-12).item<double>(), 0,
              1e-9);
}

TEST(PoolFindings, NoisyOrByHandAndManyPatchesStayFinite) {
  const Tensor logits = values_of({0, 0, 0}, {1, 3, 1});  // three patches at p = 1/2
  const PooledFindings pooled = pool_findings(logits, "noisy_or", 0);
  EXPECT_NEAR(pooled.log_p.item<double>(), std::log(1 - .125), 1e-12);
  EXPECT_NEAR(pooled.log_not_p.item<double>(), std::log(.125), 1e-12);
  for (double logit : {-40.0, 0.0, 40.0}) {
    const Tensor many = torch::full({1, 16384, 1}, logit).requires_grad_(true);
    const PooledFindings result = pool_findings(many, "noisy_or", 0);
    (result.log_p + result.log_not_p).sum().backward();
    EXPECT_TRUE(std::isfinite(result.log_p.item<double>()) &&
                std::isfinite(result.log_not_p.item<double>()))
        << logit;
    EXPECT_TRUE(torch::isfinite(many.grad()).all().item<bool>()) << logit;
  }
}

TEST(PoolFindings, LogSumExpLiesBetweenMeanAndMaximum) {
  const Tensor logits = values_of({1, 2, 6}, {1, 3, 1});
  auto pooled = [&](double r) {
    return torch::logit(pool_findings(logits, "lse", r).log_p.exp()).item<double>();
  };
  EXPECT_NEAR(pooled(0), 3, 1e-9);
  EXPECT_NEAR(pooled(1), std::log((std::exp(1.) + std::exp(2.) + std::exp(6.)) / 3), 1e-9);
  EXPECT_NEAR(pooled(100), 6 - std::log(3.0) / 100, 1e-6);
}

TEST(LabelLoss, UncertainAndAbsentLabelsAreIgnored) {
  const PooledFindings pooled{values_of({.8, .8, .8, .8}, {1, 4}).log(),
                              values_of({.2, .2, .2, .2}, {1, 4}).log()};
  const Tensor labels = values_of({1, 0, -1, std::nan("")}, {1, 4});
  EXPECT_NEAR(label_loss(pooled, labels).item<double>(), -(std::log(.8) + std::log(.2)) / 2, 1e-12);
}

TEST(PatchLoss, InsideAndOutsideCountHalfEach) {
  const Tensor logits = values_of({2, -1, -1, -1}, {1, 4, 1}),
               labels = values_of({1, 0, 0, 0}, {1, 1, 4});
  const double inside = std::log1p(std::exp(-2.0)), outside = std::log1p(std::exp(-1.0));
  EXPECT_NEAR(patch_loss(logits, labels, bools({1}, {1, 1})).item<double>(), (inside + outside) / 2,
              1e-12);
  EXPECT_EQ(patch_loss(logits, labels, bools({0}, {1, 1})).item<double>(), 0);
}

TEST(Losses, GradientsMatchDifferences) {
  torch::manual_seed(3);
  const Tensor scores = torch::randn({2, 2, 3, 5}, torch::kDouble).requires_grad_(true);
  const Tensor patch_logits = torch::randn({2, 4, 3}, torch::kDouble).requires_grad_(true);
  const Tensor masks = torch::rand({2, 3, 4}, torch::kDouble),
               tokens = bools({1, 0, 1, 1, 1, 0}, {2, 3});
  const Tensor text_mask = bools({1, 1, 1, 1, 1, 0}, {2, 3}),
               labels = values_of({1, 0, -1, 0, 0, 1}, {2, 3});
  for (const char* kind : {"bce_mean", "bce_sum", "mass", "kl", "kl_dice"})
    expect_gradients_match({scores}, [&] {
      const Tensor attention = torch::softmax(scores, -1).narrow(-1, 0, 4).mean(1);
      return grounding_loss(attention, log_mean_attention({scores}, tokens, 4), masks, tokens,
                            text_mask, kind, 1e-9) +
             entropy_loss(attention, text_mask, {}, 1e-9);
    });
  for (const char* pooling : {"lse", "noisy_or"})
    expect_gradients_match({patch_logits}, [&] {
      return label_loss(pool_findings(patch_logits, pooling, 4), labels) +
             patch_loss(patch_logits,
                        masks.transpose(1, 2).narrow(2, 0, 3).reshape({2, 3, 4}).clamp(0, 1),
                        labels >= 0);
    });
}

}  // namespace
}  // namespace radgen

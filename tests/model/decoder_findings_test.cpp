#include <gtest/gtest.h>

#include <cmath>

#include "model_test_support.h"
#include "radgen/core/error.h"
#include "radgen/model/weights.h"

namespace radgen {
namespace {

using torch::Tensor;

ModelConfig config_with_findings() {
  ModelConfig config = tiny_config();
  config.sees_findings = true;
  return config;
}

TEST(DecoderFindings, AddsWhatTheFindingHeadSeesToEachPatch) {
  torch::NoGradGuard no_grad;
  GroundedModel model = tiny_model(config_with_findings());
  const Tensor image = torch::randn({2, 1, 12, 16});
  const EncodedImage with = model->encode(image);
  Tensor findings = model->named_parameters()["evidence"];
  const Tensor p = with.finding_logits.sigmoid(), odds = (p / (1 - p)).log();
  const Tensor added = torch::matmul(p, findings.narrow(0, 0, 3)) +
                       torch::matmul(odds / 8, findings.narrow(0, 3, 3));
  ASSERT_LT(odds.abs().max().item<double>(), 8);
  findings.zero_();
  const EncodedImage without = model->encode(image);
  const int64_t width = model->config().decoder.width;
  const Tensor difference = (with.memory - without.memory).narrow(2, 0, width);
  EXPECT_TRUE(torch::allclose(difference, added, 1e-4, 1e-5));
  EXPECT_GT(added.abs().max().item<double>(), 0.1);
  EXPECT_TRUE(torch::allclose(with.memory.narrow(2, width, 3), odds, 1e-3, 1e-4));
}

// The scores, from the formula of decoder.h: (q k + sqrt(d + C) (W_e x) e) / sqrt(d + C).
TEST(DecoderFindings, AddsToTheScoresByTheFindingsThatAWordAsksFor) {
  torch::NoGradGuard no_grad;
  torch::manual_seed(5);
  constexpr int64_t kWidth = 8, kHeads = 2, kClasses = 3, kPatches = 5, kTokens = 4,
                    kHeadWidth = kWidth / kHeads;
  CrossAttentionLayer layer(kWidth, kHeads, /*has_null_key=*/true, /*has_cls_key=*/false, kClasses);
  layer->finding_query->bias.normal_();
  layer->null_key.normal_();
  const Tensor memory = torch::randn({2, kPatches, kWidth + kClasses}),
               x = torch::randn({2, kTokens, kWidth});
  const auto [out, seen] = layer->forward(x, layer->project_keys_values(memory), {});
  const Tensor q = layer->query(x),
               k = layer->key_value(memory.narrow(2, 0, kWidth)).narrow(2, 0, kWidth),
               asked = layer->finding_query(x), findings = memory.narrow(2, kWidth, kClasses);
  const double root = std::sqrt(static_cast<double>(kHeadWidth + kClasses));
  for (int64_t head = 0; head < kHeads; ++head) {
    const Tensor q_head = q.narrow(2, head * kHeadWidth, kHeadWidth);
    const Tensor patches =
        torch::matmul(q_head, k.narrow(2, head * kHeadWidth, kHeadWidth).transpose(1, 2)) / root +
        torch::matmul(asked.narrow(2, head * kClasses, kClasses), findings.transpose(1, 2));
    const Tensor null = torch::matmul(q_head, layer->null_key[head]).unsqueeze(2) / root;
    EXPECT_TRUE(
        torch::allclose(seen.scores.select(1, head), torch::cat({patches, null}, 2), 1e-4, 1e-5));
  }
}

TEST(DecoderFindings, LetsNoGradientOfTheWordsIntoTheFindingHead) {
  ModelConfig config = config_with_findings();
  config.loss.lambda_labels = config.loss.lambda_patches = 0;
  GroundedModel model = tiny_model(config);
  model->forward(tiny_input(config)).losses.total.backward();
  EXPECT_TRUE(model->named_parameters()["evidence"].grad().defined());
  EXPECT_FALSE(model->named_parameters()["finding_head.weight"].grad().defined());
}

TEST(DecoderFindings, NeedsAFindingHead) {
  ModelConfig config = config_with_findings();
  config.finding_classes = 0;
  EXPECT_THROW(GroundedModel{config}, Error);
}

TEST(ConvStem, KeepsItsRunningMeansWithTheWeights) {
  torch::manual_seed(3);
  GroundedModel trained = tiny_model(), other = tiny_model(tiny_config(), 8);
  trained->train();
  trained->encode(torch::randn({4, 1, 12, 16}) * 3 + 1);  // moves the running means
  trained->eval();
  const Tensor image = torch::randn({1, 1, 12, 16});
  torch::NoGradGuard no_grad;
  ASSERT_FALSE(torch::allclose(trained->encode(image).memory, other->encode(image).memory));
  load_tensors(*other, parse_safetensors(format_safetensors(named_tensors(*trained)), "memory"),
               "memory", true);
  EXPECT_TRUE(torch::equal(trained->encode(image).memory, other->encode(image).memory));
}

TEST(ConvStem, BeginsEachResidualBlockAsTheIdentity) {
  ModelConfig with = tiny_config(), without = tiny_config();
  with.encoder.stem_blocks = 2;
  without.encoder.stem_blocks = 0;
  torch::manual_seed(3);
  GroundedModel deep(with), shallow(without);
  deep->eval();
  shallow->eval();
  torch::NoGradGuard no_grad;
  load_tensors(*shallow, named_tensors(*deep), "deep", /*is_strict=*/false);
  const Tensor image = torch::randn({2, 1, 12, 16});
  EXPECT_TRUE(
      torch::allclose(deep->encode(image).memory, shallow->encode(image).memory, 1e-5, 1e-6));
}

}  // namespace
}  // namespace radgen

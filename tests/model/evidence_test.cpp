#include <gtest/gtest.h>

#include "model_test_support.h"
#include "radgen/core/error.h"
#include "radgen/model/weights.h"

namespace radgen {
namespace {

using torch::Tensor;

ModelConfig config_with_evidence() {
  ModelConfig config = tiny_config();
  config.evidence = true;
  return config;
}

TEST(Evidence, AddsWhatTheFindingHeadSeesToEachPatch) {
  torch::NoGradGuard no_grad;
  GroundedModel model = tiny_model(config_with_evidence());
  const Tensor image = torch::randn({2, 1, 12, 16});
  const EncodedImage with = model->encode(image);
  Tensor evidence = model->named_parameters()["evidence"];
  const Tensor p = with.finding_logits.sigmoid(), odds = (p / (1 - p)).log();
  const Tensor added = torch::matmul(p, evidence.narrow(0, 0, 3)) + torch::matmul(odds / 8, evidence.narrow(0, 3, 3));
  ASSERT_LT(odds.abs().max().item<double>(), 8);
  evidence.zero_();
  const EncodedImage without = model->encode(image);
  EXPECT_TRUE(torch::allclose(with.memory - without.memory, added, 1e-4, 1e-5));
  EXPECT_GT(added.abs().max().item<double>(), 0.1);
}

TEST(Evidence, LetsNoGradientOfTheWordsIntoTheFindingHead) {
  ModelConfig config = config_with_evidence();
  config.loss.lambda_labels = config.loss.lambda_patches = 0;
  GroundedModel model = tiny_model(config);
  model->forward(tiny_input(config)).losses.total.backward();
  EXPECT_TRUE(model->named_parameters()["evidence"].grad().defined());
  EXPECT_FALSE(model->named_parameters()["finding_head.weight"].grad().defined());
}

TEST(Evidence, NeedsAFindingHead) {
  ModelConfig config = config_with_evidence();
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
  load_tensors(*other, parse_safetensors(format_safetensors(named_tensors(*trained)), "memory"), "memory", true);
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
  EXPECT_TRUE(torch::allclose(deep->encode(image).memory, shallow->encode(image).memory, 1e-5, 1e-6));
}

}  // namespace
}  // namespace radgen

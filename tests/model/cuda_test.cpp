// The network on a GPU gives what it gives on the CPU. Skipped where there is none.
#include <gtest/gtest.h>

#include "model_test_support.h"
#include "radgen/model/attention.h"
#include "radgen/model/autocast.h"
#include "radgen/model/decoding.h"
#include "radgen/model/sampling.h"
#include "radgen/model/windowed_attention.h"

namespace radgen {
namespace {

using torch::Tensor;

class Cuda : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!torch::cuda::is_available()) GTEST_SKIP() << "this LibTorch sees no CUDA device";
    at::globalContext().setAllowTF32CuBLAS(false);
    at::globalContext().setAllowTF32CuDNN(false);
  }
  const torch::Device gpu_{torch::kCUDA, 0};
};

ForwardInput moved(const ForwardInput& input, torch::Device device) {
  ForwardInput there = input;
  for (Tensor* tensor : {&there.image, &there.text_ids, &there.grounding_masks, &there.labels,
                         &there.patch_labels, &there.has_boxes})
    *tensor = tensor->to(device);
  return there;
}

TEST_F(Cuda, FusedAttentionIsThePlainFormula) {
  for (const bool is_causal : {false, true}) {
    const Tensor qkv = torch::randn({2, 300, 3, 4, 32}, gpu_);
    if (!has_fused_attention(gpu_)) GTEST_SKIP() << "this LibTorch has no fused attention";
    const Tensor fused =
        fused_attention(qkv.select(2, 0), qkv.select(2, 1), qkv.select(2, 2), is_causal);
    EXPECT_LT(largest_difference(fused, plain_self_attention(qkv.to(torch::kDouble), is_causal)),
              1e-5);
    EXPECT_TRUE(fused.is_contiguous());
  }
}

TEST_F(Cuda, WindowedAndPooledAttentionAgreeWithTheCpu) {
  const PatchGrid grid{20, 18};
  const Tensor qkv = torch::randn({2, 1 + grid.size(), 3, 2, 16});
  EXPECT_LT(largest_difference(window_self_attention(qkv.to(gpu_), grid, 8, /*has_cls=*/true),
                               window_self_attention(qkv, grid, 8, true)),
            1e-5);
  const Tensor q = torch::randn({2, 360, 2, 16}), kv = torch::randn({2, 90, 2, 2, 16});
  EXPECT_LT(largest_difference(attention(q.to(gpu_), kv.to(gpu_)), attention(q, kv)), 1e-5);
}

TEST_F(Cuda, TiledAttentionAgreesWithFusedThereAndBack) {
  const Tensor values = torch::randn({1, 200, 3, 2, 16}),
               weight = torch::randn({1, 200, 2, 16}, gpu_);
  Tensor gradients[2];
  for (int i = 0; i < 2; ++i) {
    const Tensor qkv = values.to(gpu_).requires_grad_(true);
    const Tensor out = i == 0 ? tiled_self_attention(qkv) : self_attention(qkv);
    (out * weight).sum().backward();
    gradients[i] = qkv.grad();
  }
  EXPECT_LT(largest_difference(gradients[0], gradients[1]), 1e-5);
}

TEST_F(Cuda, LossesAndGradientsAgreeWithTheCpu) {
  const ModelConfig config = tiny_config();
  const ForwardInput input = tiny_input(config);
  GroundedModel here = tiny_model(config), there = tiny_model(config);
  there->to(gpu_);
  const Losses on_cpu = here->forward(input).losses,
               on_gpu = there->forward(moved(input, gpu_)).losses;
  EXPECT_NEAR(on_cpu.total.item<double>(), on_gpu.total.item<double>(), 1e-4);
  EXPECT_NEAR(on_cpu.grounding.item<double>(), on_gpu.grounding.item<double>(), 1e-4);
  on_cpu.total.backward();
  on_gpu.total.backward();
  const auto expected = here->named_parameters();
  for (const auto& parameter : there->named_parameters()) {
    const Tensor wanted = expected[parameter.key()].grad();
    ASSERT_EQ(wanted.defined(), parameter.value().grad().defined()) << parameter.key();
    if (!wanted.defined()) continue;
    EXPECT_LT(largest_difference(wanted, parameter.value().grad()), 1e-3) << parameter.key();
  }
}

TEST_F(Cuda, WordsAndMapsAgreeWithTheCpu) {
  const ModelConfig config = tiny_config();
  const ForwardInput input = tiny_input(config);
  GroundedModel here = tiny_model(config), there = tiny_model(config);
  there->to(gpu_);
  const torch::NoGradGuard no_grad;
  for (const int64_t beams : {1, 3}) {
    DecodingConfig decoding;
    decoding.beam_size = beams;
    decoding.max_tokens = 12;
    const auto expected = generate(here, here->encode(input.image), {}, decoding);
    const auto seen = generate(there, there->encode(input.image.to(gpu_)), {}, decoding);
    for (size_t b = 0; b < expected.size(); ++b) {
      EXPECT_EQ(expected[b].ids, seen[b].ids);
      EXPECT_TRUE(seen[b].attention.device().is_cpu());
      EXPECT_LT(largest_difference(expected[b].attention, seen[b].attention), 1e-4);
    }
  }
}

TEST_F(Cuda, HalfKeysAreLeftInFullPrecision) {
  const ModelConfig config = tiny_config();
  GroundedModel model = tiny_model(config);
  model->to(gpu_);
  const torch::NoGradGuard no_grad;
  const EncodedImage encoded = model->encode(tiny_input(config).image.to(gpu_));
  DecodingConfig decoding;
  decoding.max_tokens = 6;
  decoding.kv_cache_type = "fp16";
  EXPECT_EQ(generate(model, encoded, {}, decoding).size(), 2U);
  decoding.num_samples = 3;
  EXPECT_EQ(sample_texts(model, encoded, {}, decoding, {.seeds = {1, 2}}).front().size(), 3U);
}

TEST_F(Cuda, CheckpointedDropoutDropsTheSame) {
  ModelConfig config = tiny_config();
  config.encoder.dropout = 0.5;
  const ForwardInput input = moved(tiny_input(config), gpu_);
  std::map<std::string, Tensor> gradients[2];
  for (const bool checkpointing : {false, true}) {
    config.encoder.activation_checkpointing = checkpointing;
    GroundedModel model = tiny_model(config);
    model->to(gpu_);
    model->train();
    torch::manual_seed(3);
    model->forward(input).losses.total.backward();
    for (const auto& parameter : model->named_parameters())
      gradients[checkpointing][parameter.key()] = parameter.value().grad();
  }
  for (const auto& [name, gradient] : gradients[0]) {
    if (!gradient.defined()) continue;
    EXPECT_LT(largest_difference(gradient, gradients[1].at(name)), 1e-4) << name;
  }
}

TEST_F(Cuda, Bf16TrainsWithFiniteGradients) {
  const ModelConfig config = tiny_config();
  GroundedModel model = tiny_model(config);
  model->to(gpu_);
  model->train();
  const ForwardInput input = moved(tiny_input(config), gpu_);
  Losses losses;
  {
    const Autocast narrow(true, gpu_);
    losses = model->forward(input).losses;
  }
  losses.total.backward();
  for (const auto& parameter : model->named_parameters()) {
    const Tensor gradient = parameter.value().grad();
    if (!gradient.defined()) continue;
    EXPECT_TRUE(torch::isfinite(gradient).all().item<bool>()) << parameter.key();
  }
}

}  // namespace
}  // namespace radgen

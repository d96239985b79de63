#include "radgen/model/flops.h"

#include <gtest/gtest.h>

#include "model_test_support.h"
#include "radgen/model/model_bench.h"

namespace radgen {
namespace {

ModelConfig vit_base() {
  ModelConfig config;  // ViT-B/16
  config.decoder.vocabulary_size = 50257;
  return config;
}

ModelConfig base_2048() {
  ModelConfig config = vit_base();
  config.encoder.window_patches = 16;
  config.encoder.global_layers = {3, 6, 9, 12};
  config.encoder.pool_keys = 4;
  return config;
}

TEST(EncoderFlops, AgreeWithThePublishedCountOfVitBase) {
  ModelConfig config = vit_base();
  config.encoder.channels = 3;
  const EncoderFlops work = encoder_flops(config, {14, 14});
  // 17.56 G multiply-adds (torchvision's vit_b_16; its classifier is 0.8 M of them).
  EXPECT_NEAR((work.stem + work.linear + work.attention) / 2e9, 17.56, 0.03);
}

TEST(EncoderFlops, WindowsAndPoolsCutAttentionToAFewPercent) {
  const EncoderFlops dense = encoder_flops(vit_base(), {128, 128}),
                     windowed = encoder_flops(base_2048(), {128, 128});
  EXPECT_NEAR(dense.total() / 1e12, 12.7, 0.1);
  EXPECT_NEAR(dense.attention / 1e12, 9.9, 0.05);
  EXPECT_LT(windowed.attention, 0.04 * dense.attention);
  EXPECT_NEAR(windowed.total() / 1e12, 3.0, 0.1);
}

TEST(EncoderFlops, OneWindowForAllIsDense) {
  ModelConfig wide = base_2048();
  wide.encoder.pool_keys = 1;
  EXPECT_DOUBLE_EQ(encoder_flops(wide, {14, 14}).total(),
                   encoder_flops(vit_base(), {14, 14}).total());
}

TEST(EncoderFlops, OfWindowsGrowWithN) {
  const double small = encoder_flops(base_2048(), {32, 32}).total(),
               large = encoder_flops(base_2048(), {128, 128}).total();
  EXPECT_GT(large / small, 16);
  EXPECT_LT(large / small, 16 * 1.15);
}

TEST(BytesPerToken, AreWeightsAndWhatIsRemembered) {
  ModelConfig config;
  config.decoder = {.width = 4, .layers = 1, .heads = 1, .mlp_ratio = 2, .vocabulary_size = 10};
  // Weights: 6 matrices of 4x4, 2 of 4x8, 1 of 4x10; keys and values of 5 patches and, on average,
  // 1 word before.
  EXPECT_DOUBLE_EQ(bytes_per_token(config, 5, 2, 1), 4 * (96 + 64 + 40 + 2 * 4 * (5 + 1)));
  EXPECT_DOUBLE_EQ(bytes_per_token(config, 5, 2, 3) - bytes_per_token(config, 5, 2, 2),
                   4 * 2 * 4 * (5 + 1));
}

TEST(ModelBench, TimesEveryPart) {
  GroundedModel model = bench_model(tiny_config());
  const BenchCase bench{.height_px = 16, .width_px = 12, .tokens = 5, .batch = 2, .runs = 3};
  for (const auto& measure : {bench_encode, bench_decode, bench_train}) {
    const BenchResult seen = measure(model, bench);
    EXPECT_GT(seen.low_s, 0);
    EXPECT_LE(seen.low_s, seen.median_s);
    EXPECT_LE(seen.median_s, seen.high_s);
    EXPECT_GT(seen.flops, 0);
  }
  EXPECT_FALSE(model->is_training());
}

}  // namespace
}  // namespace radgen

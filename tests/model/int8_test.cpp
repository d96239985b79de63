#include "radgen/model/int8.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "model/int8_calibration.h"
#include "model/int8_rows.h"
#include "model_test_support.h"
#include "radgen/core/compute.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

using torch::Tensor;

double relative_error(const Tensor& approximate, const Tensor& exact) {
  return (approximate - exact).norm().item<double>() / exact.norm().item<double>();
}

// 8 bits at 4 to 5 deviations are steps of 3 to 4 % of a deviation, each value off by 1 % of it.
// Fresh weights are uniform: their 255 steps over 3.5 deviations leave them off by .4 %, 129 steps
// by .8 %. Input, weights and result together 1.5 and 1.6 %.
constexpr double kLayerTolerance = 0.025;

SeenProduct seen_of(Linear& layer, const Tensor& x) {
  RangeRecorder recorder;
  recorder.apply(*layer, x, 0, layer->weight.size(0));
  return recorder.products().front();
}

// ViT-B's width, with windows in layer 1 and pooled keys and values in layer 2.
ModelConfig wide_config() {
  ModelConfig config;
  config.encoder.layers = 2;
  config.encoder.image_height_px = config.encoder.image_width_px = 128;
  config.encoder.window_patches = 4;
  config.encoder.global_layers = {2};
  config.encoder.pool_keys = 2;
  config.decoder.layers = 1;
  config.decoder.vocabulary_size = 32;
  return config;
}

struct Int8Layers : testing::Test {
  torch::NoGradGuard no_grad;
  Int8Layers() { torch::manual_seed(3); }
};
using Int8Network = Int8Layers;
using Int8Products = Int8Layers;

// Those that the engine multiplies without saturation on this machine: 64 always.
std::vector<int> exact_weights() {
  std::vector<int> largest{64};
  if (int8_largest_weight() != 64) largest.push_back(int8_largest_weight());
  return largest;
}

// Each number as large as it may be, so that pairs of products are too.
struct ExtremeProduct {
  Tensor weight;  // [to,from] of -largest and largest
  Tensor x;       // [rows,from] of -128 and 127
  ExtremeProduct(int64_t rows, int64_t from, int64_t to, int largest)
      : weight((torch::randint(0, 2, {to, from}, torch::kFloat) * 2 - 1) * largest),
        x(torch::randint(0, 2, {rows, from}, torch::kFloat) * kByteTop - kByteZero) {
    weight[0].fill_(largest);
    weight[to - 1].fill_(-largest);
    x[0].fill_(kByteTop - kByteZero);
    x[rows - 1].fill_(-kByteZero);
  }
  Tensor exact() const {
    return torch::matmul(x.to(torch::kDouble), weight.to(torch::kDouble).t());
  }
};
const std::vector<std::tuple<int64_t, int64_t, int64_t>> kProductSizes{
    {2, 16, 8}, {3, 72, 24}, {64, 256, 64}, {301, 768, 96}};

TEST_F(Int8Products, OfTheLargestNumbersDoNotSaturate) {
  for (int largest : exact_weights()) {
    for (const auto& [rows, from, to] : kProductSizes) {
      const ExtremeProduct of(rows, from, to, largest);
      const double most = of.exact().abs().max().item<double>();
      // A result of 1 is the largest sum.
      const Int8Product product(of.weight / most, torch::zeros({to}), true, largest);
      const Tensor u8 = empty_u8(rows, from, 1);
      ASSERT_TRUE(quantise_values(of.x.data_ptr<float>(), of.x.numel(), {},
                                  reinterpret_cast<uint8_t*>(u8.data_ptr<c10::quint8>())));
      const Tensor exact = (of.exact() / most).clamp(-1, 127 / 127.5);
      // Half a step is the result's own rounding.
      EXPECT_LT(largest_difference(product.apply(u8).dequantize(), exact), 0.51 * kOutputStep)
          << largest << " " << rows << " x " << from << " x " << to;
    }
  }
}

TEST_F(Int8Products, OfTheLargestNumbersDoNotSaturateWhenScalesAreFoundAtRunTime) {
  for (int largest : exact_weights()) {
    for (const auto& [rows, from, to] : kProductSizes) {
      const ExtremeProduct of(rows, from, to, largest);
      const Int8Product product(of.weight, torch::zeros({to}), true, largest);
      const double most = of.exact().abs().max().item<double>();
      EXPECT_LT(largest_difference(product.apply_dynamic(of.x), of.exact()), 1e-4 * most)
          << largest << " " << rows << " x " << from << " x " << to;
    }
  }
}

// What is known of the CPU and of oneDNN's limit must be what the engine was found to do.
TEST_F(Int8Products, HaveWeightsOfSevenBitsWithoutVnni) {
  const std::vector<std::string> features = cpu_features();
  const auto has = [&](const char* name) {
    return std::find(features.begin(), features.end(), name) != features.end();
  };
  const std::string limit = onednn_isa_limit();
  const bool is_onednn = int8_engine() == at::QEngine::ONEDNN;
  const bool has_vnni = has("avx512_vnni") || has("avx_vnni");
  if (!has_vnni || (is_onednn && (limit == "AVX2" || limit == "AVX512_CORE"))) {
    EXPECT_EQ(int8_largest_weight(), 64);
  } else if (is_onednn && has("avx512_vnni") && limit.empty()) {
    EXPECT_EQ(int8_largest_weight(), 127);
  }
}

TEST_F(Int8Layers, AgreesWithFp32AtRealWidth) {
  Linear layer(768, 1536);
  const Tensor x = torch::randn({2100, 768}), exact = layer(x);  // more than one block of rows
  for (int largest : exact_weights()) {
    for (bool is_dynamic : {false, true}) {
      const PartOptions options{.is_dynamic = is_dynamic, .largest_weight = largest};
      const Int8Part part = make_part(*layer, seen_of(layer, x), options).part;
      EXPECT_LT(relative_error(part.apply(x), exact), kLayerTolerance) << is_dynamic << largest;
      EXPECT_GT(relative_error(part.apply(x), exact), 1e-5) << "this is not INT8";
    }
  }
}

// oneDNN keeps kernels by size, with the zero points of the first: every product must have the same
// (int8_product.h).
TEST_F(Int8Layers, ProductsOfOneSizeAndUnequalRangesDoNotDisturbEachOther) {
  Linear layer(96, 96);
  std::vector<Int8Part> parts;
  std::vector<Tensor> inputs;
  for (double shift : {0., 3., -3., 0.}) {
    inputs.push_back(torch::randn({300, 96}) + shift);
    if (parts.size() == 3) inputs.back().abs_();
    parts.push_back(make_part(*layer, seen_of(layer, inputs.back()), {}).part);
  }
  for (int round = 0; round < 2; ++round)
    for (size_t i = 0; i < parts.size(); ++i)
      EXPECT_LT(relative_error(parts[i].apply(inputs[i]), layer(inputs[i])), kLayerTolerance) << i;
  for (int64_t rows : {1, 2, 77}) {
    const Tensor few = inputs[1].narrow(0, 0, rows);
    EXPECT_LT(relative_error(parts[1].apply(few), layer(few)), kLayerTolerance) << rows;
  }
}

TEST_F(Int8Layers, ChannelsOfUnequalSizeNeedTheirOwnScales) {
  Linear layer(256, 128);
  layer->weight.mul_(torch::logspace(-2, 0, 128).unsqueeze(1));  // rows from a hundredth to 1
  layer->bias.zero_();
  const Tensor x = torch::randn({512, 256}), exact = layer(x);
  const auto error_of_smallest = [&](const PartOptions& options) {
    const Int8Part part = make_part(*layer, seen_of(layer, x), options).part;
    return relative_error(part.apply(x).narrow(1, 0, 16), exact.narrow(1, 0, 16));
  };
  EXPECT_LT(error_of_smallest({.is_per_channel = true}), kLayerTolerance);
  EXPECT_GT(error_of_smallest({.is_per_channel = false}), 5 * kLayerTolerance);
  EXPECT_LT(error_of_smallest({.is_dynamic = true}), kLayerTolerance);
  EXPECT_GT(error_of_smallest({.is_dynamic = true, .is_per_channel = false}), 5 * kLayerTolerance);
}

TEST_F(Int8Layers, RecordsRangesOfInputsAndOfEachOutput) {
  Linear layer(2, 2);
  layer->weight.copy_(torch::eye(2));
  layer->bias.copy_(torch::tensor({0.F, 10.F}));
  RangeRecorder recorder;
  recorder.apply(*layer, torch::tensor({1.F, 2.F, -3.F, 4.F}).view({2, 2}), 0, 2);
  recorder.apply(*layer, torch::tensor({5.F, -1.F}).view({1, 1, 2}), 0, 2);
  recorder.apply(*layer, torch::tensor({7.F, 7.F}).view({1, 2}), 1, 1);
  ASSERT_EQ(recorder.products().size(), 2U);
  const SeenProduct& whole = recorder.products()[0];
  EXPECT_EQ(whole.input_low, -3);
  EXPECT_EQ(whole.input_high, 5);
  EXPECT_TRUE(whole.output_low.equal(torch::tensor({-3.F, 9.F})));
  EXPECT_TRUE(whole.output_high.equal(torch::tensor({5.F, 14.F})));
  EXPECT_EQ(whole.sample.size(0), 3);
  EXPECT_EQ(recorder.products()[1].first, 1);
  EXPECT_EQ(recorder.products()[1].input_low, 0);  // 0 is always covered
}

TEST_F(Int8Layers, RareLargeValuesAreClipped) {
  Linear layer(64, 64);
  Tensor x = torch::randn({4096, 64});
  x[100][3] = 60;
  const SeenProduct seen = seen_of(layer, x);
  EXPECT_EQ(seen.input_high, 60);
  const Int8Part part = make_part(*layer, seen, {}).part;
  EXPECT_LT(part.input.middle + (kByteTop - kByteZero) * part.input.step, 59);
}

// After an activation most inputs are near 0, far from the middle of their range.
TEST_F(Int8Layers, InputsFarFromTheMiddleOfTheirRangeLoseNoMoreByTheWeightsRounding) {
  Linear layer(256, 128);
  const Tensor x = torch::gelu(torch::randn({2048, 256}) * 2 - 2), exact = layer(x);
  for (int largest : exact_weights()) {
    const SeenProduct seen = seen_of(layer, x);
    const PartOptions fixed{.largest_weight = largest};
    const PartOptions dynamic{.is_dynamic = true, .largest_weight = largest};
    // The result's own 8 bits are what static INT8 loses more.
    EXPECT_LT(relative_error(make_part(*layer, seen, fixed).part.apply(x), exact),
              1.6 * relative_error(make_part(*layer, seen, dynamic).part.apply(x), exact))
        << largest;
  }
}

TEST_F(Int8Layers, NaNIsAnErrorNotANumber) {
  Linear layer(64, 64);
  Tensor x = torch::randn({16, 64});
  const SeenProduct seen = seen_of(layer, x);
  x[2][5] = std::numeric_limits<float>::quiet_NaN();
  for (bool is_dynamic : {false, true}) {
    const Int8Part part = make_part(*layer, seen, {.is_dynamic = is_dynamic}).part;
    EXPECT_THROW(part.apply(x), Error) << is_dynamic;
  }
  EXPECT_THROW(seen_of(layer, x), Error);
}

TEST_F(Int8Layers, FeedForwardByTableAgreesWithFp32) {
  for (int largest : exact_weights()) {
    for (const char* kind : {"gelu", "gelu_tanh", "swiglu"}) {
      SCOPED_TRACE(fmt::format("{} {}", kind, largest));
      FeedForward mlp(128, 256, kind);
      mlp->up->weight.mul_(4);  // so that the activation bends
      const Tensor x = torch::randn({3, 700, 128}), exact = mlp(x);
      const SeenProduct up = seen_of(mlp->up, x);
      auto recorder = std::make_shared<RangeRecorder>();
      mlp->down->set_backend(recorder);
      mlp(x);
      const bool is_table = has_table(kind);
      std::vector<Int8Part> first{
          make_part(*mlp->up, up, {.has_one_output_scale = is_table, .largest_weight = largest})
              .part};
      std::vector<Int8Part> second{
          make_part(*mlp->down, recorder->products().front(), {.largest_weight = largest}).part};
      mlp->up->set_backend(std::make_shared<Int8Backend>(first));
      mlp->down->set_backend(std::make_shared<Int8Backend>(second));
      EXPECT_EQ(int8_feed_forward(*mlp->up, *mlp->down, kind, x).has_value(), is_table);
      EXPECT_LT(relative_error(mlp(x), exact), 2 * kLayerTolerance);
      // One of the two in fp32: the other one still counts.
      mlp->down->set_backend(nullptr);
      EXPECT_LT(relative_error(mlp(x), exact), 2 * kLayerTolerance);
    }
  }
}

TEST_F(Int8Network, StaticAgreesWithFp32AtRealWidth) {
  GroundedModel model(wide_config());
  model->eval();
  const std::vector<Tensor> images{torch::randn({1, 1, 128, 128}), torch::randn({1, 1, 128, 128})};
  const Tensor exact = model->encode(images[0]).memory;
  const Int8Report report = quantise(model, {}, images);
  const Tensor seen = model->encode(images[0]).memory;
  EXPECT_LT(relative_error(seen, exact), 0.03);
  EXPECT_LT(report.output_error, 0.03);
  EXPECT_GT(report.output_error, 1e-4);
  EXPECT_FALSE(report.engine.empty());
  EXPECT_EQ(report.weight_bits, int8_largest_weight() == 127 ? 8 : 7);
  // Layer 1: 4 products; layer 2: 5, as its keys and values are pooled; the projection; keys and
  // values of one decoder layer.
  EXPECT_EQ(report.count(true) + report.count(false), 11);
  EXPECT_EQ(report.count(false), 0);
  for (const Int8Layer& layer : report.layers) {
    EXPECT_LT(layer.error, 2 * kLayerTolerance) << layer.name;
    EXPECT_LT(layer.input_low, layer.input_high) << layer.name;
    EXPECT_LT(layer.clipped_low, layer.clipped_high) << layer.name;
  }
  restore_fp32(model);
  EXPECT_TRUE(model->encode(images[0]).memory.equal(exact));
}

TEST_F(Int8Network, DynamicNeedsNoImages) {
  GroundedModel model(wide_config());
  model->eval();
  const Tensor image = torch::randn({1, 1, 128, 128}), exact = model->encode(image).memory;
  const Int8Report report = quantise(model, {.is_dynamic = true});
  EXPECT_EQ(report.count(true), 11);
  EXPECT_EQ(report.output_error, 0);
  const double error = relative_error(model->encode(image).memory, exact);
  EXPECT_LT(error, 0.03);
  EXPECT_GT(error, 1e-4);
}

TEST_F(Int8Network, TinyModelWithEveryOptionAgrees) {
  for (const char* kind : {"gelu", "swiglu"}) {
    ModelConfig config = tiny_config();
    config.encoder.feed_forward = kind;
    config.sees_findings = config.decoder.sees_cls = true;
    GroundedModel model = tiny_model(config);
    const Tensor image = torch::randn({2, 1, 12, 16}), exact = model->encode(image).memory;
    const Int8Report report = quantise(model, {}, {image});
    EXPECT_LE(report.output_error, Int8Options{}.output_error_limit) << kind;
    EXPECT_GT(report.count(true), 0) << kind;
    EXPECT_NEAR(relative_error(model->encode(image).memory, exact), report.output_error, 1e-6)
        << kind;
  }
}

TEST_F(Int8Network, SensitiveLayersStayInFp32) {
  GroundedModel model(wide_config());
  model->eval();
  const std::vector<Tensor> images{torch::randn({1, 1, 128, 128})};
  const Tensor exact = model->encode(images[0]).memory;
  const Int8Report loose = quantise(model, {}, images);
  std::vector<double> errors;
  for (const Int8Layer& layer : loose.layers) errors.push_back(layer.error);
  std::sort(errors.begin(), errors.end());
  const double limit = (errors[errors.size() / 2] + errors[errors.size() / 2 - 1]) / 2;
  const Int8Report by_layer = quantise(model, {.layer_error_limit = limit}, images);
  for (const Int8Layer& layer : by_layer.layers)
    EXPECT_EQ(layer.is_int8, layer.error <= limit) << layer.name;
  // By the output: layers are given up until it is exact enough.
  const double strict = loose.output_error / 2;
  const Int8Report by_output = quantise(model, {.output_error_limit = strict}, images);
  EXPECT_LE(by_output.output_error, strict);
  EXPECT_GT(by_output.count(false), 0);
  EXPECT_LE(relative_error(model->encode(images[0]).memory, exact), strict * 1.001);
}

TEST_F(Int8Network, GradientsAreTakenThroughFp32) {
  const ModelConfig config = tiny_config();
  GroundedModel model = tiny_model(config);
  const Tensor image = torch::randn({1, 1, 12, 16}), exact = model->encode(image).memory;
  quantise(model, {}, {image});
  EXPECT_FALSE(model->encode(image).memory.equal(exact));
  const torch::AutoGradMode gradients(true);
  const Tensor memory = model->encode(image).memory;
  EXPECT_TRUE(memory.requires_grad());
  EXPECT_LT(relative_error(memory.detach(), exact), 1e-6);
}

TEST_F(Int8Network, TheParametersKeepTheirNamesAndValues) {
  GroundedModel model = tiny_model();
  const auto before = model->named_parameters();
  std::vector<Tensor> values;
  for (const auto& parameter : before) values.push_back(parameter.value().clone());
  quantise(model, {}, {torch::randn({1, 1, 12, 16})});
  const auto after = model->named_parameters();
  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(after[i].key(), before[i].key());
    EXPECT_TRUE(after[i].value().equal(values[i])) << after[i].key();
  }
}

TEST_F(Int8Network, RefusesWhatItCannotDo) {
  GroundedModel model = tiny_model();
  EXPECT_THROW(quantise(model), Error);  // static without images
  Tensor broken = torch::randn({1, 1, 12, 16});
  broken[0][0][3][3] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(quantise(model, {}, {broken}), Error);
  EXPECT_THROW(quantise(model, {}, {torch::randn({1, 1, 13, 16})}), Error);
  // Nothing of a failed attempt stays behind.
  const Tensor image = torch::randn({1, 1, 12, 16});
  EXPECT_TRUE(model->encode(image).memory.equal(tiny_model()->encode(image).memory));
}

}  // namespace
}  // namespace radgen

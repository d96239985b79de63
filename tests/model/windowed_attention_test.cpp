#include "radgen/model/windowed_attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "gradient_check.h"
#include "model/attention_kernel.h"
#include "model_test_support.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

using torch::Tensor;

// TRUE where patch i may see patch j by the definition: the same window; [CLS] sees and is seen by
// all.
Tensor window_mask(PatchGrid grid, int64_t window, bool has_cls) {
  const int64_t first = has_cls ? 1 : 0, n = grid.size();
  Tensor mask = torch::ones({n + first, n + first}, torch::kBool);
  auto window_of = [&](int64_t patch) {
    return std::pair(patch / grid.columns / window, patch % grid.columns / window);
  };
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) mask[first + i][first + j] = window_of(i) == window_of(j);
  return mask;
}

Tensor masked_form(const Tensor& qkv, const Tensor& mask) {
  const Tensor x = qkv.permute({2, 0, 3, 1, 4});  // [3,B,A,N,d]
  return masked_attention(x[0], x[1], x[2], mask).transpose(1, 2);
}

// Means written down patch by patch. x [B,N,D], without [CLS].
Tensor pooled_by_hand(const Tensor& x, PatchGrid grid, int64_t pool) {
  std::vector<Tensor> means;
  for (int64_t row = 0; row < grid.rows; row += pool)
    for (int64_t column = 0; column < grid.columns; column += pool) {
      std::vector<Tensor> inside;
      for (int64_t r = row; r < std::min(row + pool, grid.rows); ++r)
        for (int64_t c = column; c < std::min(column + pool, grid.columns); ++c)
          inside.push_back(x.select(1, r * grid.columns + c));
      means.push_back(torch::stack(inside).mean(0));
    }
  return torch::stack(means, 1);
}

struct WindowCase {
  PatchGrid grid;
  int64_t window;
  bool has_cls;
};

class WindowSelfAttention : public ::testing::TestWithParam<WindowCase> {};

TEST_P(WindowSelfAttention, EqualsMaskedDenseAttention) {
  const auto [grid, window, has_cls] = GetParam();
  torch::manual_seed(1);
  const Tensor qkv = torch::randn({2, grid.size() + has_cls, 3, 2, 8}) * 2;
  const Tensor expected = masked_form(qkv, window_mask(grid, window, has_cls));
  EXPECT_LT(largest_difference(window_self_attention(qkv, grid, window, has_cls), expected), 1e-5);
  torch::NoGradGuard no_grad;  // another way: windows are gathered
  EXPECT_LT(largest_difference(window_self_attention(qkv, grid, window, has_cls), expected), 1e-5);
  // rows that are not dense
  const Tensor turned = qkv.permute({4, 0, 1, 2, 3}).contiguous().permute({1, 2, 3, 4, 0});
  EXPECT_LT(largest_difference(window_self_attention(turned, grid, window, has_cls), expected),
            1e-5);
}

TEST_P(WindowSelfAttention, GradientsEqualMaskedDenseOnes) {
  const auto [grid, window, has_cls] = GetParam();
  torch::manual_seed(2);
  for (const auto type : {torch::kFloat, torch::kDouble}) {
    const Tensor a = torch::randn({2, grid.size() + has_cls, 3, 2, 8}, type).requires_grad_(true);
    const Tensor b = a.detach().clone().requires_grad_(true);
    const Tensor weight = torch::randn({2, grid.size() + has_cls, 2, 8}, type);
    (window_self_attention(a, grid, window, has_cls) * weight).sum().backward();
    (masked_form(b, window_mask(grid, window, has_cls)) * weight).sum().backward();
    EXPECT_LT(largest_difference(a.grad(), b.grad()), type == torch::kFloat ? 2e-5 : 1e-10);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Grids, WindowSelfAttention,
    ::testing::Values(WindowCase{{8, 8}, 4, false}, WindowCase{{8, 8}, 4, true},
                      WindowCase{{7, 10}, 4, false}, WindowCase{{7, 10}, 4, true},
                      WindowCase{{3, 9}, 4, true}, WindowCase{{3, 3}, 4, false},
                      WindowCase{{5, 6}, 1, false}, WindowCase{{20, 33}, 16, true}));

TEST(WindowSelfAttention, WindowOfTheWholeGridIsDenseAttention) {
  const Tensor qkv = torch::randn({1, 20, 3, 2, 8});
  EXPECT_EQ(largest_difference(window_self_attention(qkv, {4, 5}, 5, false), self_attention(qkv)),
            0);
}

class AttentionForms : public ::testing::TestWithParam<std::pair<int64_t, int64_t>> {};

TEST_P(AttentionForms, TiledEqualsPlainWithItsGradients) {
  const auto [queries, keys] = GetParam();
  torch::manual_seed(3);
  for (const auto type : {torch::kFloat, torch::kDouble}) {
    const Tensor q = torch::randn({2, queries, 3, 8}, type).requires_grad_(true);
    const Tensor kv = torch::randn({2, keys, 2, 3, 8}, type).requires_grad_(true);
    const Tensor weight = torch::randn({2, queries, 3, 8}, type);
    const double tolerance = type == torch::kFloat ? 1e-4 : 1e-10;
    const Tensor plain = plain_attention(q, kv), tiled = tiled_attention(q, kv);
    EXPECT_LT(largest_difference(plain, tiled), tolerance);
    const auto expected = torch::autograd::grad({(plain * weight).sum()}, {q, kv});
    const auto gradients = torch::autograd::grad({(tiled * weight).sum()}, {q, kv});
    EXPECT_LT(largest_difference(expected[0], gradients[0]), tolerance);
    EXPECT_LT(largest_difference(expected[1], gradients[1]), tolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, AttentionForms,
                         ::testing::Values(std::pair{1, 1}, std::pair{1, 900}, std::pair{500, 60},
                                           std::pair{60, 500}, std::pair{97, 385}));

TEST(PoolPatches, AreMeansOfWhatIsThere) {
  for (const PatchGrid grid : {PatchGrid{8, 8}, PatchGrid{7, 10}, PatchGrid{3, 2}}) {
    const Tensor x = torch::randn({2, grid.size(), 6});
    EXPECT_LT(largest_difference(pool_patches(x, grid, 4, false), pooled_by_hand(x, grid, 4)),
              1e-6);
    const Tensor with_cls = torch::cat({torch::randn({2, 1, 6}), x}, 1),
                 pooled = pool_patches(with_cls, grid, 4, true);
    EXPECT_EQ(largest_difference(pooled.select(1, 0), with_cls.select(1, 0)), 0);
    EXPECT_LT(largest_difference(pooled.slice(1, 1), pooled_by_hand(x, grid, 4)), 1e-6);
  }
}

TEST(SelfAttention, PooledLayerEqualsItsFormula) {
  torch::manual_seed(4);
  const PatchGrid grid{6, 7};
  SelfAttention layer(16, 2);
  const Tensor x = torch::randn({2, grid.size(), 16});
  const Tensor all = layer->query_key_value(x);  // [B,N,48]
  const Tensor kv = pooled_by_hand(all, grid, 4).slice(2, 16).reshape({2, 4, 2, 2, 8});
  const Tensor out = plain_attention(all.slice(2, 0, 16).reshape({2, grid.size(), 2, 8}), kv);
  EXPECT_LT(largest_difference(layer->forward_pooled(x, grid, 4, false),
                               layer->output(out.reshape({2, grid.size(), 16}))),
            1e-5);
}

TEST(SelfAttention, WindowedAndPooledLayersHaveGradientsThatMatchDifferences) {
  torch::manual_seed(5);
  const PatchGrid grid{3, 5};
  SelfAttention layer(4, 2);
  layer->to(torch::kDouble);
  const Tensor x = torch::randn({1, grid.size() + 1, 4}, torch::kDouble).requires_grad_(true);
  const Tensor weight = torch::randn({1, grid.size() + 1, 4}, torch::kDouble);
  const std::vector<Tensor> inputs{x, layer->query_key_value->weight, layer->query_key_value->bias};
  expect_gradients_match(inputs,
                         [&] { return (layer->forward_windows(x, grid, 2, true) * weight).sum(); });
  expect_gradients_match(inputs,
                         [&] { return (layer->forward_pooled(x, grid, 2, true) * weight).sum(); });
}

TEST(FeedForward, BlocksOfRowsDoNotChangeTheResult) {
  torch::manual_seed(6);
  for (const char* kind : {"gelu", "gelu_tanh", "swiglu"}) {
    FeedForward layer(8, 2048, kind);
    const Tensor x = torch::randn({2, 2500, 8});
    const Tensor whole = layer(x).detach();
    torch::NoGradGuard no_grad;
    EXPECT_LT(largest_difference(layer(x), whole), 1e-5);
  }
}

// Every kernel that this CPU can run, against the formula in double.
TEST(AttentionKernel, EveryKindEqualsTheFormula) {
  torch::manual_seed(7);
  for (const AttentionKernel* kernel :
       {attention_kernel_avx512(), attention_kernel_avx2(), attention_kernel_plain()}) {
    if (kernel == nullptr) continue;
    for (const auto& [n, d, is_causal] : {std::tuple<int64_t, int64_t, bool>{1, 3, false},
                                          {7, 8, true},
                                          {208, 32, false},
                                          {401, 20, true},
                                          {800, 64, false}}) {
      const Tensor qkv = torch::randn({1, n, 3, 1, d}) * 1.5, d_out = torch::randn({1, n, 1, d});
      const Tensor exact = qkv.to(torch::kDouble).requires_grad_(true);
      const Tensor expected = plain_self_attention(exact, is_causal);
      (expected * d_out).sum().backward();

      Tensor out = torch::empty({n, d}), lse = torch::empty({n}), gradient = torch::empty_like(qkv);
      // NaN everywhere: what is not written before it is read would show.
      std::vector<float> scratch(static_cast<size_t>(kernel->forward_scratch(n, d)), NAN);
      std::vector<float> more(static_cast<size_t>(kernel->backward_scratch(n, d)), NAN);
      auto part = [&](const Tensor& of, int64_t which) { return of.data_ptr<float>() + which * d; };
      auto rows = [&](int64_t which) { return ConstRows{part(qkv, which), n, 3 * d}; };
      auto written = [&](int64_t which) { return Rows{part(gradient, which), n, 3 * d}; };
      const float scale = 1 / std::sqrt(static_cast<float>(d));
      kernel->pack(rows(1), rows(2), d, scratch.data());
      kernel->forward(rows(0), n, d, scale, is_causal ? 0 : kNotCausal,
                      {out.data_ptr<float>(), n, d}, lse.data_ptr<float>(), scratch.data());
      kernel->backward(rows(0), rows(1), rows(2), {out.data_ptr<float>(), n, d},
                       {d_out.data_ptr<float>(), n, d}, lse.data_ptr<float>(), d, scale, is_causal,
                       written(0), written(1), written(2), more.data());
      EXPECT_LT(largest_difference(out.view({1, n, 1, d}), expected), 1e-5)
          << kernel->name << " " << n;
      EXPECT_LT(largest_difference(gradient, exact.grad()), 5e-5) << kernel->name << " " << n;
    }
  }
}

ModelConfig windowed_config() {
  ModelConfig config = tiny_config();
  config.encoder.layers = 3;
  config.encoder.window_patches = 2;
  config.encoder.global_layers = {2};
  config.encoder.pool_keys = 2;
  return config;
}

TEST(VitEncoder, DenseWeightsLoadIntoWindowsAndChangeWhatAPatchSees) {
  ModelConfig dense_config = windowed_config();
  dense_config.encoder.window_patches = 0;
  dense_config.encoder.global_layers.clear();
  dense_config.encoder.pool_keys = 1;
  GroundedModel dense = tiny_model(dense_config),
                windowed = tiny_model(windowed_config(), /*seed=*/6);
  torch::NoGradGuard no_grad;
  auto from = dense->named_parameters();
  for (auto& item : windowed->named_parameters()) item.value().copy_(from[item.key()]);
  const Tensor image = torch::randn({1, 1, 12, 16});
  EXPECT_GT(largest_difference(dense->encode(image).patches, windowed->encode(image).patches),
            1e-4);
  // One window for all and pools of one patch: the same network again.
  ModelConfig wide_config = windowed_config();
  wide_config.encoder.window_patches = 4;
  wide_config.encoder.pool_keys = 1;
  GroundedModel wide = tiny_model(wide_config, /*seed=*/7);
  for (auto& item : wide->named_parameters()) item.value().copy_(from[item.key()]);
  EXPECT_LT(largest_difference(dense->encode(image).patches, wide->encode(image).patches), 1e-5);
}

TEST(VitEncoder, WithoutGlobalLayersAWindowKnowsNothingOfAnother) {
  ModelConfig config = windowed_config();
  config.encoder.stem = "patch";
  config.encoder.has_cls = false;
  config.encoder.global_layers.clear();
  GroundedModel model = tiny_model(config);
  torch::NoGradGuard no_grad;
  Tensor image = torch::randn({1, 1, 16, 16});  // 4 x 4 patches, 2 x 2 windows
  const Tensor before = model->encode(image).patches;
  image.narrow(2, 0, 8).narrow(3, 0, 8).add_(1);  // the first window's pixels
  const Tensor change = (model->encode(image).patches - before).abs().sum(-1)[0];  // [16]
  for (int64_t patch = 0; patch < 16; ++patch)
    EXPECT_EQ(change[patch].item<float>() > 0, patch / 4 < 2 && patch % 4 < 2) << patch;
}

TEST(VitEncoder, WindowedModelTrains) {
  const ModelConfig config = windowed_config();
  GroundedModel model = tiny_model(config);
  model->train();
  model->forward(tiny_input(config)).losses.total.backward();
  for (const auto& item : model->encoder()->named_parameters())
    EXPECT_TRUE(item.value().grad().defined() &&
                torch::isfinite(item.value().grad()).all().item<bool>())
        << item.key();
}

TEST(VitEncoder, CheckpointedLayersGiveTheSameGradients) {
  ModelConfig config = windowed_config();
  config.encoder.dropout = 0.3;  // drawn again alike
  GroundedModel kept = tiny_model(config);
  config.encoder.activation_checkpointing = true;
  GroundedModel checkpointed = tiny_model(config);
  const ForwardInput input = tiny_input(config);
  for (GroundedModel model : {kept, checkpointed}) {
    model->train();
    torch::manual_seed(8);
    model->forward(input).losses.total.backward();
  }
  auto expected = kept->named_parameters();
  for (const auto& item : checkpointed->named_parameters()) {
    const Tensor gradient = expected[item.key()].grad();
    ASSERT_EQ(gradient.defined(), item.value().grad().defined()) << item.key();
    if (gradient.defined()) {
      EXPECT_LT(largest_difference(gradient, item.value().grad()), 1e-5) << item.key();
    }
  }
}

TEST(ModelConfig, GlobalLayersThatAreNotThereAreNamed) {
  ModelConfig config = windowed_config();
  config.encoder.global_layers = {2, 4};
  try {
    check(config);
    FAIL() << "layer 4 of 3 was accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("layer 4"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace radgen

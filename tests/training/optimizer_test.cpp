#include "radgen/training/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "radgen/core/error.h"
#include "radgen/training/trainer.h"

namespace radgen {
namespace {

OptimizerConfig plain() {
  OptimizerConfig config;
  config.weight_decay = 0;
  config.clip_norm = 0;
  return config;
}

TEST(LearningRate, WarmsUpLinearlyAndEndsAtItsFinalShare) {
  OptimizerConfig config;
  config.lr_peak = 1;
  config.warmup_steps = 4;
  config.lr_final_ratio = 0.1;
  EXPECT_DOUBLE_EQ(learning_rate(config, 0, 104), 0.25);
  EXPECT_DOUBLE_EQ(learning_rate(config, 3, 104), 1.0);
  EXPECT_DOUBLE_EQ(learning_rate(config, 4, 104), 1.0);
  EXPECT_NEAR(learning_rate(config, 103, 104), 0.1, 1e-12);
  EXPECT_GT(learning_rate(config, 50, 104), learning_rate(config, 60, 104));
}

TEST(LearningRate, StaysAtThePeakUntilItsLastShare) {
  OptimizerConfig config;
  config.lr_peak = 1;
  config.lr_final_ratio = 0;
  config.warmup_steps = 0;
  config.decay_share = 0.5;
  EXPECT_DOUBLE_EQ(learning_rate(config, 50, 101), 1);
  EXPECT_NEAR(learning_rate(config, 75, 101), 0.5, 1e-12);
  EXPECT_NEAR(learning_rate(config, 100, 101), 0, 1e-12);
}

TEST(LearningRate, FollowsTheClockWhenThatIsAheadOfTheSteps) {
  OptimizerConfig config;
  config.warmup_steps = 10;
  const int64_t total = 111;
  EXPECT_DOUBLE_EQ(learning_rate(config, 30, total, 0.8), learning_rate(config, 90, total));
  EXPECT_DOUBLE_EQ(learning_rate(config, 90, total, 0.1), learning_rate(config, 90, total));
  EXPECT_DOUBLE_EQ(learning_rate(config, 30, total, 1.2), config.lr_peak * config.lr_final_ratio);
}

TEST(AdamW, FirstStepMovesByTheLearningRateAgainstTheSign) {
  // Bias correction makes the first update exactly lr * sign(g) (Kingma and Ba 2015), up to eps.
  auto weight = torch::tensor({1.0, -2.0}, torch::requires_grad());
  Optimizer optimizer({{"w", weight}}, plain());
  (weight * torch::tensor({3.0, -5.0})).sum().backward();
  const double norm = optimizer.step(0.1);
  EXPECT_NEAR(norm, std::sqrt(34.0), 1e-5);
  EXPECT_NEAR(weight[0].item<double>(), 0.9, 1e-5);
  EXPECT_NEAR(weight[1].item<double>(), -1.9, 1e-5);
  EXPECT_FALSE(weight.grad().defined());
}

TEST(AdamW, DecaysMatricesOnly) {
  OptimizerConfig config = plain();
  config.weight_decay = 0.5;
  auto matrix = torch::ones({2, 2}, torch::requires_grad()),
       bias = torch::ones({2}, torch::requires_grad());
  auto embedding = torch::ones({2, 2}, torch::requires_grad());
  Optimizer optimizer({{"w", matrix}, {"b", bias}, {"token_embedding.weight", embedding}}, config);
  (0 * (matrix.sum() + bias.sum() + embedding.sum())).backward();
  optimizer.step(0.1);
  EXPECT_NEAR(matrix[0][0].item<double>(), 0.95, 1e-6);
  EXPECT_NEAR(bias[0].item<double>(), 1.0, 1e-6);
  EXPECT_NEAR(embedding[0][0].item<double>(), 1.0, 1e-6);
}

TEST(AdamW, ClipsTheGlobalNorm) {
  OptimizerConfig clipped = plain();
  clipped.clip_norm = 1;
  clipped.eps = 1;  // so that the size of the gradient shows in the update
  auto a = torch::zeros({1}, torch::requires_grad());
  Optimizer optimizer({{"a", a}}, clipped);
  (a * 10).sum().backward();
  EXPECT_NEAR(optimizer.step(1.0), 10, 1e-5);
  EXPECT_NEAR(a.item<double>(), -0.5, 1e-5);  // g = 1 after clipping: 1 / (1 + eps)
}

TEST(AdamW, NonFiniteGradientsChangeNothing) {
  auto weight = torch::ones({1}, torch::requires_grad());
  Optimizer optimizer({{"w", weight}}, plain());
  (weight / 0).sum().backward();
  EXPECT_FALSE(std::isfinite(optimizer.step(0.1)));
  EXPECT_EQ(weight.item<double>(), 1.0);
}

TEST(AdamW, ContinuesBitForBitFromItsState) {
  auto run = [](int first, int second) {
    torch::manual_seed(5);
    auto weight = torch::randn({4, 4}, torch::requires_grad());
    auto optimizer = std::make_unique<Optimizer>(
        std::map<std::string, torch::Tensor>{{"w", weight}}, OptimizerConfig());
    auto steps = [&](int count) {
      for (int i = 0; i < count; ++i) {
        weight.pow(3).sum().backward();
        optimizer->step(0.01);
      }
    };
    steps(first);
    std::map<std::string, torch::Tensor> state;
    for (const auto& [name, tensor] : optimizer->state()) state[name] = tensor.clone();
    optimizer = std::make_unique<Optimizer>(std::map<std::string, torch::Tensor>{{"w", weight}},
                                            OptimizerConfig());
    optimizer->load_state(state);
    steps(second);
    return weight.detach().clone();
  };
  EXPECT_TRUE(torch::equal(run(4, 6), run(7, 3)));
}

TEST(Muon, MovesByNearlyOrthonormalMatrices) {
  torch::manual_seed(3);
  for (const auto& [rows, columns] : {std::pair{6, 20}, std::pair{20, 6}, std::pair{8, 8}}) {
    // A matrix whose singular values span 1 to .1.
    const auto [u, s, v] = torch::linalg_svd(torch::randn({rows, columns}), false);
    const torch::Tensor matrix = torch::mm(u * torch::logspace(0, -1, s.size(0)), v);
    const torch::Tensor near = orthogonalised(100 * matrix);
    const auto [nu, ns, nv] = torch::linalg_svd(near, false);
    EXPECT_GT(ns.min().item<double>(), 0.6);
    EXPECT_LT(ns.max().item<double>(), 1.3);
    // It turns nothing: what is left and right of the singular values stays.
    const torch::Tensor core = torch::mm(torch::mm(u.t(), near), v.t());
    EXPECT_LT((core - torch::diag(core.diagonal())).abs().max().item<double>(), 1e-4);
  }
}

TEST(Muon, TakesInnerMatricesAloneWhateverTheSizeOfTheirGradient) {
  OptimizerConfig config = plain();
  config.method = "muon";
  config.muon_lr_ratio = 10;
  const torch::Tensor start = torch::zeros({4, 4});
  auto inner = start.clone().requires_grad_(),
       kernel = torch::zeros({4, 2, 3, 3}, torch::requires_grad()),
       embedding = start.clone().requires_grad_();
  Optimizer optimizer(
      {{"mlp.up.weight", inner}, {"stem.0.weight", kernel}, {"token_embedding.weight", embedding}},
      config);
  const torch::Tensor direction = torch::diag(torch::tensor({1.0, -1.0, 1.0, 1.0}));
  (1e-3 * (inner * direction).sum() + kernel.sum() + (embedding * direction).sum()).backward();
  optimizer.step(0.01);
  // Equal singular values: the update is the direction itself, up to the iteration's .7 to 1.2.
  const torch::Tensor moved = (inner * direction).diagonal();
  EXPECT_LT(moved.max().item<double>(), -0.06);
  EXPECT_GT(moved.min().item<double>(), -0.13);
  EXPECT_LT(kernel.max().item<double>(), 0);
  EXPECT_NEAR(embedding[1][1].item<double>(), 0.01, 1e-6);  // AdamW's first step
}

TEST(Muon, ContinuesBitForBitFromItsState) {
  OptimizerConfig config;
  config.method = "muon";
  auto run = [&](bool is_interrupted) {
    torch::manual_seed(7);
    auto weight = torch::randn({5, 3}).requires_grad_();
    auto optimizer = std::make_unique<Optimizer>(
        std::map<std::string, torch::Tensor>{{"w.weight", weight}}, config);
    for (int step = 0; step < 6; ++step) {
      if (is_interrupted && step == 3) {
        const auto state = optimizer->state();
        optimizer = std::make_unique<Optimizer>(
            std::map<std::string, torch::Tensor>{{"w.weight", weight}}, config);
        optimizer->load_state(state);
      }
      (weight.square() * weight).sum().backward();
      optimizer->step(0.01);
    }
    return weight.detach();
  };
  EXPECT_TRUE(torch::equal(run(false), run(true)));
}

TEST(AdamW, MissingStateNamesTheTensor) {
  auto weight = torch::ones({1}, torch::requires_grad());
  Optimizer optimizer({{"w", weight}}, plain());
  try {
    optimizer.load_state({});
    FAIL() << "nothing was missed";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("moment1.w"), std::string::npos);
  }
}

TEST(TotalSteps, FollowFromEpochsUnlessGiven) {
  LoopConfig loop;
  loop.batch_size = 10;
  loop.accumulation = 2;
  loop.epochs = 3;
  EXPECT_EQ(total_steps(loop, 100), 15);
  loop.max_steps = 7;
  EXPECT_EQ(total_steps(loop, 100), 7);
}

}  // namespace
}  // namespace radgen

// Our own kernels for plain, AVX2 and AVX-512 CPUs: each that this CPU can run, against formulas in
// double and, in the network, against the plain one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/attention_kernel.h"
#include "model/int8_rows.h"
#include "model_test_support.h"
#include "radgen/core/compute.h"
#include "radgen/model/autocast.h"
#include "radgen/model/decoding.h"

namespace radgen {
namespace {

using torch::Tensor;

struct AttentionKernelKind {
  const char* name;
  const AttentionKernel* (*get)();
};

class EveryAttentionKernel : public testing::TestWithParam<AttentionKernelKind> {
 protected:
  void SetUp() override {
    kernel = GetParam().get();
    if (kernel == nullptr) GTEST_SKIP() << "this CPU or compiler has no " << GetParam().name;
    torch::manual_seed(17);
  }
  void TearDown() override { force_attention_kernel(nullptr); }

  // `work` with the plain kernel and with this one.
  template <class Work>
  void expect_same(const Work& work, double tolerance) {
    force_attention_kernel(attention_kernel_plain());
    const std::vector<Tensor> plain = work();
    force_attention_kernel(kernel);
    ASSERT_STREQ(attention_kernel()->name, GetParam().name);
    const std::vector<Tensor> seen = work();
    ASSERT_EQ(seen.size(), plain.size());
    for (size_t i = 0; i < seen.size(); ++i)
      EXPECT_LT(largest_difference(seen[i], plain[i]), tolerance) << i;
  }

  const AttentionKernel* kernel = nullptr;
};

ConstRows rows_of(const Tensor& x) { return {x.data_ptr<float>(), x.size(0), x.size(1)}; }
Rows written_rows_of(const Tensor& x) { return {x.data_ptr<float>(), x.size(0), x.size(1)}; }

// Sums of 64 to 301 products of numbers of about 1: 1e-4 is 30 roundings of the largest.
constexpr double kSumTolerance = 1e-4;

TEST_P(EveryAttentionKernel, ScoresOfFewQueriesEqualTheFormula) {
  for (const auto& [queries, keys, d] :
       {std::tuple<int64_t, int64_t, int64_t>{1, 1, 16}, {2, 37, 32}, {7, 301, 64}, {3, 64, 80}}) {
    const float scale = 0.25F;
    const Tensor q = torch::randn({queries, d}), k = torch::randn({keys, d}).mul_(2);
    const Tensor half = k.to(torch::kHalf),
                 byte = (k * 20).round().clamp(-127, 127).to(torch::kChar);
    Tensor out = torch::full({queries, keys}, NAN);
    const auto exact = [&](const Tensor& keys_of) {
      return torch::matmul(q.to(torch::kDouble), keys_of.to(torch::kDouble).t()) * scale;
    };
    kernel->scores(rows_of(q), rows_of(k), d, scale, written_rows_of(out));
    EXPECT_LT(largest_difference(out, exact(k)), kSumTolerance) << keys << " fp32";
    kernel->scores_half(rows_of(q),
                        {reinterpret_cast<const uint16_t*>(half.data_ptr<at::Half>()), keys, d}, d,
                        scale, written_rows_of(out));
    EXPECT_LT(largest_difference(out, exact(half)), kSumTolerance) << keys << " fp16";
    kernel->scores_byte(rows_of(q), {byte.data_ptr<int8_t>(), keys, d}, d, scale,
                        written_rows_of(out));
    // Bytes are 20 times as large.
    EXPECT_LT(largest_difference(out, exact(byte)), 20 * kSumTolerance) << keys << " int8";
  }
}

TEST_P(EveryAttentionKernel, SumsOfFewQueriesEqualTheFormula) {
  for (const auto& [queries, keys, d] :
       {std::tuple<int64_t, int64_t, int64_t>{1, 1, 16}, {2, 37, 32}, {7, 301, 64}, {3, 64, 80}}) {
    const Tensor weights = torch::randn({queries, keys}).softmax(1), v = torch::randn({keys, d});
    const Tensor half = v.to(torch::kHalf),
                 byte = (v * 40).round().clamp(-127, 127).to(torch::kChar);
    Tensor out = torch::full({queries, d}, NAN);
    const auto exact = [&](const Tensor& values) {
      return torch::matmul(weights.to(torch::kDouble), values.to(torch::kDouble));
    };
    kernel->weighted_sums(rows_of(weights), rows_of(v), d, written_rows_of(out));
    EXPECT_LT(largest_difference(out, exact(v)), kSumTolerance) << keys << " fp32";
    kernel->weighted_sums_half(
        rows_of(weights), {reinterpret_cast<const uint16_t*>(half.data_ptr<at::Half>()), keys, d},
        d, written_rows_of(out));
    EXPECT_LT(largest_difference(out, exact(half)), kSumTolerance) << keys << " fp16";
    kernel->weighted_sums_byte(rows_of(weights), {byte.data_ptr<int8_t>(), keys, d}, d,
                               written_rows_of(out));
    EXPECT_LT(largest_difference(out, exact(byte)), 40 * kSumTolerance) << keys << " int8";
  }
}

// Heads of 16 numbers, so that every kernel's path for a few queries is taken.
ModelConfig config_of_wide_heads() {
  ModelConfig config = tiny_config();
  config.encoder.width = config.decoder.width = 32;
  config.encoder.heads = config.decoder.heads = 2;
  return config;
}

TEST_P(EveryAttentionKernel, TheNetworkDraftsTheSame) {
  torch::NoGradGuard no_grad;
  GroundedModel model = tiny_model(config_of_wide_heads());
  const Tensor images = torch::randn({3, 1, 12, 16}) * 3;
  for (const char* keys : {"fp32", "fp16", "int8"}) {
    const auto work = [&] {
      const EncodedImage encoded = model->encode(images);
      std::vector<Tensor> seen{encoded.memory};
      for (const auto& draft :
           generate(model, encoded, {}, {.max_tokens = 6, .kv_cache_type = keys})) {
        seen.push_back(torch::tensor(draft.ids, torch::kLong));
        if (!draft.ids.empty()) seen.push_back(draft.attention);
      }
      return seen;
    };
    SCOPED_TRACE(keys);
    expect_same(work, 1e-4);
  }
}

TEST_P(EveryAttentionKernel, TheNetworkHasTheSameGradients) {
  const ModelConfig config = config_of_wide_heads();
  GroundedModel model = tiny_model(config);
  const ForwardInput input = tiny_input(config);
  expect_same(
      [&] {
        model->zero_grad();
        model->forward(input).losses.total.backward();
        std::vector<Tensor> gradients;
        for (const Tensor& parameter : model->parameters())
          if (parameter.grad().defined()) gradients.push_back(parameter.grad().clone());
        EXPECT_GT(gradients.size(), 20U);
        return gradients;
      },
      1e-4);
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryAttentionKernel,
                         testing::Values(AttentionKernelKind{"avx512", attention_kernel_avx512},
                                         AttentionKernelKind{"avx2", attention_kernel_avx2},
                                         AttentionKernelKind{"plain", attention_kernel_plain}),
                         [](const auto& test) { return std::string(test.param.name); });

const RowKernel* row_kernel_named(const std::string& name) {
  for (const RowKernel* kernel : row_kernels(Vectors::kAvx512))
    if (name == kernel->name) return kernel;
  return nullptr;
}

class EveryRowKernel : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    kernel = row_kernel_named(GetParam());
    if (kernel == nullptr) GTEST_SKIP() << "this CPU or compiler has no " << GetParam();
    force_row_kernel(kernel);
    torch::manual_seed(23);
  }
  void TearDown() override { force_row_kernel(nullptr); }
  const RowKernel* kernel = nullptr;
};

TEST_P(EveryRowKernel, RoundsToTheNearestByteAndClips) {
  const Steps8 steps{.step = 0.05F, .middle = 1.5F};
  for (int64_t count : {1, 15, 64, 1001}) {
    const Tensor x = torch::randn({count}) * 4;
    Tensor out = torch::empty({count}, torch::kByte);
    EXPECT_TRUE(quantise_values(x.data_ptr<float>(), count, steps, out.data_ptr<uint8_t>()));
    const Tensor place =
        ((x.to(torch::kDouble) - steps.middle) / steps.step + kByteZero).clamp(0, kByteTop);
    // A half, and what the float's own rounding moves beside it.
    EXPECT_LT(largest_difference(out, place), 0.5001) << count;
    if (count == 1001) {
      EXPECT_EQ(out.min().item<int>(), 0);
      EXPECT_EQ(out.max().item<int>(), kByteTop);
    }
  }
}

TEST_P(EveryRowKernel, NoticesANaNAtEveryPlace) {
  constexpr int64_t kCount = 83;
  std::vector<uint8_t> out(kCount);
  for (int64_t place = 0; place < kCount; ++place) {
    std::vector<float> x(kCount, 1.F);
    EXPECT_TRUE(quantise_values(x.data(), kCount, {.step = 0.1F}, out.data()));
    x[static_cast<size_t>(place)] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_FALSE(quantise_values(x.data(), kCount, {.step = 0.1F}, out.data())) << place;
  }
}

TEST_P(EveryRowKernel, WidensByEachColumnsFactorAndOffset) {
  const Tensor x = torch::randint(0, 256, {9, 77}, torch::kByte), factor = torch::rand({77}) + 0.1,
               offset = torch::randn({77}) * 10;
  Tensor out = torch::full({9, 77}, NAN);
  dequantise_rows(x.data_ptr<uint8_t>(), 9, 77, factor.data_ptr<float>(), offset.data_ptr<float>(),
                  out.data_ptr<float>());
  const Tensor exact = x.to(torch::kDouble) * factor + offset;
  EXPECT_LT(largest_difference(out, exact), 1e-4);  // of up to 300: an ulp is 3e-5
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryRowKernel, testing::Values("avx512", "avx2", "plain"),
                         [](const auto& test) { return std::string(test.param); });

TEST(KernelChoice, ObeysTheLimitOfLibTorchsOwnKernels) {
  const auto width_of = [](const std::string& name) {
    return name == "avx512" ? Vectors::kAvx512 : name == "avx2" ? Vectors::kAvx2 : Vectors::kPlain;
  };
  EXPECT_LE(width_of(attention_kernel()->name), allowed_vectors());
  EXPECT_LE(width_of(row_kernel()->name), allowed_vectors());
  // And is not less than what CPU and limit give.
  const Vectors best = attention_kernel_avx512() != nullptr ? Vectors::kAvx512
                       : attention_kernel_avx2() != nullptr ? Vectors::kAvx2
                                                            : Vectors::kPlain;
  EXPECT_EQ(width_of(attention_kernel()->name), std::min(best, allowed_vectors()));
  for (Vectors most : {Vectors::kPlain, Vectors::kAvx2})
    EXPECT_LE(width_of(row_kernels(most).front()->name), most);
}

TEST(Bf16, IsChosenByItselfOnlyWhereTheCpuMultipliesIt) {
  const bool is_fast = has_bf16_products(cpu_features(), onednn_isa_limit());
  EXPECT_EQ(use_bf16("auto", torch::kCPU), is_fast);
  EXPECT_FALSE(use_bf16("fp32", torch::kCPU));
  EXPECT_THROW(use_bf16("fp8", torch::kCPU), std::exception);
}

TEST(Bf16, WhoAsksForItOnACpuWithoutItIsToldOnce) {
  const auto told = [] {
    testing::internal::CaptureStderr();
    EXPECT_TRUE(use_bf16("bf16", torch::kCPU));
    return testing::internal::GetCapturedStderr();
  };
  const std::string text = told();
  const bool is_fast = has_bf16_products(cpu_features(), onednn_isa_limit());
  EXPECT_EQ(text.find("as long as in fp32") != std::string::npos, !is_fast) << text;
  EXPECT_EQ(told(), "");
}

}  // namespace
}  // namespace radgen

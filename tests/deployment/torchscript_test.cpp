#include "radgen/deployment/torchscript.h"

#include <gtest/gtest.h>
#include <torch/script.h>

#include "core/scratch.h"
#include "inference/tiny_model.h"
#include "radgen/core/error.h"
#include "radgen/inference/torchscript_runtime.h"
#include "radgen/model/decoding.h"
#include "radgen/model/runtime.h"

namespace radgen {
namespace {

using torch::Tensor;

constexpr int64_t kSeparator = 4;

// One of each kind of network that a configuration can ask for.
struct Network {
  const char* name;
  void (*configure)(ModelConfig&);
};

const Network kNetworks[] = {
    {"Conv", [](ModelConfig&) {}},
    {"Findings",
     [](ModelConfig& c) {
       c.finding_classes = 14;
       c.sees_findings = true;
       c.decoder.cross_positions = true;
       c.decoder.layers = 2;
     }},
    {"PatchClsMean",
     [](ModelConfig& c) {
       c.encoder.stem = "patch";
       c.encoder.has_cls = true;
       c.encoder.layer_scale = true;
       c.encoder.feed_forward = "swiglu";
       c.decoder.sees_cls = true;
       c.decoder.layers = 2;
       c.decoder.grounding_layers = "mean";
       c.decoder.feed_forward = "gelu_tanh";
       c.decoder.tie_embeddings = false;
     }},
    {"WindowsAndPools",
     [](ModelConfig& c) {
       c.encoder.stem = "patch";
       c.encoder.patch_px = 8;
       c.encoder.layers = 2;
       c.encoder.window_patches = 5;
       c.encoder.global_layers = {2};
       c.encoder.pool_keys = 3;
       c.encoder.has_cls = true;
       c.decoder.has_null_key = false;
     }},
};

class TorchScript : public testing::TestWithParam<Network> {
 protected:
  void SetUp() override {
    model_ = tiny_model(scratch_.path());
    GetParam().configure(model_.config.network);
    model_.config.decoding.no_repeat_ngram = 3;
    model_.config.decoding.max_tokens = 20;
    torch::manual_seed(5);
    model_.network = GroundedModel(model_.config.network);
    torch::NoGradGuard no_grad;
    // Random weights say little: larger ones tell one word from another.
    for (auto& item : model_.network->named_parameters())
      if (item.value().dim() > 1) item.value().mul_(3);
    model_.network->eval();
  }

  std::shared_ptr<const Runtime> exported(const TorchScriptOptions& options = {}) {
    save_torchscript(model_, options, scratch_ / "model.pt");
    return load_torchscript_runtime(scratch_ / "model.pt", model_.config.network);
  }

  Scratch scratch_;
  LoadedModel model_;
};

double difference(const Tensor& a, const Tensor& b) {
  return a.sizes() == b.sizes() ? (a - b).abs().max().item<double>() : 1e9;
}

TEST_P(TorchScript, SeesWhatTheNetworkSees) {
  const auto runtime = exported();
  const auto network = runtime_of(model_.network);
  // Not its own size: positions are interpolated.
  for (const auto& [height, width] : {std::pair{64, 48}, std::pair{80, 64}}) {
    const Tensor images = torch::randn({3, 1, height, width});
    const EncodedImage seen = runtime->encode(images), expected = network->encode(images);
    EXPECT_LT(difference(seen.patches, expected.patches), 1e-4);
    EXPECT_LT(difference(seen.memory, expected.memory), 1e-4);
    EXPECT_EQ(seen.cls.defined(), expected.cls.defined());
    if (!expected.finding_logits.defined()) continue;
    EXPECT_LT(difference(seen.finding_logits, expected.finding_logits), 1e-4);
    EXPECT_LT(
        difference(runtime->finding_probabilities(seen), network->finding_probabilities(expected)),
        1e-5);
  }
}

void expect_same(const DecodedText& text, const DecodedText& expected) {
  ASSERT_EQ(text.ids, expected.ids);
  EXPECT_EQ(text.is_complete, expected.is_complete);
  EXPECT_NEAR(text.score, expected.score, 1e-3);
  for (size_t i = 0; i < text.ids.size(); ++i)
    EXPECT_NEAR(text.log_probs[i], expected.log_probs[i], 1e-4);
  EXPECT_LT(difference(text.attention, expected.attention), 1e-5);
  EXPECT_LT(difference(text.null_attention, expected.null_attention), 1e-5);
}

TEST_P(TorchScript, WritesTheSameWords) {
  const auto runtime = exported();
  const auto network = runtime_of(model_.network);
  const Tensor images = torch::randn({3, 1, 64, 48});
  const EncodedImage seen = runtime->encode(images), expected = network->encode(images);
  const std::vector<std::vector<int64_t>> prompts{{20, 21}, {}, {22, 23, 24}};
  DecodingConfig decoding = model_.config.decoding;
  const auto compare = [&](const std::vector<DecodedText>& texts,
                           const std::vector<DecodedText>& wanted) {
    ASSERT_EQ(texts.size(), wanted.size());
    for (size_t i = 0; i < texts.size(); ++i) expect_same(texts[i], wanted[i]);
  };
  compare(generate(*runtime, seen, prompts, decoding),
          generate(*network, expected, prompts, decoding));
  decoding.beam_size = 3;
  compare(generate(*runtime, seen, prompts, decoding),
          generate(*network, expected, prompts, decoding));
  const std::vector<std::vector<int64_t>> words{{30, 31, 32}, {33}, {34, 35, 36, 37}};
  const auto read = score_tokens(*runtime, seen, prompts, words, /*keep_heads=*/true),
             wanted = score_tokens(*network, expected, prompts, words, true);
  compare(read, wanted);
  for (size_t i = 0; i < read.size(); ++i)
    EXPECT_LT(difference(read[i].head_attention, wanted[i].head_attention), 1e-5);
}

TEST_P(TorchScript, TakesBackWordsAndStudiesAsTheNetworkDoes) {
  const auto runtime = exported();
  const auto network = runtime_of(model_.network);
  const Tensor images = torch::randn({2, 1, 64, 48});
  const auto way = [&](const Runtime& of) {
    const EncodedImage seen = of.encode(images);
    auto [state, next] = of.start(seen, {{2}, {2}}, 8);
    of.select(*state, {0, 0, 1, 1}, {});
    of.step(*state, {20, 21, 22, 23});
    of.step(*state, {24, 25, 26, 27});
    of.rewind(*state, {0, 1, 2, 0});
    of.step(*state, {28, 29, 30, 31});
    of.select(*state, {3, 2}, {1});
    return of.step(*state, {32, 33});
  };
  const NextTokens next = way(*runtime), expected = way(*network);
  EXPECT_LT(difference(next.logits, expected.logits), 1e-4);
  EXPECT_LT(difference(next.attention, expected.attention), 1e-5);
}

TEST_P(TorchScript, GeneratesByItselfWhatTheSearchWrites) {
  exported();
  torch::jit::Module module = torch::jit::load((scratch_ / "model.pt").string());
  const Tensor images = torch::randn({2, 1, 64, 48});
  const Tensor prompt = torch::tensor({{20, 21}, {22, 23}}, torch::kLong);
  const torch::NoGradGuard no_grad;
  const auto out = module.get_method("generate")({images, prompt, 20}).toTuple();
  const auto network = runtime_of(model_.network);
  const auto expected = generate(*network, network->encode(images), {{20, 21}, {22, 23}},
                                 model_.config.decoding, {.not_first = {kSeparator}});
  const Tensor ids = out->elements()[0].toTensor(), log_probs = out->elements()[1].toTensor(),
               maps = out->elements()[2].toTensor();
  for (size_t b = 0; b < expected.size(); ++b) {
    const auto row = static_cast<int64_t>(b);
    const auto count = static_cast<int64_t>(expected[b].ids.size());
    for (int64_t t = 0; t < count; ++t) {
      EXPECT_EQ(ids[row][t].item<int64_t>(), expected[b].ids[static_cast<size_t>(t)]);
      EXPECT_NEAR(log_probs[row][t].item<double>(), expected[b].log_probs[static_cast<size_t>(t)],
                  1e-4);
    }
    EXPECT_LT(difference(maps[row].narrow(0, 0, count), expected[b].attention), 1e-5);
    if (expected[b].is_complete) {
      EXPECT_EQ(ids[row][count].item<int64_t>(), model_.config.network.eos_id);
    }
  }
}

TEST_P(TorchScript, ReducedPrecisionsStayNearTheNetwork) {
  const auto network = runtime_of(model_.network);
  const Tensor images = torch::randn({2, 1, 64, 48});
  const std::vector<std::vector<int64_t>> text{{2, 20, 21, 22, 23, 24}, {2, 25, 26, 27, 28, 29}};
  const EncodedImage expected_image = network->encode(images);
  const Tensor expected = network->read(expected_image, text, false).logits;
  for (const char* precision : {"bf16", "int8", "int8-dynamic"}) {
    TorchScriptOptions options{.precision = precision};
    if (options.precision == "int8") options.int8_images = {images};
    const auto runtime = exported(options);
    const EncodedImage seen = runtime->encode(images);
    const double memory =
        ((seen.memory - expected_image.memory).norm() / expected_image.memory.norm())
            .item<double>();
    EXPECT_GT(memory, 0) << precision;
    EXPECT_LT(memory, 0.1) << precision;
    const Tensor logits = runtime->read(seen, text, false).logits;
    EXPECT_LT(((logits - expected).norm() / expected.norm()).item<double>(), 0.1) << precision;
  }
}

TEST_P(TorchScript, Int8StudiesOfABatchDoNotSeeEachOther) {
  const Tensor images = torch::randn({3, 1, 64, 48});
  for (const char* precision : {"int8", "int8-dynamic"}) {
    TorchScriptOptions options{.precision = precision};
    if (options.precision == "int8") options.int8_images = {images};
    const auto runtime = exported(options);
    const auto together = generate(*runtime, runtime->encode(images), {}, model_.config.decoding);
    for (int64_t b = 0; b < 3; ++b) {
      const auto alone =
          generate(*runtime, runtime->encode(images.narrow(0, b, 1)), {}, model_.config.decoding);
      expect_same(alone.front(), together[static_cast<size_t>(b)]);
    }
  }
}

std::string name_of_network(const testing::TestParamInfo<Network>& network) {
  return network.param.name;
}
INSTANTIATE_TEST_SUITE_P(Networks, TorchScript, testing::ValuesIn(kNetworks), name_of_network);

TEST(TorchScriptExport, RefusesAnUnknownPrecision) {
  const Scratch scratch;
  const LoadedModel model = tiny_model(scratch.path());
  try {
    save_torchscript(model, {.precision = "fp8"}, scratch / "model.pt");
    FAIL() << "fp8 was exported";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kConfig);
    EXPECT_NE(std::string(error.what()).find("fp8"), std::string::npos);
  }
}

TEST(TorchScriptExport, AFixedSizeRefusesOtherPictures) {
  const Scratch scratch;
  const LoadedModel model = tiny_model(scratch.path());
  save_torchscript(model, {.is_size_free = false}, scratch / "model.pt");
  torch::jit::Module module = torch::jit::load((scratch / "model.pt").string());
  EXPECT_NO_THROW(module.get_method("encode")({torch::zeros({1, 1, 64, 48})}));
  EXPECT_ANY_THROW(module.get_method("encode")({torch::zeros({1, 1, 80, 48})}));
}

}  // namespace
}  // namespace radgen

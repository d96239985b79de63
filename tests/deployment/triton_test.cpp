#include "radgen/deployment/triton.h"

#include <gtest/gtest.h>
#include <torch/script.h>

#include "core/scratch.h"
#include "inference/tiny_model.h"
#include "radgen/core/files.h"
#include "radgen/model/runtime.h"

namespace radgen {
namespace {

using torch::Tensor;

class TritonRepository : public testing::Test {
 protected:
  TritonRepository() : model_(tiny_model(scratch_.path())) {
    ModelConfig& network = model_.config.network;
    network.finding_classes = 14;
    network.sees_findings = true;
    network.decoder.layers = 2;
    torch::manual_seed(4);
    model_.network = GroundedModel(network);
    model_.network->eval();
  }

  torch::jit::Module module(const std::string& name) const {
    return torch::jit::load((scratch_ / "models" / name / "1" / "model.pt").string());
  }
  std::string config(const std::string& name) const {
    return read_file(scratch_ / "models" / name / "config.pbtxt");
  }

  Scratch scratch_;
  LoadedModel model_;
};

TEST_F(TritonRepository, StepsGiveWhatTheNetworkGives) {
  write_triton_repository(model_, {}, scratch_.path());
  const torch::NoGradGuard no_grad;
  const Tensor images = torch::randn({2, 1, 64, 48});
  const auto seen = module("radgen_encoder").forward({images}).toTuple();
  const Tensor keys = seen->elements()[0].toTensor(), values = seen->elements()[1].toTensor();
  const auto network = runtime_of(model_.network);
  const EncodedImage encoded = network->encode(images);
  EXPECT_LT((seen->elements()[2].toTensor() - network->finding_probabilities(encoded))
                .abs()
                .max()
                .item<double>(),
            1e-5);
  torch::jit::Module step = module("radgen_decoder_step");
  // [R,L,A,1,d]: one slot of nothing, hidden
  Tensor text_keys = torch::zeros({2, 2, 2, 1, 8}), text_values = text_keys;
  Tensor attend = torch::zeros({2, 1}, torch::kBool);
  auto [state, expected] = network->start(encoded, {{2}, {2}}, 4);
  Tensor ids = torch::full({2, 1}, 2, torch::kLong);
  for (int64_t place = 0; place < 3; ++place) {
    attend = torch::constant_pad_nd(attend, {0, 1}, true);
    const auto out = step.forward({ids, torch::full({2, 1}, place, torch::kLong), attend, text_keys,
                                   text_values, keys, values})
                         .toTuple();
    const Tensor logits = out->elements()[0].toTensor().select(1, 0);
    EXPECT_LT((logits - expected.logits).abs().max().item<double>(), 1e-4);
    const Tensor map = out->elements()[1].toTensor().select(1, 0);
    EXPECT_LT((map - expected.attention).abs().max().item<double>(), 1e-5);
    text_keys = out->elements()[3].toTensor();
    text_values = out->elements()[4].toTensor();
    const std::vector<int64_t> next{20 + place, 30 + place};
    ids = torch::tensor(next, torch::kLong).unsqueeze(1);
    expected = network->step(*state, next);
  }
}

TEST_F(TritonRepository, ARequestOfFewerWordsEndsBeforeTheOthersOfItsBatch) {
  write_triton_repository(model_, {}, scratch_.path());
  const torch::NoGradGuard no_grad;
  const auto out = module("radgen_generate")
                       .forward({torch::randn({2, 1, 64, 48}), torch::full({2, 1}, 2, torch::kLong),
                                 torch::tensor({{3}, {8}}, torch::kLong)})
                       .toTuple();
  const Tensor ids = out->elements()[0].toTensor();
  ASSERT_EQ(ids.size(1), 8);
  EXPECT_TRUE((ids[0].narrow(0, 3, 5) == model_.config.network.pad_id).all().item<bool>());
  EXPECT_FALSE((ids[1] == model_.config.network.pad_id).any().item<bool>());
}

TEST_F(TritonRepository, EachModelHasItsConfigurationAndOnlyItsWeights) {
  write_triton_repository(model_, {}, scratch_.path());
  for (const char* name : {"radgen_encoder", "radgen_decoder_step", "radgen_generate"}) {
    const std::string text = config(name);
    EXPECT_NE(text.find("name: \"" + std::string(name) + "\""), std::string::npos);
    for (const char* field : {"max_batch_size: 4", "max_queue_delay_microseconds", "model_warmup",
                              "version_policy", "KIND_CPU"})
      EXPECT_NE(text.find(field), std::string::npos) << name << " " << field;
    EXPECT_EQ(text.find("preferred_batch_size"), std::string::npos);
  }
  EXPECT_NE(config("radgen_encoder").find("label_filename: \"labels.txt\""), std::string::npos);
  EXPECT_NE(config("radgen_encoder").find("dims: [ 1, -1, -1 ]"), std::string::npos);
  for (const auto& item : module("radgen_decoder_step").named_buffers())
    EXPECT_TRUE(item.name.starts_with("decoder")) << item.name;
}

TEST_F(TritonRepository, AFixedSizeIsInTheConfiguration) {
  write_triton_repository(model_, {.is_size_free = false}, scratch_.path());
  EXPECT_NE(config("radgen_encoder").find("dims: [ 1, 64, 48 ]"), std::string::npos);
}

}  // namespace
}  // namespace radgen

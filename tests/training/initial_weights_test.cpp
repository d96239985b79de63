#include "radgen/training/initial_weights.h"

#include <gtest/gtest.h>

#include "model/public_checkpoints.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/report/byte_pair_encoding.h"
#include "radgen/report/prompt.h"
#include "report/small_vocabulary.h"

namespace radgen {
namespace {

constexpr int64_t kPieces = 262;  // of the small vocabulary; the last one ends a text

class InitialWeightsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / "radgen_initial_weights_test";
    fs::remove_all(folder_);
    initial_ = {.vision = folder_ / "vit", .text = folder_ / "gpt2"};
    write_vit_folder(initial_.vision);
    write_gpt2_folder(initial_.text, kPieces);
    const auto [vocabulary, merges] = small_vocabulary();
    write_file_atomic(initial_.text / "vocab.json", vocabulary);
    write_file_atomic(initial_.text / "merges.txt", merges);

    config_.network.encoder = {
        .stem = "patch", .patch_px = 4, .width = 64, .layers = 1, .heads = 1, .mlp_ratio = 2};
    config_.network.encoder.image_height_px = config_.network.encoder.image_width_px = 16;
    DecoderConfig& decoder = config_.network.decoder;
    decoder = *gpt2_checkpoint().config.decoder;
    decoder.max_tokens = 24;
    decoder.vocabulary_size = kFirstTextId + kPieces;
    decoder.sees_cls = true;
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
  InitialWeights initial_;
  TrainConfig config_;
};

TEST_F(InitialWeightsTest, EncoderAndTextComeFromTheirFoldersWithTheTextsTokenizer) {
  const auto tokenizer = choose_tokenizer(folder_ / "no-data", initial_, "");
  EXPECT_EQ(tokenizer->vocabulary_size(), kFirstTextId + kPieces);
  GroundedModel network(config_.network);
  const auto reports = load_initial_weights(network, config_, *tokenizer, initial_);
  ASSERT_EQ(reports.size(), 2U);
  const TensorMap own = named_tensors(*network);
  const TensorMap vit = vit_checkpoint().tensors, gpt2 = gpt2_checkpoint(kPieces).tensors;
  EXPECT_TRUE(torch::equal(own.at("encoder.cls_token"), vit.at("vit.embeddings.cls_token")));
  const torch::Tensor rows = own.at("decoder.token_embedding.weight"),
                      theirs = gpt2.at("wte.weight");
  EXPECT_TRUE(torch::equal(rows.narrow(0, kFirstTextId, kPieces), theirs));
  EXPECT_TRUE(torch::equal(rows[kEosId], theirs[kPieces - 1]));
  EXPECT_TRUE(torch::equal(rows[kBosId], theirs[kPieces - 1]));
  EXPECT_TRUE(torch::equal(rows[kSeparatorId], theirs[tokenizer->byte_level_bpe()->id_of("\n")]));
}

TEST_F(InitialWeightsTest, ResumedRunHasTheTokenizerItBeganWith) {
  const auto tokenizer = choose_tokenizer(folder_ / "no-data", initial_, "");
  save_initial_weights(folder_ / "run", initial_, *tokenizer, nlohmann::ordered_json::array());
  const auto again = choose_tokenizer(folder_ / "no-data", {}, folder_ / "run");
  EXPECT_EQ(again->encode_ids("lung\nlung"), tokenizer->encode_ids("lung\nlung"));
  EXPECT_TRUE(fs::exists(folder_ / "run" / "initial_weights.json"));
}

TEST_F(InitialWeightsTest, FlagsThatContradictAreRefused) {
  EXPECT_NO_THROW(check(initial_, /*is_resume=*/false));
  EXPECT_THROW(check(initial_, /*is_resume=*/true), Error);
  initial_.all = folder_ / "model";
  EXPECT_THROW(check(initial_, /*is_resume=*/false), Error);
}

TEST_F(InitialWeightsTest, TextWeightsWithoutTheirTokenizerAreRefused) {
  fs::remove(initial_.text / "merges.txt");
  try {
    choose_tokenizer(folder_ / "no-data", initial_, "");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kData);
    EXPECT_NE(std::string(error.what()).find("no vocab.json and merges.txt"), std::string::npos);
  }
}

// The settings that Hugging Face's google/vit-base-patch16-224 and openai-community/gpt2 have.
TEST_F(InitialWeightsTest, BaselineConfigurationFitsVitBaseAndGpt2Small) {
  write_json_atomic(folder_ / "vit-base" / "config.json", {{"model_type", "vit"},
                                                           {"hidden_size", 768},
                                                           {"num_hidden_layers", 12},
                                                           {"num_attention_heads", 12},
                                                           {"intermediate_size", 3072},
                                                           {"hidden_act", "gelu"},
                                                           {"layer_norm_eps", 1e-12},
                                                           {"image_size", 224},
                                                           {"patch_size", 16},
                                                           {"num_channels", 3},
                                                           {"qkv_bias", true}});
  write_json_atomic(folder_ / "gpt2-small" / "config.json", {{"model_type", "gpt2"},
                                                             {"activation_function", "gelu_new"},
                                                             {"layer_norm_epsilon", 1e-5},
                                                             {"n_embd", 768},
                                                             {"n_head", 12},
                                                             {"n_layer", 12},
                                                             {"n_positions", 1024},
                                                             {"vocab_size", 50257}});
  TrainConfig baseline;
  load_config(baseline, {fs::path(RADGEN_SOURCE_DIR) / "configs" / "baseline-vit-gpt2.json"}, {});
  baseline.network.decoder.vocabulary_size = kFirstTextId + 50257;
  EXPECT_NO_THROW(check(baseline.network));
  EXPECT_NO_THROW(check_fits(baseline.network.encoder, read_public_config(folder_ / "vit-base")));
  EXPECT_NO_THROW(check_fits(baseline.network.decoder, read_public_config(folder_ / "gpt2-small"),
                             kFirstTextId + 50257));
  EXPECT_EQ(baseline.network.loss.lambda_ground, 0);
  EXPECT_GT(baseline.loop.freeze_encoder_steps, 0);
  EXPECT_TRUE(baseline.network.projection);
}

}  // namespace
}  // namespace radgen

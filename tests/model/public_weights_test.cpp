#include "radgen/model/public_weights.h"

#include <gtest/gtest.h>
#include <torch/csrc/jit/serialization/pickle.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "model/model_test_support.h"
#include "model/public_checkpoints.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/model/decoding.h"

namespace radgen {
namespace {

using torch::Tensor;
using torch::indexing::Slice;

// Parity with float32 results of another program: sums of a few hundred products in another order.
constexpr double kTolerance = 1e-4;

fs::path reference_dir() {
  const char* set = std::getenv("RADGEN_REFERENCE_DIR");
  return set ? fs::path(set) : fs::path(RADGEN_SOURCE_DIR) / "../shared/reference";
}

enum class Kind { kPair, kEncoder };

// Folders of transformers/ of this kind, and what transformers computed from them.
struct ReferenceCase {
  fs::path folder;
  TensorMap expected;
};
std::vector<ReferenceCase> reference_cases(Kind kind) {
  std::vector<ReferenceCase> cases;
  std::error_code no_folder;
  for (const auto& entry : fs::directory_iterator(reference_dir() / "transformers", no_folder)) {
    const fs::path expected = entry.path() / "expected.safetensors";
    if (!fs::exists(expected) || !fs::exists(entry.path() / "config.json")) continue;
    const PublicConfig config = read_public_config(entry.path());
    if (!config.encoder || (kind == Kind::kPair) != config.decoder.has_value()) continue;
    std::printf("reference case: %s\n", entry.path().c_str());
    cases.push_back({entry.path(), read_safetensors(expected)});
  }
  return cases;
}

// Parts that a file may hold and no computation of these needs: heads, masks and copies of tied
// weights.
bool is_expected_unused(const std::string& name) {
  for (const char* part :
       {"mask_token", "pooler.", "lm_head.", "classifier.", ".attn.bias", ".attn.masked_bias"})
    if (name.find(part) != std::string::npos) return true;
  return false;
}

double distance(const Tensor& a, const Tensor& b) {
  return a.sizes() == b.sizes() ? (a - b).abs().max().item<double>() : 1e9;
}

// [CLS] first, as transformers has it.
Tensor with_cls(const EncodedPatches& seen) {
  return torch::cat({seen.cls.unsqueeze(1), seen.patches}, 1);
}
// The same for weights [B,A,T,N+1] with [CLS] behind the patches.
Tensor cls_first(const Tensor& weights) { return weights.roll(1, -1); }

GroundedModel load_pair(const ReferenceCase& reference) {
  const PublicCheckpoint checkpoint = read_public_checkpoint(reference.folder);
  GroundedModel model(public_model_config(checkpoint.config));
  const WeightReport report = load_public_model(model, checkpoint);
  EXPECT_TRUE(report.missing.empty());
  for (const std::string& name : report.unused) EXPECT_TRUE(is_expected_unused(name)) << name;
  EXPECT_EQ(report.used.size(), named_tensors(*model).size());
  model->eval();
  return model;
}

// The words of one text: behind the start token, up to the first eos.
std::vector<int64_t> words(const Tensor& ids, int64_t row, const ModelConfig& config) {
  std::vector<int64_t> result;
  for (int64_t i = 1; i < ids.size(1); ++i) {
    const int64_t id = ids[row][i].item<int64_t>();
    if (id == config.eos_id) break;
    result.push_back(id);
  }
  return result;
}

TEST(PublicPair, HiddenStatesLogitsAndCrossAttentionMatchTransformers) {
  const auto cases = reference_cases(Kind::kPair);
  if (cases.empty()) GTEST_SKIP() << "no encoder-decoder folders in the reference folder";
  torch::NoGradGuard no_grad;
  for (const ReferenceCase& reference : cases) {
    SCOPED_TRACE(reference.folder.string());
    GroundedModel model = load_pair(reference);
    const TensorMap& e = reference.expected;
    EXPECT_LT(distance(with_cls(model->encoder()->forward(e.at("pixel_values"))),
                       e.at("encoder_last_hidden_state")),
              kTolerance);
    EXPECT_LT(distance(with_cls(model->encoder()->forward(e.at("pixel_values_larger"))),
                       e.at("encoder_larger")),
              kTolerance);

    ModelConfig config = model->config();
    config.decoder.grounding_layers = "mean";  // the scores of every layer come back
    GroundedModel every_layer(config);
    load_tensors(*every_layer, named_tensors(*model), "copy");
    every_layer->eval();
    const EncodedImage encoded = every_layer->encode(e.at("pixel_values"));
    const DecoderOutput out =
        every_layer->decoder()->forward(encoded.memory, e.at("decoder_input_ids"));
    EXPECT_LT(distance(out.logits, e.at("logits")), kTolerance);
    const Tensor first = cls_first(out.grounding_scores.front().softmax(-1)),
                 last = cls_first(out.grounding_scores.back().softmax(-1));
    EXPECT_LT(distance(first, e.at("cross_attention_first")), kTolerance);
    EXPECT_LT(distance(last, e.at("cross_attention_last")), kTolerance);

    const DecoderOutput plain =
        model->decoder()->forward(encoded.memory, e.at("decoder_input_ids"));
    EXPECT_LT(distance(torch::cat({plain.cls_attention.unsqueeze(-1), plain.attention}, -1),
                       e.at("cross_attention_last")),
              kTolerance);
  }
}

TEST(PublicPair, GreedyAndBeamTokensMatchTransformers) {
  const auto cases = reference_cases(Kind::kPair);
  if (cases.empty()) GTEST_SKIP() << "no encoder-decoder folders in the reference folder";
  for (const ReferenceCase& reference : cases) {
    SCOPED_TRACE(reference.folder.string());
    GroundedModel model = load_pair(reference);
    const TensorMap& e = reference.expected;
    torch::NoGradGuard no_grad;
    const EncodedImage encoded = model->encode(e.at("pixel_values"));
    DecodingConfig greedy, beam, no_repeat;
    greedy.max_tokens = beam.max_tokens = 24;
    beam.beam_size = 4;
    beam.length_penalty = 1;
    no_repeat = beam;
    no_repeat.no_repeat_ngram = 3;
    for (const auto& [name, config] : {std::pair{"greedy_ids", greedy},
                                       {"beam4_ids", beam},
                                       {"beam4_norepeat3_ids", no_repeat}}) {
      const std::vector<DecodedText> texts = generate(model, encoded, {}, config);
      for (size_t b = 0; b < texts.size(); ++b) {
        EXPECT_EQ(texts[b].ids, words(e.at(name), static_cast<int64_t>(b), model->config()))
            << name << " " << b;
        if (std::string(name) == "beam4_ids") {
          EXPECT_NEAR(texts[b].score, e.at("beam4_scores")[static_cast<int64_t>(b)].item<double>(),
                      kTolerance);
        }
      }
    }
  }
}

TEST(PublicPair, OneIdMayBeginAndEndATextAndStandInIt) {
  torch::NoGradGuard no_grad;
  ModelConfig config = tiny_config();
  config.bos_id = config.eos_id = 3;
  const auto text_of = [&](bool special_ids_are_words, int64_t favourite) {
    config.special_ids_are_words = special_ids_are_words;
    GroundedModel model = tiny_model(config);
    TensorMap own = named_tensors(*model);  // whatever is seen, the favourite is most likely
    own.at("decoder.norm.weight").zero_();
    own.at("decoder.norm.bias").fill_(1);
    own.at("decoder.output.weight").zero_()[favourite].fill_(1);
    DecodingConfig greedy;
    greedy.max_tokens = 5;
    return generate(model, model->encode(torch::zeros({1, 1, 12, 16})), {}, greedy).front();
  };
  EXPECT_TRUE(text_of(true, config.eos_id).is_complete);
  EXPECT_FALSE(text_of(false, config.eos_id).is_complete);  // our own texts never hold a special id
  EXPECT_EQ(text_of(true, config.pad_id).ids, std::vector<int64_t>(5, config.pad_id));
}

TEST(PublicEncoder, HiddenStatesMatchTransformers) {
  const auto cases = reference_cases(Kind::kEncoder);
  if (cases.empty()) GTEST_SKIP() << "no encoder folders in the reference folder";
  torch::NoGradGuard no_grad;
  for (const ReferenceCase& reference : cases) {
    SCOPED_TRACE(reference.folder.string());
    const PublicCheckpoint checkpoint = read_public_checkpoint(reference.folder);
    VitEncoder encoder(*checkpoint.config.encoder);
    const WeightReport report = load_public_vision(encoder, checkpoint);
    for (const std::string& name : report.unused) EXPECT_TRUE(is_expected_unused(name)) << name;
    encoder->eval();
    const TensorMap& e = reference.expected;
    EXPECT_LT(distance(with_cls(encoder->forward(e.at("pixel_values"))), e.at("last_hidden_state")),
              kTolerance);
    EXPECT_LT(distance(with_cls(encoder->forward(e.at("pixel_values_larger"))),
                       e.at("last_hidden_state_larger")),
              kTolerance);
  }
}

// --- Checkpoints made here, in the layouts that have no reference file ---

VitEncoder loaded(const EncoderConfig& config, const PublicCheckpoint& checkpoint,
                  const PublicLoadOptions& options = {}) {
  VitEncoder encoder(config);
  load_public_vision(encoder, checkpoint, options);
  encoder->eval();
  return encoder;
}

std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return std::string(error.what()) + " | " + error.hint();
  }
  return "";
}

TEST(PublicEncoder, GreyInputSeesWhatRgbInputOfTheSameGreySees) {
  torch::NoGradGuard no_grad;
  const PublicCheckpoint checkpoint = vit_checkpoint();
  EncoderConfig rgb = *checkpoint.config.encoder, grey = rgb;
  grey.channels = 1;
  const Tensor image = torch::randn({2, 1, 12, 12});
  EXPECT_LT(distance(loaded(grey, checkpoint)->forward(image).patches,
                     loaded(rgb, checkpoint)->forward(image.expand({2, 3, 12, 12})).patches),
            1e-5);
}

TEST(PublicEncoder, OtherNormalisationOfTheInputIsFoldedIntoTheFilters) {
  torch::NoGradGuard no_grad;
  PublicCheckpoint checkpoint = vit_checkpoint();
  checkpoint.config.pixel_mean = {0.4, 0.5, 0.6};
  checkpoint.config.pixel_sd = {0.2, 0.25, 0.3};
  EncoderConfig rgb = *checkpoint.config.encoder, grey = rgb;
  grey.channels = 1;
  const Tensor film = torch::rand({1, 1, 12, 12});  // 0..1
  std::vector<Tensor> channels;
  for (size_t c = 0; c < 3; ++c)
    channels.push_back((film - checkpoint.config.pixel_mean[c]) / checkpoint.config.pixel_sd[c]);
  PublicLoadOptions options;
  options.grey_mean = 0.5;
  options.grey_sd = 0.25;
  EXPECT_LT(distance(loaded(grey, checkpoint, options)->forward((film - 0.5) / 0.25).patches,
                     loaded(rgb, checkpoint)->forward(torch::cat(channels, 1)).patches),
            1e-5);
}

TEST(PublicEncoder, MissingTensorIsAnErrorAndNothingIsCopied) {
  PublicCheckpoint checkpoint = vit_checkpoint();
  checkpoint.tensors.erase("vit.encoder.layer.0.attention.attention.key.weight");
  VitEncoder encoder(*checkpoint.config.encoder);
  const Tensor before = encoder->named_parameters()["stem.projection.weight"].clone();
  const std::string message = refusal([&] { load_public_vision(encoder, checkpoint); });
  EXPECT_NE(message.find("vit.encoder.layer.0.attention.attention.key.weight' is missing"),
            std::string::npos)
      << message;
  EXPECT_TRUE(torch::equal(before, encoder->named_parameters()["stem.projection.weight"]));
}

TEST(PublicEncoder, ReportNamesEveryTensorUsedAndUnused) {
  const PublicCheckpoint checkpoint = vit_checkpoint();
  EncoderConfig own = *checkpoint.config.encoder;
  own.has_cls = false;
  own.image_height_px = 16;
  VitEncoder encoder(own);
  const WeightReport report = load_public_vision(encoder, checkpoint);
  EXPECT_EQ(report.unused, (std::vector<std::string>{"classifier.bias", "classifier.weight",
                                                     "vit.embeddings.cls_token"}));
  EXPECT_EQ(report.used.size(), named_tensors(*encoder).size());
  EXPECT_TRUE(report.missing.empty());
  EXPECT_NE(report.json().dump().find("interpolated 3 x 3 -> 4 x 3"), std::string::npos);
}

TEST(PublicEncoder, BiasesThatACheckpointDoesNotHaveAreZero) {
  const VitEncoder encoder =
      loaded(*small_vit().encoder, vit_checkpoint(/*has_attention_bias=*/false));
  EXPECT_EQ(encoder->named_parameters()["layers.0.attention.query_key_value.bias"]
                .abs()
                .max()
                .item<double>(),
            0);
}

TEST(PublicEncoder, ConfigurationThatDoesNotFitIsRefusedWithTheSettingThatMendsIt) {
  const PublicCheckpoint checkpoint = vit_checkpoint();
  EncoderConfig own = *checkpoint.config.encoder;
  own.width = 32;
  own.feed_forward = "gelu_tanh";
  const std::string message = refusal([&] { load_public_vision(VitEncoder(own), checkpoint); });
  EXPECT_NE(message.find("network.encoder.width is 32, the weights need 64"), std::string::npos)
      << message;
  EXPECT_NE(message.find("--set network.encoder.feed_forward=gelu"), std::string::npos) << message;
}

TEST(PublicEncoder, GatedDinov2LoadsIntoItsHalves) {
  torch::NoGradGuard no_grad;
  torch::manual_seed(5);
  PublicCheckpoint checkpoint;
  checkpoint.config = small_vit("dinov2");
  checkpoint.config.encoder->feed_forward = "swiglu";
  checkpoint.config.encoder->mlp_ratio = 88.0 / 64;  // (2/3 of 128, rounded up to a multiple of 8)
  TensorMap& t = checkpoint.tensors;
  t["embeddings.cls_token"] = noise({1, 1, 64});
  t["embeddings.mask_token"] = noise({1, 64});
  t["embeddings.position_embeddings"] = noise({1, 10, 64});
  t["embeddings.patch_embeddings.projection.weight"] = noise({64, 3, 4, 4});
  t["embeddings.patch_embeddings.projection.bias"] = noise({64});
  const std::string layer = "encoder.layer.0.";
  for (const char* part : {"attention.attention.query", "attention.attention.key",
                           "attention.attention.value", "attention.output.dense"})
    add_linear(t, layer + part, 64, 64);
  add_linear(t, layer + "mlp.weights_in", 2 * 88, 64);
  add_linear(t, layer + "mlp.weights_out", 64, 88);
  for (const char* norm : {"norm1", "norm2"}) add_norm(t, layer + norm, 64);
  for (const char* scale : {"layer_scale1.lambda1", "layer_scale2.lambda1"})
    t[layer + scale] = 1 + noise({64});
  add_norm(t, "layernorm", 64);
  VitEncoder encoder = loaded(*checkpoint.config.encoder, checkpoint);

  // The layer by its formulas, straight from the file's tensors.
  const Tensor image = torch::randn({1, 3, 12, 12});
  const auto linear = [&](const Tensor& x, const std::string& name) {
    return torch::linear(x, t.at(name + ".weight"), t.at(name + ".bias"));
  };
  const auto norm = [&](const Tensor& x, const std::string& name) {
    return torch::layer_norm(x, {64}, t.at(name + ".weight"), t.at(name + ".bias"), 1e-6);
  };
  Tensor x = torch::conv2d(image, t.at("embeddings.patch_embeddings.projection.weight"),
                           t.at("embeddings.patch_embeddings.projection.bias"), 4)
                 .flatten(2)
                 .transpose(1, 2);
  x = torch::cat({t.at("embeddings.cls_token"), x}, 1) + t.at("embeddings.position_embeddings");
  const Tensor n = norm(x, layer + "norm1");
  const Tensor q = linear(n, layer + "attention.attention.query"),
               k = linear(n, layer + "attention.attention.key"),
               v = linear(n, layer + "attention.attention.value");
  const Tensor seen =
      torch::matmul(torch::softmax(torch::matmul(q, k.transpose(1, 2)) / 8.0, -1), v);
  x = x + linear(seen, layer + "attention.output.dense") * t.at(layer + "layer_scale1.lambda1");
  const Tensor up = linear(norm(x, layer + "norm2"), layer + "mlp.weights_in");
  const Tensor gated = torch::silu(up.narrow(-1, 0, 88)) * up.narrow(-1, 88, 88);
  x = x + linear(gated, layer + "mlp.weights_out") * t.at(layer + "layer_scale2.lambda1");
  EXPECT_LT(distance(with_cls(encoder->forward(image)), norm(x, "layernorm")), kTolerance);
}

// torchvision's names for the same weights.
TensorMap torchvision_tensors(const PublicCheckpoint& vit) {
  const TensorMap& t = vit.tensors;
  const std::string from = "vit.encoder.layer.0.", to = "encoder.layers.encoder_layer_0.";
  TensorMap out;
  out["class_token"] = t.at("vit.embeddings.cls_token");
  out["encoder.pos_embedding"] = t.at("vit.embeddings.position_embeddings");
  const std::vector<std::pair<std::string, std::string>> names = {
      {"conv_proj", "vit.embeddings.patch_embeddings.projection"},
      {to + "ln_1", from + "layernorm_before"},
      {to + "ln_2", from + "layernorm_after"},
      {to + "self_attention.out_proj", from + "attention.output.dense"},
      {to + "mlp.linear_1", from + "intermediate.dense"},
      {to + "mlp.linear_2", from + "output.dense"},
      {"encoder.ln", "vit.layernorm"},
      {"heads.head", "classifier"}};
  for (const auto& [ours, theirs] : names)
    for (const char* part : {".weight", ".bias"}) out[ours + part] = t.at(theirs + part);
  for (const char* part : {"weight", "bias"}) {
    std::vector<Tensor> parts;
    for (const char* which : {"query.", "key.", "value."})
      parts.push_back(t.at(from + "attention.attention." + which + part));
    out[to + "self_attention.in_proj_" + part] = torch::cat(parts);
  }
  return out;
}

TEST(PublicEncoder, TorchvisionFileGivesTheSameEncoder) {
  torch::NoGradGuard no_grad;
  const PublicCheckpoint vit = vit_checkpoint();
  c10::Dict<std::string, Tensor> dictionary;
  for (const auto& [name, tensor] : torchvision_tensors(vit)) dictionary.insert(name, tensor);
  const std::vector<char> bytes = torch::pickle_save(dictionary);
  const fs::path path = fs::path(testing::TempDir()) / "radgen_public_weights_test.pth";
  write_file_atomic(path, {bytes.data(), bytes.size()});
  const PublicCheckpoint file = read_public_checkpoint(path);
  fs::remove(path);
  EXPECT_EQ(file.config.encoder->heads, 1);
  EXPECT_EQ(file.config.encoder->image_width_px, 12);
  EncoderConfig own = *vit.config.encoder;
  const Tensor image = torch::randn({1, 3, 12, 12});
  EXPECT_LT(
      distance(loaded(own, file)->forward(image).patches, loaded(own, vit)->forward(image).patches),
      1e-5);
}

// state_dict() of a Linear(2, 1) with weight [[1, 2]] and bias [3], written by Python.
TEST(PublicEncoder, StateDictThatPythonSavedIsRead) {
  const TensorMap tensors = read_pickled_weights(fs::path(RADGEN_SOURCE_DIR) /
                                                 "tests/fixtures/public_weights/state_dict.pth");
  ASSERT_EQ(tensors.size(), 2U);
  EXPECT_TRUE(torch::equal(tensors.at("weight"), torch::tensor({{1.F, 2.F}})));
  EXPECT_TRUE(torch::equal(tensors.at("bias"), torch::tensor({3.F})));
}

TEST(PublicEncoder, BrokenPickleIsRefused) {
  const fs::path path = fs::path(testing::TempDir()) / "radgen_public_weights_broken.pth";
  for (const char* bytes : {"", "PK\x03\x04 no archive", "\x80\x02}q\x00."}) {
    write_file_atomic(path, bytes);
    EXPECT_NE(refusal([&] { read_public_checkpoint(path); }), "");
  }
  fs::remove(path);
}

ModelConfig text_config(const PublicCheckpoint& checkpoint, int64_t offset) {
  ModelConfig config = tiny_config();
  config.decoder = *checkpoint.config.decoder;
  config.decoder.max_tokens = 24;
  config.decoder.vocabulary_size += offset;
  return config;
}

TEST(PublicText, LanguageModelWithoutCrossAttentionNeedsPermission) {
  const PublicCheckpoint checkpoint = gpt2_checkpoint();
  GroundedModel model(text_config(checkpoint, 0));
  const std::string message = refusal([&] { load_public_text(model, checkpoint); });
  EXPECT_NE(message.find("cross_attention"), std::string::npos) << message;
  PublicLoadOptions options;
  options.may_be_missing = new_text_parts(checkpoint.config);
  const WeightReport report = load_public_text(model, checkpoint, options);
  EXPECT_EQ(report.missing.size(), 9U);  // null key, 3 x weight and bias, the norm
  EXPECT_EQ(report.unused, std::vector<std::string>{"h.0.attn.bias"});
  const TensorMap own = named_tensors(*model);
  EXPECT_TRUE(torch::equal(own.at("decoder.layers.0.mlp.up.weight"),
                           checkpoint.tensors.at("h.0.mlp.c_fc.weight").t()));
  EXPECT_TRUE(torch::equal(own.at("decoder.position_embedding.weight"),
                           checkpoint.tensors.at("wpe.weight").narrow(0, 0, 24)));
}

TEST(PublicText, SpecialTokensStandBeforeTheFilesOwn) {
  const PublicCheckpoint checkpoint = gpt2_checkpoint();
  PublicLoadOptions options;
  options.may_be_missing = new_text_parts(checkpoint.config);
  options.vocabulary_offset = 4;
  options.special_tokens = {{2, 10}, {3, 10}};
  GroundedModel model(text_config(checkpoint, 4));
  load_public_text(model, checkpoint, options);
  const Tensor own = named_tensors(*model).at("decoder.token_embedding.weight"),
               file = checkpoint.tensors.at("wte.weight");
  EXPECT_TRUE(torch::equal(own.narrow(0, 4, 11), file));
  EXPECT_TRUE(torch::equal(own[2], file[10]));
  EXPECT_LT(distance(own[0], file.mean(0)), 1e-6);

  GroundedModel other(text_config(checkpoint, 3));
  EXPECT_NE(refusal([&] {
              load_public_text(other, checkpoint, options);
            }).find("the tokenizer is not theirs"),
            std::string::npos);
}

TEST(PublicConfigFile, UnsupportedSettingsAreRefusedByName) {
  const fs::path folder = fs::path(testing::TempDir()) / "radgen_public_config_test";
  const auto said = [&](const std::string& json) {
    write_file_atomic(folder / "config.json", json);
    return refusal([&] { read_public_config(folder); });
  };
  EXPECT_NE(said(R"({"model_type": "bert"})").find("'bert'"), std::string::npos);
  EXPECT_NE(said(R"({"model_type": "vit"})").find("'hidden_size' is missing"), std::string::npos);
  EXPECT_NE(said(R"({"model_type": "vit", "hidden_size": -4})").find("hidden_size = -4"),
            std::string::npos);
  EXPECT_NE(said(R"({"model_type": "gpt2", "scale_attn_by_inverse_layer_idx": true})")
                .find("not supported"),
            std::string::npos);
  EXPECT_NE(
      said(
          R"({"model_type": "gpt2", "n_embd": 12, "n_layer": 1, "n_head": 3, "n_positions": 8, "vocab_size": 5,
                     "activation_function": "relu"})")
          .find("'relu'"),
      std::string::npos);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace radgen

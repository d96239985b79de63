// Checkpoints as they lie on people's disks: wrapped, tied, in parts, in 16 bits, and what is none.
#include "model/weight_files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <torch/csrc/jit/serialization/pickle.h>

#include <cstring>

#include "model/model_test_support.h"
#include "model/public_checkpoints.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

using torch::Tensor;

constexpr int64_t kVocabulary = 11;

class WeightFolder : public ::testing::Test {
 protected:
  void SetUp() override { write_gpt2_folder(folder_, kVocabulary); }
  void TearDown() override { fs::remove_all(folder_); }

  // gpt2_checkpoint() as GPT2LMHeadModel saves it: everything below "transformer.".
  static TensorMap language_model() {
    TensorMap named;
    for (const auto& [name, tensor] : gpt2_checkpoint(kVocabulary).tensors) {
      named["transformer." + name] = tensor;
    }
    return named;
  }
  static TensorMap with_prefix(const TensorMap& tensors, const std::string& prefix) {
    TensorMap named;
    for (const auto& [name, tensor] : tensors) named[prefix + name] = tensor;
    return named;
  }
  void write(const TensorMap& tensors, const WeightsMetadata& metadata = {{"format", "pt"}}) {
    write_safetensors(folder_ / "model.safetensors", tensors, metadata);
  }
  void set_config(const std::string& key, const nlohmann::json& value) {
    nlohmann::json config = read_json(folder_ / "config.json");
    config[key] = value;
    write_json_atomic(folder_ / "config.json", config);
  }

  // What the network holds after it was loaded from the folder, and what was said of it.
  TensorMap load() {
    const PublicCheckpoint checkpoint = read_public_checkpoint(folder_);
    ModelConfig config = tiny_config();
    config.decoder = *checkpoint.config.decoder;
    config.decoder.max_tokens = 24;
    GroundedModel model(config);
    PublicLoadOptions options;
    options.may_be_missing = new_text_parts(checkpoint.config);
    report_ = load_public_text(model, checkpoint, options);
    return named_tensors(*model);
  }
  void expect_loaded() {
    const TensorMap own = load(), file = gpt2_checkpoint(kVocabulary).tensors;
    EXPECT_TRUE(torch::equal(own.at("decoder.token_embedding.weight"), file.at("wte.weight")));
    EXPECT_TRUE(
        torch::equal(own.at("decoder.layers.0.mlp.up.weight"), file.at("h.0.mlp.c_fc.weight").t()));
  }
  std::string refusal() {
    try {
      load();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kData);
      return std::string(error.what()) + " | " + error.hint();
    }
    return "";
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / "radgen_weight_files_test";
  WeightReport report_;
};

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(WeightFolder, SharedEmbeddingIsFoundUnderTheOtherName) {
  TensorMap tensors = language_model();
  tensors["lm_head.weight"] = tensors.at("transformer.wte.weight");
  tensors.erase("transformer.wte.weight");
  write(tensors, {{"format", "pt"}, {"transformer.wte.weight", "lm_head.weight"}});
  expect_loaded();
  EXPECT_EQ(report_.unused, std::vector<std::string>{"transformer.h.0.attn.bias"});
  write(tensors);  // without the note in the metadata, as older programs write it
  expect_loaded();
  EXPECT_EQ(report_.unused, std::vector<std::string>{"transformer.h.0.attn.bias"});
}

TEST_F(WeightFolder, SharedEmbeddingUnderBothNamesIsUsedOnce) {
  TensorMap tensors = language_model();
  tensors["lm_head.weight"] = tensors.at("transformer.wte.weight").clone();
  write(tensors);
  expect_loaded();
  EXPECT_EQ(report_.unused, std::vector<std::string>{"transformer.h.0.attn.bias"});
}

TEST_F(WeightFolder, EmbeddingsThatDifferAreNotTakenForOne) {
  TensorMap tensors = language_model();
  tensors["lm_head.weight"] = tensors.at("transformer.wte.weight") + 1;
  write(tensors);
  EXPECT_SAYS(refusal(), "tie_word_embeddings");
}

TEST_F(WeightFolder, UntiedTextWithoutItsOutputIsAnError) {
  write(language_model());
  set_config("tie_word_embeddings", false);
  EXPECT_SAYS(refusal(), "'lm_head.weight' is missing");
  TensorMap tensors = language_model();
  tensors["lm_head.weight"] = tensors.at("transformer.wte.weight") + 1;
  write(tensors);
  const TensorMap own = load();
  EXPECT_TRUE(
      torch::equal(own.at("decoder.output.weight"), own.at("decoder.token_embedding.weight") + 1));
}

TEST_F(WeightFolder, AnySharedTensorIsThereUnderItsDroppedName) {
  TensorMap tensors = language_model();
  tensors["kept"] = tensors.at("transformer.wpe.weight");
  tensors.erase("transformer.wpe.weight");
  write(tensors, {{"transformer.wpe.weight", "kept"}, {"epoch", "3"}});
  expect_loaded();
  EXPECT_EQ(report_.unused, std::vector<std::string>{"transformer.h.0.attn.bias"});
}

TEST_F(WeightFolder, NamesOfWrappersAreTakenOff) {
  for (const char* prefix : {"module.", "_orig_mod.", "_orig_mod.module.", "module._orig_mod.",
                             "model.", "net.", "_forward_module.", "_fsdp_wrapped_module."}) {
    SCOPED_TRACE(prefix);
    write(with_prefix(language_model(), prefix));
    expect_loaded();
    write(with_prefix(gpt2_checkpoint(kVocabulary).tensors, prefix));  // without "transformer."
    expect_loaded();
  }
  TensorMap inner;  // each block compiled and checkpointed by itself
  for (const auto& [name, tensor] : language_model()) {
    const size_t at = name.find(".h.0.");
    inner[at == std::string::npos
              ? name
              : name.substr(0, at) + ".h.0._checkpoint_wrapped_module._orig_mod" +
                    name.substr(at + 4)] = tensor;
  }
  write(inner);
  expect_loaded();
  TensorMap averaged = with_prefix(language_model(), "module.");  // AveragedModel's own counter
  averaged["n_averaged"] = torch::tensor(7);
  write(averaged);
  expect_loaded();
}

TEST_F(WeightFolder, NamesOfTwoKindsAreRefused) {
  TensorMap half;
  for (const auto& [name, tensor] : language_model()) {
    half[name.find("h.0") == std::string::npos ? name : "module." + name] = tensor;
  }
  write(half);
  EXPECT_SAYS(refusal(), "' is missing, for our 'decoder.layers.0.");
  TensorMap two = with_prefix(language_model(), "student.");
  two.merge(with_prefix(language_model(), "teacher."));
  write(two);
  EXPECT_SAYS(refusal(), "several models");
  TensorMap twice = language_model();
  twice["transformer.h._orig_mod.0.ln_1.bias"] = twice.at("transformer.h.0.ln_1.bias");
  write(twice);
  EXPECT_SAYS(refusal(), "is there twice");
}

TEST_F(WeightFolder, NamesOfAnotherProgramAreShown) {
  write({{"blocks.0.attn.qkv.weight", torch::ones({2, 2})}});
  EXPECT_SAYS(refusal(), "'blocks.0.attn.qkv.weight'");
}

TEST_F(WeightFolder, WrappedEncodersAndPairsAreRead) {
  const PublicCheckpoint vit = vit_checkpoint();
  write_vit_folder(folder_);
  write_safetensors(folder_ / "model.safetensors", with_prefix(vit.tensors, "module."));
  VitEncoder encoder(*vit.config.encoder);
  const WeightReport report = load_public_vision(encoder, read_public_checkpoint(folder_));
  EXPECT_EQ(report.unused, (std::vector<std::string>{"classifier.bias", "classifier.weight"}));
  EXPECT_TRUE(
      torch::equal(named_tensors(*encoder).at("norm.bias"), vit.tensors.at("vit.layernorm.bias")));
}

// --- several parts ---

class WeightParts : public WeightFolder {
 protected:
  static constexpr const char* kParts[] = {"model-00001-of-00002.safetensors",
                                           "model-00002-of-00002.safetensors"};
  void SetUp() override {
    WeightFolder::SetUp();
    fs::remove(folder_ / "model.safetensors");
    TensorMap parts[2];
    nlohmann::json index{{"metadata", {{"total_size", 1}}}};
    size_t number = 0;
    for (const auto& [name, tensor] : language_model()) {
      const size_t part = number++ % 2;
      parts[part][name] = tensor;
      index["weight_map"][name] = kParts[part];
    }
    for (size_t i = 0; i < 2; ++i) write_safetensors(folder_ / kParts[i], parts[i]);
    write_index(index);
  }
  void write_index(const nlohmann::json& index) {
    write_json_atomic(folder_ / "model.safetensors.index.json", index);
  }
};

TEST_F(WeightParts, AreReadTogether) {
  expect_loaded();
  for (const char* file : {kParts[1], "model.safetensors.index.json"}) {
    EXPECT_EQ(read_public_checkpoint(folder_ / file).tensors.size(), language_model().size());
  }
}

TEST_F(WeightParts, MissingOnesAreNamed) {
  fs::remove(folder_ / kParts[0]);
  EXPECT_SAYS(refusal(), "1 of 2 are not there: model-00001-of-00002.safetensors");
  fs::remove(folder_ / "model.safetensors.index.json");
  EXPECT_SAYS(refusal(), "only model-00002-of-00002.safetensors");
}

TEST_F(WeightParts, IndexThatDoesNotFitIsRefused) {
  write_index({{"weight_map", {{"transformer.wte.weight", "../model.safetensors"}}}});
  EXPECT_SAYS(refusal(), "no plain file name");
  write_index({{"weight_map", {{"stranger", kParts[0]}}}});
  EXPECT_SAYS(refusal(), "has no tensor 'stranger'");
  write_index({{"weight_map", nlohmann::json::array()}});
  EXPECT_SAYS(refusal(), "weight_map");
}

// --- what the bytes are ---

// A safetensors file whose floats have 16 bits.
std::string narrow_file(const TensorMap& tensors, torch::ScalarType type, const char* name) {
  nlohmann::json header;
  std::string data;
  for (const auto& [key, tensor] : tensors) {
    if (!tensor.is_floating_point()) continue;
    const Tensor narrow = tensor.to(type).contiguous();
    header[key] = {{"dtype", name},
                   {"shape", narrow.sizes().vec()},
                   {"data_offsets", {data.size(), data.size() + narrow.nbytes()}}};
    data.append(static_cast<const char*>(narrow.data_ptr()), narrow.nbytes());
  }
  const std::string text = header.dump();
  const uint64_t size = text.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &size, 8);
  return bytes + text + data;
}

TEST_F(WeightFolder, FloatsOfSixteenBitsAreWidened) {
  const Tensor wide = language_model().at("transformer.wte.weight");
  for (const auto& [type, name] :
       {std::pair(torch::kHalf, "F16"), std::pair(torch::kBFloat16, "BF16")}) {
    write_file_atomic(folder_ / "model.safetensors", narrow_file(language_model(), type, name));
    EXPECT_TRUE(
        torch::equal(load().at("decoder.token_embedding.weight"), wide.to(type).to(torch::kFloat)));
    c10::Dict<std::string, Tensor> dictionary;
    for (const auto& [key, tensor] : language_model()) {
      dictionary.insert("module." + key, tensor.is_floating_point() ? tensor.to(type) : tensor);
    }
    const std::vector<char> pickle = torch::pickle_save(dictionary);
    fs::remove(folder_ / "model.safetensors");
    write_file_atomic(folder_ / "pytorch_model.bin", {pickle.data(), pickle.size()});
    EXPECT_TRUE(
        torch::equal(load().at("decoder.token_embedding.weight"), wide.to(type).to(torch::kFloat)));
    fs::remove(folder_ / "pytorch_model.bin");
  }
}

long peak_memory_kib() {
  struct ::rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// LibTorch's unpickler fills four gigabytes for a text that claims to be so long.
TEST_F(WeightFolder, ALengthThatIsNoneTakesNoMemory) {
  c10::Dict<std::string, Tensor> dictionary;
  for (const auto& [key, tensor] : language_model()) dictionary.insert(key, tensor);
  const std::vector<char> pickle = torch::pickle_save(dictionary);
  const std::string key = "transformer.wte.weight";
  std::string bytes(pickle.data(), pickle.size());
  const size_t at = bytes.find(std::string("X\x16\0\0\0", 5) + key);
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at + 1, 4, "\x58\xFF\xFF\xFF");
  fs::remove(folder_ / "model.safetensors");
  write_file_atomic(folder_ / "pytorch_model.bin", bytes);
  const long before = peak_memory_kib();
  EXPECT_SAYS(refusal(), "damaged");
  EXPECT_LT(peak_memory_kib() - before, 1 << 20);
}

TEST(PickleOutline, EndsWhereAnArgumentDoesNotFit) {
  const std::string sound("\x80\x02}q\0(X\x01\0\0\0aK\x05X\x01\0\0\0bG\0\0\0\0\0\0\0\0u.", 31);
  EXPECT_TRUE(has_sound_lengths(sound));
  EXPECT_TRUE(has_sound_lengths(std::string("ctorch._utils\n_rebuild\nq\x01r\x05\0\0\0.", 31)));
  EXPECT_FALSE(
      has_sound_lengths(std::string("X\xFF\xFF\xFF\xFF"
                                    "a.",
                                    7)));  // a text
  EXPECT_FALSE(
      has_sound_lengths(std::string("U\xFF"
                                    "a.",
                                    4)));
  EXPECT_FALSE(
      has_sound_lengths(std::string("\x8a\x09"
                                    "a.",
                                    4)));                                  // a whole number
  EXPECT_FALSE(has_sound_lengths(std::string("}r\xFF\xFF\xFF\x7F.", 7)));  // a place
  EXPECT_FALSE(has_sound_lengths(std::string("G\0\0", 3)));
  EXPECT_FALSE(has_sound_lengths("ctorch\nFloat"));
}

TEST_F(WeightFolder, SafetensorsUnderThePicklesNameAreRead) {
  fs::remove(folder_ / "model.safetensors");
  write_file_atomic(folder_ / "pytorch_model.bin", format_safetensors(language_model()));
  expect_loaded();
}

TEST_F(WeightFolder, WhatIsNoFileOfWeightsIsRefusedByItsName) {
  // torch.save before 1.6: the magic number and the protocol's version as pickles of their own.
  const std::string old_pickle("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M",
                               18);
  std::string tar(512, '\0');
  tar.replace(257, 5, "ustar");
  const std::vector<std::pair<std::string, std::string>> cases{
      {old_pickle, "before 1.6"},
      {tar, "tar format"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 548118077\n",
       "git lfs pull"},
      {"<!DOCTYPE html><html><body>404</body></html>", "a web page"},
      {"\x80\x04\x95 a bare pickle", "bare pickle"},
      {"\x89HDF\r\n\x1a\n", "TensorFlow"}};
  for (const char* file : {"pytorch_model.bin", "model.safetensors"}) {
    fs::remove(folder_ / "model.safetensors");
    for (const auto& [bytes, words] : cases) {
      write_file_atomic(folder_ / file, bytes);
      EXPECT_SAYS(refusal(), words);
    }
  }
}

TEST_F(WeightFolder, FolderOfOtherWeightsNamesWhatIsThere) {
  fs::remove(folder_ / "model.safetensors");
  EXPECT_SAYS(refusal(), "no file of weights at all");
  write_file_atomic(folder_ / "tf_model.h5", "x");
  EXPECT_SAYS(refusal(), "only tf_model.h5");
}

#undef EXPECT_SAYS

}  // namespace
}  // namespace radgen

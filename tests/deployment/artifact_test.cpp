#include "radgen/deployment/artifact.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/scratch.h"
#include "inference/tiny_model.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/deployment/export.h"

namespace radgen {
namespace {

class Artifact : public testing::Test {
 protected:
  Artifact() : model_(tiny_model(scratch_.path())) {
    model_.version = "1.2.3";
    model_.sha256 = std::string(64, 'a');
    fs::create_directories(folder_);
    manifest_ = export_network(model_, {}, folder_);
    write_artifact_manifest(folder_, manifest_, model_);
  }

  // The message of the error that opening the artifact ends in.
  std::string refusal() const {
    try {
      open_model(folder_);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kData);
      EXPECT_FALSE(error.hint().empty());
      return error.what();
    }
    return "";
  }

  void flip_byte(const fs::path& file) const {
    std::string bytes = read_file(file);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    write_file_atomic(file, bytes);
  }

  StudyInput film(uint64_t seed) const {
    cv::Mat image(64, 48, CV_16UC1);
    cv::RNG random(seed);
    random.fill(image, cv::RNG::UNIFORM, 0, 65535);
    return {"study", "image", image};
  }

  Scratch scratch_;
  LoadedModel model_;
  fs::path folder_ = scratch_ / "artifact";
  ArtifactManifest manifest_;
};

TEST_F(Artifact, HoldsWhatTheModelFolderHolds) {
  const OpenedModel opened = open_model(folder_);
  ASSERT_TRUE(opened.is_artifact());
  EXPECT_EQ(opened.manifest->format, "torchscript");
  EXPECT_EQ(opened.manifest->precision, "fp32");
  EXPECT_EQ(opened.model.version, "1.2.3");
  EXPECT_EQ(opened.model.sha256, model_.sha256);
  EXPECT_EQ(dump_config(opened.model.config), dump_config(model_.config));
  EXPECT_EQ(dump_config(opened.model.calibration), dump_config(model_.calibration));
  EXPECT_EQ(opened.model.tokenizer->model_bytes(), model_.tokenizer->model_bytes());
  EXPECT_TRUE(opened.model.network.is_empty());
}

TEST_F(Artifact, DraftsWhatTheModelDrafts) {
  model_.config.decoding.num_samples = 3;
  write_artifact_parts(folder_, model_);
  write_artifact_manifest(folder_, manifest_, model_);
  const std::vector<StudyInput> films{film(1), film(2), film(3)};
  const std::vector<Draft> expected = Predictor(model_).draft(films);
  for (int64_t batch : {1, 2, 4}) {
    const Predictor predictor = make_predictor(open_model(folder_), {.batch_size = batch});
    const std::vector<Draft> drafts = predictor.draft(films);
    ASSERT_EQ(drafts.size(), expected.size());
    for (size_t i = 0; i < drafts.size(); ++i) {
      EXPECT_EQ(drafts[i].findings, expected[i].findings);
      EXPECT_EQ(drafts[i].impression, expected[i].impression);
      ASSERT_EQ(drafts[i].sentences.size(), expected[i].sentences.size());
      for (size_t s = 0; s < drafts[i].sentences.size(); ++s) {
        EXPECT_EQ(drafts[i].sentences[s].boxes, expected[i].sentences[s].boxes);
        EXPECT_NEAR(drafts[i].sentences[s].score, expected[i].sentences[s].score, 1e-5);
      }
    }
  }
}

TEST_F(Artifact, PiecesMakeTheWordsWithoutATokenizer) {
  const nlohmann::json pieces = read_json(folder_ / "pieces.json");
  ASSERT_EQ(static_cast<int64_t>(pieces.size()), model_.tokenizer->vocabulary_size());
  const std::string text = "The heart size is normal.\nNo pneumothorax.";
  std::string joined;
  for (int64_t id : model_.tokenizer->encode_ids(text))
    joined += pieces[static_cast<size_t>(id)].get<std::string>();
  // A line begins without the blank that stands before its first word.
  for (size_t at = 0; (at = joined.find("\n ", at)) != std::string::npos;) joined.erase(at + 1, 1);
  EXPECT_EQ(joined.substr(joined.starts_with(" ") ? 1 : 0), text);
}

TEST_F(Artifact, ChecksItselfAgainstItsGoldenPicture) {
  OpenedModel opened = open_model(folder_);
  const Predictor predictor = make_predictor(open_model(folder_), {});
  EXPECT_EQ(check_golden(opened, *predictor.runtime()), "");
  opened.manifest->golden["log_probs"][0] = -50;
  EXPECT_NE(check_golden(opened, *predictor.runtime()), "");
}

TEST_F(Artifact, OneByteChangedInAnyFileIsRefused) {
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string bytes = read_file(entry.path()), name = entry.path().filename().string();
    flip_byte(entry.path());
    EXPECT_NE(refusal().find(name), std::string::npos) << name << ": " << refusal();
    write_file_atomic(entry.path(), bytes);
    EXPECT_EQ(refusal(), "") << name;
  }
}

TEST_F(Artifact, AMissingFileIsRefused) {
  fs::remove(folder_ / "calibration.json");
  EXPECT_NE(refusal().find("calibration.json is missing"), std::string::npos);
}

TEST_F(Artifact, ANewerFormatIsRefused) {
  manifest_.format_version = kArtifactFormatVersion + 1;
  write_artifact_manifest(folder_, manifest_, model_);
  EXPECT_NE(refusal().find("reads up to"), std::string::npos);
}

TEST_F(Artifact, AnotherTokenizerIsRefused) {
  std::vector<std::string> texts;
  for (int i = 0; i < 60; ++i) texts.push_back("Clear lungs in study " + std::to_string(i) + ".");
  Tokenizer::train(texts, 320, folder_ / "tokenizer.model");
  EXPECT_NE(refusal().find("not the tokenizer that the model was exported with"),
            std::string::npos);
  // Even one whose hash somebody wrote into the manifest, when it has other words.
  write_artifact_manifest(folder_, manifest_, model_);
  if (Tokenizer(folder_ / "tokenizer.model").vocabulary_size() !=
      model_.tokenizer->vocabulary_size()) {
    EXPECT_NE(refusal().find("pieces"), std::string::npos);
  }
}

TEST_F(Artifact, OfRandomWeightsIsMarkedAsTheModelIs) {
  EXPECT_FALSE(open_model(folder_).model.has_random_weights);
  model_.card = {{"random_weights", true}};
  write_artifact_manifest(folder_, manifest_, model_);
  EXPECT_TRUE(open_model(folder_).model.has_random_weights);
}

TEST_F(Artifact, HasItsOwnPrecision) {
  EXPECT_THROW(make_predictor(open_model(folder_), {.precision = "int8"}), Error);
}

TEST_F(Artifact, OfAnotherFormatDoesNotRunHere) {
  manifest_.format = "onnx";
  write_artifact_manifest(folder_, manifest_, model_);
  EXPECT_THROW(make_predictor(open_model(folder_), {}), Error);
}

TEST_F(Artifact, StaticInt8NeedsPictures) {
  const fs::path other = scratch_ / "other";
  fs::create_directories(other);
  try {
    export_network(model_, {.precision = "int8"}, other);
    FAIL() << "exported without pictures";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kData);
  }
}

}  // namespace
}  // namespace radgen

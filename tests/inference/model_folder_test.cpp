#include "radgen/inference/model_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <numeric>

#include "inference/tiny_model.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/inference/predictor.h"

namespace radgen {
namespace {

class ModelFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("radgen_model_folder_" + std::to_string(::getpid()));
    fs::remove_all(root_);
    fs::create_directories(root_);
    model_ = tiny_model(root_);
    model_.calibration.region_threshold = 0.45;
    save_model_folder(root_ / "model", model_, {{"version", "t"}, {"trained_on_phantoms", true}});
  }
  void TearDown() override { fs::remove_all(root_); }

  std::vector<StudyInput> studies() const {
    cv::Mat image(64, 52, CV_16UC1);
    cv::randu(image, 0, 65535);
    return {{"s1", "i1", image, 50.0, "F", "cough"}, {"s2", "i2", image * 0.5, {}, "", ""}};
  }
  std::string load_error() const {
    try {
      load_model_folder(root_ / "model");
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kData);
      EXPECT_FALSE(error.hint().empty());
      return error.what();
    }
    return "";
  }

  fs::path root_;
  LoadedModel model_;
};

TEST_F(ModelFolder, DraftsTheSameAfterSavingAndLoading) {
  const Predictor before(model_), after(load_model_folder(root_ / "model"));
  cv::theRNG().state = 7;
  const auto inputs = studies();
  const auto a = before.draft(inputs), b = after.draft(inputs);
  ASSERT_EQ(a.size(), 2u);
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].text(), b[i].text());
    EXPECT_DOUBLE_EQ(a[i].confidence, b[i].confidence);
  }
  EXPECT_EQ(after.model().calibration.region_threshold, 0.45);
  EXPECT_EQ(b[0].model_sha256, after.model().sha256);
  EXPECT_EQ(after.model().sha256.size(), 64u);
}

// As somebody leaves it who wrote the files by hand; their hashes hold.
TEST_F(ModelFolder, JsonOfAnotherShapeIsRefused) {
  const auto folder = root_ / "model";
  const auto card = read_json(folder / "model_card.json");
  const auto refused = [&](const char* name, const nlohmann::ordered_json& json) {
    const std::string bytes = read_file(folder / name);
    write_json_atomic(folder / name, json);
    const std::string error = load_error();
    write_file_atomic(folder / name, bytes);
    return !error.empty();
  };
  for (const auto& [key, value] : std::multimap<std::string, nlohmann::json>{
           {"files", 1}, {"files", {1}}, {"version", {2}}, {"trained_on_phantoms", "yes"}}) {
    nlohmann::json other = card;
    other[key] = value;
    EXPECT_TRUE(refused("model_card.json", other)) << key;
  }
  nlohmann::json other = card;
  other["files"]["config.json"] = 7;
  EXPECT_TRUE(refused("model_card.json", other));
  EXPECT_TRUE(refused("model_card.json", nlohmann::json::array()));
  for (const nlohmann::json& calibration :
       {nlohmann::json::array(), nlohmann::json{{"values", 3}, {"sha256", sha256_hex("3")}},
        nlohmann::json{{"values", nlohmann::json::object()}, {"sha256", 5}}})
    EXPECT_TRUE(refused("calibration.json", calibration)) << calibration.dump();
  // No values at all are the defaults' hash and no values: nothing is read that is not there.
  EXPECT_FALSE(refused("calibration.json", {{"sha256", sha256_hex("{}")}}));
  EXPECT_EQ(load_error(), "");
}

// Nothing is allocated that the weights do not fill: 16384 x 16384 x 256 layers are terabytes.
TEST_F(ModelFolder, ANetworkThatIsLargerThanItsWeightsIsRefused) {
  const auto folder = root_ / "model";
  for (const char* part : {"encoder", "decoder"}) {
    const std::string bytes = read_file(folder / "config.json");
    auto config = read_json(folder / "config.json");
    config["network"][part]["width"] = 16384;
    config["network"][part]["layers"] = 256;
    write_json_atomic(folder / "config.json", config);
    auto card = read_json(folder / "model_card.json");
    card["files"]["config.json"] = sha256_file(folder / "config.json");
    write_json_atomic(folder / "model_card.json", card);
    EXPECT_NE(load_error().find("describes a network of at least"), std::string::npos) << part;
    write_file_atomic(folder / "config.json", bytes);
  }
}

TEST_F(ModelFolder, MissingAndAlteredFilesAreNamed) {
  for (const char* name : {"config.json", "model.safetensors", "tokenizer.model",
                           "calibration.json", "model_card.json"}) {
    const std::string bytes = read_file(root_ / "model" / name);
    fs::remove(root_ / "model" / name);
    EXPECT_NE(load_error().find(name), std::string::npos) << "missing " << name;
    std::string altered = bytes;
    altered[altered.size() / 2] ^= 1;
    write_file_atomic(root_ / "model" / name, altered);
    if (std::string(name) !=
        "model_card.json") {  // the card holds the hashes and has none of its own
      EXPECT_NE(load_error().find(name), std::string::npos) << "altered " << name;
    }
    write_file_atomic(root_ / "model" / name, bytes);
  }
  EXPECT_EQ(load_error(), "");
}

TEST_F(ModelFolder, CalibrationIsReplacedWithoutChangingTheModel) {
  const std::string before = load_model_folder(root_ / "model").sha256;
  Calibration calibration;
  calibration.abstain_below = 0.77;
  save_calibration(root_ / "model", calibration);
  const LoadedModel after = load_model_folder(root_ / "model");
  EXPECT_EQ(after.sha256, before);
  EXPECT_EQ(after.calibration.abstain_below, 0.77);
}

TEST_F(ModelFolder, SentencesCoverTheTextAndHaveBoxesOrAReason) {
  const Predictor predictor(model_);
  for (const Draft& draft : predictor.draft(studies())) {
    const std::string text = draft.text();
    for (const DraftSentence& sentence : draft.sentences) {
      EXPECT_EQ(text.substr(sentence.begin, sentence.end - sentence.begin), sentence.text);
      EXPECT_EQ(sentence.region == RegionKind::kNone, sentence.boxes.empty());
      EXPECT_EQ(sentence.region == RegionKind::kNone, !sentence.no_region_reason.empty());
      EXPECT_EQ(sentence.is_grounded, sentence.region == RegionKind::kEvidence);
      EXPECT_EQ(sentence.is_unsupported,
                !sentence.is_grounded && !sentence.region_features.findings.empty());
      if (!sentence.map.empty()) {
        EXPECT_EQ(sentence.map.rows * sentence.map.columns, 4 * 3);
        EXPECT_LE(map_mass(sentence.map), 1.0 + 1e-4);
      }
    }
    // The input is 48 x 64, the image 52 x 64: it becomes 48 x 59 whole pixels, centred, so the
    // grid's rectangle is taller than it.
    EXPECT_NEAR(draft.map_box.w, 52, 1e-6);
    EXPECT_NEAR(draft.map_box.h, 64 * 64.0 / 59, 1e-6);
  }
}

TEST_F(ModelFolder, EmbeddingsTellImagesApartAndKnowNothingOfTheBatch) {
  std::vector<StudyInput> inputs = studies();
  inputs.push_back({"s3", "i3", studies().front().image, {}, "", ""});
  const Predictor predictor(model_), one_by_one(model_, torch::kCPU, 1);
  const auto together = predictor.embeddings(inputs), alone = one_by_one.embeddings(inputs);
  ASSERT_EQ(together.size(), inputs.size());
  for (size_t i = 0; i < together.size(); ++i) {
    ASSERT_EQ(together[i].size(), 16u);
    EXPECT_NEAR(
        std::inner_product(together[i].begin(), together[i].end(), together[i].begin(), 0.0), 1,
        1e-5);
    for (size_t d = 0; d < together[i].size(); ++d) EXPECT_NEAR(together[i][d], alone[i][d], 1e-4);
  }
  EXPECT_LT(std::inner_product(together[0].begin(), together[0].end(), together[2].begin(), 0.0),
            0.9999);
}

TEST_F(ModelFolder, GroundsEveryStatedFindingOfAGivenText) {
  const Predictor predictor(model_);
  const auto inputs = studies();
  const auto grounded = predictor.ground(
      inputs, {"Small left pleural effusion. No pneumothorax.", "The heart size is normal."});
  ASSERT_EQ(grounded.size(), 2u);
  ASSERT_EQ(grounded[0].size(), 1u);  // the absent pneumothorax points at nothing
  EXPECT_EQ(grounded[0][0].mention.finding, Finding::kPleuralEffusion);
  EXPECT_EQ(grounded[0][0].mention.side, Side::kLeft);
  EXPECT_FALSE(grounded[0][0].map.empty());
  EXPECT_TRUE(grounded[1].empty());
}

}  // namespace
}  // namespace radgen

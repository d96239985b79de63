#include "radgen/deployment/parity.h"

#include <gtest/gtest.h>

#include "core/scratch.h"
#include "inference/tiny_model.h"
#include "radgen/core/error.h"
#include "radgen/deployment/artifact_table.h"

namespace radgen {
namespace {

class Parity : public testing::Test {
 protected:
  Parity() : model_(tiny_model(scratch_.path())) {
    model_.config.decoding.num_samples = 2;
    for (int i = 0; i < 6; ++i) {
      cv::Mat image(64, 48, CV_16UC1);
      cv::RNG random(static_cast<uint64_t>(i) + 1);
      random.fill(image, cv::RNG::UNIFORM, 0, 65535);
      const std::string id = "study" + std::to_string(i);
      studies_.push_back({id, id, image});
      evaluation::Reference reference;
      reference.study_id = reference.image_id = id;
      reference.findings = i % 2 == 0 ? "The heart size is normal." : "Small left effusion.";
      data_.test.push_back(reference);
    }
  }

  // A network of other random weights.
  LoadedModel other_model() const {
    LoadedModel other = model_;
    torch::manual_seed(99);
    other.network = GroundedModel(model_.config.network);
    const torch::NoGradGuard no_grad;
    for (auto& item : other.network->named_parameters()) item.value().mul_(2);
    other.network->eval();
    return other;
  }

  ParityReport compare(const LoadedModel& artifact, const ParityOptions& options) const {
    const Predictor reference(model_), made(artifact);
    return check_parity(reference, reference.draft(studies_), made, studies_, data_, options);
  }

  Scratch scratch_;
  LoadedModel model_;
  std::vector<StudyInput> studies_;
  evaluation::EvaluationData data_;
};

TEST_F(Parity, AModelIsEqualToItself) {
  const ParityReport report = compare(model_, {.greedy_studies = 3, .faithful_studies = 2});
  EXPECT_TRUE(report.passes()) << report.text();
  EXPECT_EQ(report.studies, 6);
  EXPECT_EQ(report.same_drafts, 6);
  EXPECT_EQ(report.rows.front().artifact, 3);
  ASSERT_FALSE(report.scores(true).empty());
  EXPECT_EQ(report.scores(true), report.scores(false));
  EXPECT_TRUE(report.json().at("passes").get<bool>());
}

TEST_F(Parity, AnotherNetworkFailsInFp32AndItsTableSaysWhere) {
  const ParityReport report = compare(other_model(), {.faithful_studies = 0});
  EXPECT_FALSE(report.passes());
  EXPECT_LT(report.same_drafts, 6);
  EXPECT_FALSE(report.rows.front().passes);
  EXPECT_NE(report.text().find("FAILS"), std::string::npos);
}

TEST_F(Parity, WordsOfOtherPrecisionsAreMeasuredAndTheirScoresDecide) {
  ParityOptions options{.precision = "int8", .most_loss = 2, .faithful_studies = 0};
  EXPECT_TRUE(compare(other_model(), options).passes());
  // A gain asked for instead of a loss allowed: no model can give that of itself.
  options.most_loss = -0.5;
  EXPECT_FALSE(compare(model_, options).passes());
}

TEST_F(Parity, WithoutStudiesThereIsNothingToCompareBy) {
  const Predictor predictor(model_);
  EXPECT_THROW(check_parity(predictor, {}, predictor, {}, {}, {}), Error);
}

TEST(ArtifactTable, ShowsWhatWasMeasuredAndADashForTheRest) {
  ArtifactTable table;
  table.rows.push_back({.name = "torchscript int8",
                        .measured = {{"size_bytes", 3 << 20}, {"load_s", 0.25}},
                        .scores = {{"BLEU-4", 0.25}}});
  table.rows.push_back({.name = "onnx fp32", .measured = nullptr, .scores = {}});
  const std::string text = table.text();
  EXPECT_NE(text.find("3.00"), std::string::npos);
  EXPECT_NE(text.find("0.2500"), std::string::npos);
  EXPECT_NE(text.find("onnx fp32"), std::string::npos);
  EXPECT_NE(text.find(" -"), std::string::npos);
  EXPECT_EQ(table.json()[0]["scores"]["BLEU-4"], 0.25);
  EXPECT_TRUE(table.json()[1]["measured"].is_null());
}

}  // namespace
}  // namespace radgen

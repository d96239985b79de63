// A model of random weights over a prepared dataset: what it says is nonsense, how it is asked and
// what becomes of the answers is the same as of a trained one.
#include <gtest/gtest.h>

#include <set>

#include "data/small_dataset.h"
#include "data/temporary_folder.h"
#include "inference/tiny_model.h"
#include "radgen/assessment/ask_again.h"
#include "radgen/assessment/fit_calibration.h"
#include "radgen/assessment/predict.h"
#include "radgen/core/error.h"
#include "radgen/core/stop.h"
#include "radgen/evaluation/manifest_references.h"

namespace radgen::assessment {
namespace {

constexpr int kBoxed = 24;  // of each split; below 20 sentences nothing is fitted

class Assessment : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    root_ = new TemporaryFolder();
    prepare_small_dataset(root_->path() / "in", root_->path() / "out", kBoxed, 64);
    inputs_ = new DatasetInputs(root_->path() / "out");
    predictor_ = new Predictor(tiny_model(root_->path()));
    for (const ManifestEntry& entry : read_manifest(root_->path() / "out/manifest.jsonl")) {
      auto& list = entry.split == "test"    ? data_.test
                   : entry.split == "train" ? data_.train
                                            : data_.validate;
      list.push_back(evaluation::reference_of(entry, root_->path() / "out"));
    }
  }
  static void TearDownTestSuite() {
    data_ = {};
    delete predictor_;
    delete inputs_;
    delete root_;
  }
  static std::vector<StudyInput> studies_of(const std::vector<evaluation::Reference>& references) {
    std::vector<StudyInput> studies;
    for (const auto& reference : references)
      studies.push_back(inputs_->of_image(reference.image_id));
    return studies;
  }

  static inline TemporaryFolder* root_ = nullptr;
  static inline DatasetInputs* inputs_ = nullptr;
  static inline Predictor* predictor_ = nullptr;
  static inline evaluation::EvaluationData data_;
};

TEST_F(Assessment, AManifestLineBecomesTheStudyThatTheModelIsAsked) {
  const ManifestEntry& entry = *inputs_->split("test", 1).at(0);
  const StudyInput study = inputs_->of_image(entry.image_id);
  EXPECT_EQ(study.study_id, entry.study_id);
  EXPECT_EQ(study.indication, entry.indication);
  EXPECT_EQ(study.image.rows, entry.height);
  EXPECT_EQ(study.image.cols, entry.width);
  EXPECT_EQ(inputs_->first_of("validate", 3).size(), 3u);
  EXPECT_TRUE(inputs_->first_of("no such split", 3).empty());
}

TEST_F(Assessment, AnImageThatIsNotThereIsAnErrorOfTheData) {
  EXPECT_THROW(inputs_->of_image("nobody"), Error);
  ManifestEntry entry = *inputs_->split("test", 1).at(0);
  entry.image = "images/gone.png";
  try {
    study_input_of(entry, root_->path() / "out");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kData);
    EXPECT_NE(error.hint().find("preprocess-radgen"), std::string::npos);
  }
}

TEST_F(Assessment, ASplitIsPredictedInTheReferencesOrderWithTheirOwnSentencesMaps) {
  const std::vector<evaluation::Reference> some(data_.test.begin(), data_.test.begin() + 6);
  const SplitPredictions split = predict_split(*predictor_, *inputs_, some);
  ASSERT_EQ(split.drafts.size(), some.size());
  for (size_t i = 0; i < some.size(); ++i) EXPECT_EQ(split.drafts[i].study_id, some[i].study_id);
  const SplitPredictions whole = predict(*predictor_, studies_of(some), some);
  for (size_t i = 0; i < some.size(); ++i)
    EXPECT_EQ(split.drafts[i].text(), whole.drafts[i].text());
  // The effusion of each boxed report, and nothing of the normal ones.
  std::set<std::string> boxed, with_map;
  for (const auto& reference : some)
    if (!reference.boxes.empty()) boxed.insert(reference.study_id);
  for (const evaluation::PhraseMap& map : split.phrase_maps) {
    // The impression may lie behind the last token that the tiny network has room for.
    if (!map.map.empty()) with_map.insert(map.study_id);
    EXPECT_EQ(map.finding, Finding::kPleuralEffusion);
    EXPECT_EQ(map.side, Side::kLeft);
  }
  EXPECT_FALSE(boxed.empty());
  EXPECT_EQ(with_map, boxed);
}

TEST_F(Assessment, PredictingASplitStopsWhenItsTokenIsAskedTo) {
  StopSource source;
  source.request();
  const StopScope scope(source.token());
  EXPECT_THROW(predict_split(*predictor_, *inputs_, data_.test), Interrupted);
}

TEST_F(Assessment, CalibrationIsFittedOnTheBoxedStudies) {
  const auto fitted = fit_on_studies(*predictor_, studies_of(data_.validate), data_.validate);
  EXPECT_EQ(fitted.calibration.studies, kBoxed);
  EXPECT_EQ(fitted.metrics["studies"], 2 * kBoxed);
  EXPECT_GE(fitted.metrics["boxed_sentences"], kBoxed);
  EXPECT_GT(fitted.calibration.region_threshold, 0);
  EXPECT_EQ(fitted.metrics["region_threshold"], fitted.calibration.region_threshold);
  EXPECT_GE(fitted.metrics["region_iou"], 0.0);
  EXPECT_EQ(fitted.metrics["examined_sentences"], 0) << "no anatomy is annotated";
  EXPECT_EQ(fitted.calibration.examined_sentences, 0);
  const auto again = fit_on_studies(*predictor_, studies_of(data_.validate), data_.validate);
  EXPECT_EQ(again.metrics, fitted.metrics);
  EXPECT_EQ(again.calibration.finding_offsets, fitted.calibration.finding_offsets);
}

TEST_F(Assessment, TooFewSentencesLeaveTheDefaults) {
  const std::vector<evaluation::Reference> few(data_.validate.begin(), data_.validate.begin() + 6);
  const auto fitted = fit_on_studies(*predictor_, studies_of(few), few);
  EXPECT_EQ(fitted.calibration.studies, 0);
  EXPECT_EQ(fitted.calibration.region_threshold, Calibration{}.region_threshold);
}

TEST_F(Assessment, TheModelIsAskedAgainAboutEveryAlteredImage) {
  evaluation::EvaluationData data;
  data.test.assign(data_.test.begin(), data_.test.begin() + 6);
  const std::vector<Draft> drafts = predict_split(*predictor_, *inputs_, data.test).drafts;
  evaluation::EvaluateOptions options;
  options.checks.studies = 4;
  const fs::path output = root_->path() / "asked";
  fs::create_directories(output);
  const auto answers =
      run_sanity_checks(*predictor_, *inputs_, {"", output}, data, drafts, options);
  ASSERT_EQ(answers.studies.size(), 4u);
  for (const evaluation::CheckedStudy& study : answers.studies) {
    EXPECT_EQ(study.real.text(), drafts[study.reference].text());
    EXPECT_EQ(study.mirrored.study_id, study.real.study_id);
    ASSERT_TRUE(study.shuffled.has_value());
  }
  EXPECT_NE(answers.no_counterfactuals.find("twin"), std::string::npos) << "and says why";
  EXPECT_FALSE(answers.read.empty());
  EXPECT_EQ(answers.heads.size(), 2u) << "two heads of one layer";
  EXPECT_TRUE(fs::exists(output / "faithfulness.jsonl"));
}

TEST_F(Assessment, TheEncodersNeighbourOfATrainingImageIsItsOwnReport) {
  evaluation::EvaluationData data;
  data.train = data_.train;
  data.test = {data_.train[3], data_.train[4]};
  const auto reports = encoder_neighbours(*predictor_, *inputs_, data, {});
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0], data_.train[3].text());
  EXPECT_EQ(reports[1], data_.train[4].text());
  data.train.clear();
  EXPECT_TRUE(encoder_neighbours(*predictor_, *inputs_, data, {}).empty());
}

}  // namespace
}  // namespace radgen::assessment

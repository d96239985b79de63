// Cases of words and attention that part ways, from drafts made by hand.
#include "radgen/evaluation/errors/error_analysis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <opencv2/core.hpp>

#include "radgen/core/files.h"
#include "radgen/evaluation/pages/error_page.h"
#include "radgen/imaging/image.h"

namespace radgen::evaluation {
namespace {

constexpr int kSide = 64;
const Box kWhole{0, 0, kSide, kSide};
const Box kLeftBase{40, 40, 16, 16}, kRightBase{8, 40, 16, 16}, kHeart{20, 30, 24, 20};

Reference study(const std::string& id, const std::string& findings,
                std::vector<ReferenceBox> boxes) {
  Reference r;
  r.study_id = id;
  r.width = r.height = kSide;
  r.findings = findings;
  r.has_boxes = true;
  r.boxes = std::move(boxes);
  return r;
}

// A draft of one sentence whose map lies evenly on `place`.
Draft draft(const std::string& id, const std::string& findings, const Box& place) {
  Draft d;
  d.study_id = id;
  d.findings = findings;
  d.map_box = kWhole;
  DraftSentence s;
  s.text = findings;
  s.end = findings.size();
  s.is_grounded = true;
  s.confidence = 0.8;
  if (place.area() > 0) s.map = coverage_map({place}, 8, 8, kWhole);
  d.sentences.push_back(std::move(s));
  return d;
}

const Reference kLeftEffusion = study("left", "There is a left pleural effusion.",
                                      {{Finding::kPleuralEffusion, Side::kLeft, kLeftBase}});
const Reference kBigHeart =
    study("heart", "There is cardiomegaly.", {{Finding::kCardiomegaly, Side::kNone, kHeart}});

ErrorAnalysis analyse(const std::vector<Reference>& references, const std::vector<Draft>& drafts,
                      const std::vector<PhraseMap>& phrases = {}, int64_t bootstrap = 0) {
  EvaluateOptions options;
  options.bootstrap = bootstrap;
  return analyse_errors(drafts, phrases, {.test = references}, options);
}

const ErrorKind& kind(const ErrorAnalysis& errors, const std::string& name) {
  for (const auto* kinds : {&errors.mismatches, &errors.failures, &errors.galleries}) {
    for (const ErrorKind& k : *kinds) {
      if (k.name == name) return k;
    }
  }
  throw std::out_of_range(name);
}

TEST(ErrorAnalysis, ARightStatementInPlaceIsNoError) {
  const ErrorAnalysis errors =
      analyse({kLeftEffusion}, {draft("left", "Left pleural effusion.", kLeftBase)});
  ASSERT_EQ(errors.cases.size(), 1u);
  EXPECT_EQ(errors.cases[0].outcome, Outcome::kTruePositive);
  EXPECT_GT(errors.cases[0].iou, kRightIou);
  EXPECT_NEAR(errors.cases[0].spread, errors.cases[0].box_share, 0.01);
  for (const ErrorKind& k : errors.mismatches) EXPECT_TRUE(k.cases.empty()) << k.name;
  for (const ErrorKind& k : errors.failures) EXPECT_TRUE(k.cases.empty()) << k.name;
  EXPECT_DOUBLE_EQ(errors.metrics.value("per_finding.Pleural Effusion.in_place"), 1);
}

TEST(ErrorAnalysis, AMapOnAnotherFindingsBoxIsTheRightPlaceUnderAWrongName) {
  const ErrorAnalysis errors = analyse(
      {kLeftEffusion}, {draft("left", "There is a left lower lobe consolidation.", kLeftBase)});
  const ErrorKind& wrong = kind(errors, "right_place_wrong_finding");
  ASSERT_EQ(wrong.cases.size(), 1u);
  const FindingCase& c = errors.cases[wrong.cases[0]];
  EXPECT_EQ(c.outcome, Outcome::kFalsePositive);
  EXPECT_EQ(c.finding, Finding::kConsolidation);
  EXPECT_EQ(c.other, Finding::kPleuralEffusion);
  // The effusion itself is overlooked.
  EXPECT_EQ(
      std::count_if(errors.cases.begin(), errors.cases.end(),
                    [](const FindingCase& o) { return o.outcome == Outcome::kFalseNegative; }),
      1);
}

TEST(ErrorAnalysis, AMoreGeneralNameIsAKindOfItsOwn) {
  const Reference pneumonia = study("p", "There is left lower lobe pneumonia.",
                                    {{Finding::kPneumonia, Side::kLeft, kLeftBase}});
  const ErrorAnalysis errors =
      analyse({pneumonia}, {draft("p", "There is a left lower lobe opacity.", kLeftBase)});
  EXPECT_EQ(kind(errors, "right_place_other_level").cases.size(), 1u);
  EXPECT_TRUE(kind(errors, "right_place_wrong_finding").cases.empty());
}

TEST(ErrorAnalysis, AWideMapOnAWideBoxIsNotDiffuse) {
  const Box wide{4, 4, 56, 40};
  const Reference edema =
      study("e", "There is pulmonary edema.", {{Finding::kEdema, Side::kNone, wide}});
  const ErrorAnalysis errors = analyse({edema}, {draft("e", "Pulmonary edema.", wide)});
  ASSERT_EQ(errors.cases.size(), 1u);
  EXPECT_GT(errors.cases[0].spread, errors.options.diffuse_spread);
  EXPECT_TRUE(kind(errors, "right_words_diffuse").cases.empty());
}

TEST(ErrorAnalysis, AMapOnTheRightSideUnderTheWrongSidesNameIsSaidSo) {
  const ErrorAnalysis errors =
      analyse({kLeftEffusion}, {draft("left", "Right pleural effusion.", kLeftBase)});
  const ErrorKind& side = kind(errors, "right_place_wrong_side");
  ASSERT_EQ(side.cases.size(), 1u);
  EXPECT_TRUE(errors.cases[side.cases[0]].is_other_side);
  EXPECT_TRUE(kind(errors, "right_place_wrong_finding").among.empty());
  EXPECT_TRUE(kind(analyse({kLeftEffusion}, {draft("left", "Right pleural effusion.", kRightBase)}),
                   "right_place_wrong_side")
                  .cases.empty());
}

TEST(ErrorAnalysis, AMapOnTheOtherSideUnderRightWordsIsFound) {
  const ErrorAnalysis errors =
      analyse({kLeftEffusion}, {draft("left", "Left pleural effusion.", kRightBase)});
  EXPECT_EQ(kind(errors, "wrong_side_attention").cases.size(), 1u);
  EXPECT_EQ(kind(errors, "right_words_elsewhere").cases.size(), 1u);
  EXPECT_TRUE(kind(errors, "right_words_diffuse").cases.empty());
}

TEST(ErrorAnalysis, AnEvenMapIsDiffuseAndForCardiomegalyTheWholeChest) {
  const ErrorAnalysis errors =
      analyse({kBigHeart, kLeftEffusion}, {draft("heart", "There is cardiomegaly.", kWhole),
                                           draft("left", "Left pleural effusion.", kLeftBase)});
  EXPECT_EQ(kind(errors, "right_words_diffuse").cases.size(), 1u);
  EXPECT_EQ(kind(errors, "right_words_diffuse").among.size(), 2u);
  EXPECT_DOUBLE_EQ(errors.metrics.value("mismatches.right_words_diffuse.share"), 0.5);
  EXPECT_EQ(kind(errors, "cardiomegaly_whole_chest").cases.size(), 1u);
  EXPECT_EQ(kind(errors, "cardiomegaly_whole_chest").among.size(), 1u);
}

TEST(ErrorAnalysis, WhatIsOverlookedIsLookedForInTheReferencesOwnSentence) {
  const std::vector<Draft> drafts{draft("left", "The lungs are clear.", {})};
  const PhraseMap found{"left", Finding::kPleuralEffusion, Side::kLeft,
                        coverage_map({kLeftBase}, 8, 8, kWhole), kWhole};
  const ErrorAnalysis told = analyse({kLeftEffusion}, drafts, {found});
  EXPECT_EQ(kind(told, "right_place_not_written").cases.size(), 1u);
  EXPECT_EQ(told.maps, 0u);  // the draft itself has none
  EXPECT_DOUBLE_EQ(told.metrics.value("per_finding.Pleural Effusion.reference_in_place_phrase"), 1);
  EXPECT_DOUBLE_EQ(told.metrics.value("per_finding.Pleural Effusion.found_when_told"), 1);
  const ErrorAnalysis untold = analyse({kLeftEffusion}, drafts);
  EXPECT_NE(untold.missing.at("mismatches.right_place_not_written").find("only a model"),
            std::string::npos);
}

TEST(ErrorAnalysis, TheWorstComesFirst) {
  const Reference second = study("b", "There is cardiomegaly.", kBigHeart.boxes);
  const ErrorAnalysis errors =
      analyse({kBigHeart, second}, {draft("heart", "There is cardiomegaly.", {0, 0, 64, 40}),
                                    draft("b", "There is cardiomegaly.", kWhole)});
  const ErrorKind& diffuse = kind(errors, "right_words_diffuse");
  ASSERT_EQ(diffuse.cases.size(), 2u);
  EXPECT_EQ(errors.cases[diffuse.cases[0]].study_id, "b");
}

TEST(ErrorAnalysis, WithoutMapsAttentionIsNullWithAReasonAndWordsAreCounted) {
  const ErrorAnalysis errors =
      analyse({kLeftEffusion}, {draft("left", "Cardiomegaly.", {})}, {}, 20);
  const nlohmann::ordered_json json = errors_to_json(errors, true);
  EXPECT_EQ(json["counts"]["false_positives"], 1);
  EXPECT_EQ(json["counts"]["false_negatives"], 1);
  const auto& diffuse = json["mismatches"]["right_words_diffuse"];
  EXPECT_TRUE(diffuse["count"].is_null());
  EXPECT_TRUE(diffuse["share"].is_null());
  EXPECT_EQ(diffuse["reason"], "the predictions hold no maps of attention");
  EXPECT_TRUE(json["entropy"]["words"]["p"].is_null());
  EXPECT_EQ(json["entropy"]["words"]["reason"], "the predictions hold no maps of attention");
  EXPECT_FALSE(json["heads"]["reason"].get<std::string>().empty());
  EXPECT_NE(errors_html(errors, {.test = {kLeftEffusion}}, {}).find("no maps of attention"),
            std::string::npos);
}

TEST(ErrorAnalysis, ASharesIntervalIsNeverOfNoWidth) {
  const ErrorAnalysis errors =
      analyse({kLeftEffusion}, {draft("left", "Left pleural effusion.", kLeftBase)}, {}, 20);
  const Metric* share = errors.metrics.find("all.in_place");
  EXPECT_DOUBLE_EQ(share->value, 1);
  EXPECT_LT(share->low, 0.3);  // one of one says little
}

TEST(ErrorAnalysis, RefusedStudiesAreLeftOutAndSaid) {
  Draft refused;
  refused.study_id = "left";
  refused.status = "not_reportable";
  const ErrorAnalysis errors = analyse({kLeftEffusion}, {refused});
  EXPECT_TRUE(errors.cases.empty());
  EXPECT_FALSE(errors.notes.empty());
}

TEST(ErrorPage, WithoutExamplesThereIsNoFilmNoTextAndNoStudy) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / "radgen_error_page_test";
  std::filesystem::create_directories(folder);
  Reference reference = kLeftEffusion;
  reference.study_id = "secret-study";
  reference.image = folder / "film.png";
  write_png(reference.image, cv::Mat(kSide, kSide, CV_16UC1, cv::Scalar(30000)));
  const EvaluationData data{.test = {reference}};
  const ErrorAnalysis errors =
      analyse(data.test, {draft("secret-study", "Right pleural effusion.", kLeftBase)});
  const std::string with = errors_html(errors, data, {.with_examples = true});
  EXPECT_NE(with.find("secret-study"), std::string::npos);
  EXPECT_NE(with.find("data:image/jpeg"), std::string::npos);
  EXPECT_NE(with.find("Right pleural effusion"), std::string::npos);
  write_errors(folder, errors, data, {.with_examples = false});
  for (const char* file : {"errors.html", "errors.json"}) {
    const std::string without = read_file(folder / file);
    for (const char* hidden :
         {"secret-study", "data:image", "Right pleural effusion", "There is a left"}) {
      EXPECT_EQ(without.find(hidden), std::string::npos) << file << ": " << hidden;
    }
    EXPECT_NE(without.find("Pleural Effusion"), std::string::npos) << file;  // aggregates stay
  }
  std::filesystem::remove_all(folder);
}

TEST(ErrorPage, SaysWhereTheHeadsAreShown) {
  const EvaluationData data{.test = {kLeftEffusion}};
  const ErrorAnalysis errors = analyse(data.test, {});
  EXPECT_NE(errors_html(errors, data, {}).find("eval-radgen --checks"), std::string::npos);
}

TEST(ErrorPage, ShowsNoMoreCasesOfAKindThanTheSettingSays) {
  const std::filesystem::path film =
      std::filesystem::temp_directory_path() / "radgen_error_page_cap_test.png";
  write_png(film, cv::Mat(kSide, kSide, CV_16UC1, cv::Scalar(30000)));
  EvaluationData data;
  std::vector<Draft> drafts;
  for (int i = 0; i < 5; ++i) {
    data.test.push_back(kLeftEffusion);
    data.test.back().study_id = "s" + std::to_string(i);
    data.test.back().image = film;
    drafts.push_back(draft("s" + std::to_string(i), "Right pleural effusion.", kLeftBase));
  }
  EvaluateOptions options;
  options.bootstrap = 0;
  options.errors.images = 2;
  const ErrorAnalysis errors = analyse_errors(drafts, {}, data, options);
  const std::string html = errors_html(errors, data, {.with_examples = true});
  size_t films = 0;
  for (size_t at = 0; (at = html.find("data:image/jpeg", at)) != std::string::npos; ++at) ++films;
  EXPECT_EQ(films, 2u);  // the same two studies in every kind
  std::filesystem::remove(film);
}

}  // namespace
}  // namespace radgen::evaluation

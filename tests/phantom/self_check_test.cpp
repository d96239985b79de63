#include "radgen/phantom/self_check.h"

#include <gtest/gtest.h>

#include <cmath>

#include "dataset_fixture.h"
#include "phantom/checked_set.h"
#include "phantom/pixel_shortcuts.h"
#include "radgen/core/error.h"
#include "radgen/core/random.h"
#include "radgen/phantom/plan.h"
#include "radgen/phantom/words.h"

namespace radgen::phantom {
namespace {

TEST(PixelShortcuts, AurocCountsOrderedPairsAndHalfOfTies) {
  EXPECT_DOUBLE_EQ(auroc({0.1f, 0.4f, 0.35f, 0.8f}, {false, false, true, true}), 0.75);
  EXPECT_DOUBLE_EQ(auroc({1, 1, 1, 1}, {false, true, false, true}), 0.5);
  EXPECT_DOUBLE_EQ(auroc({3, 2, 1}, {true, false, false}), 1.0);
  EXPECT_DOUBLE_EQ(auroc({1, 2}, {true, true}), 0.5);
}

TEST(PixelShortcuts, LogisticRegressionFindsALinearRuleAndNothingInNoise) {
  Random random(5);
  cv::Mat train(600, 64, CV_32F), labels(600, 2, CV_32F);
  for (int i = 0; i < train.rows; ++i) {
    for (int k = 0; k < train.cols; ++k)
      train.at<float>(i, k) = static_cast<float>(random.normal());
    labels.at<float>(i, 0) = train.at<float>(i, 3) + train.at<float>(i, 40) > 0 ? 1.0f : 0.0f;
    labels.at<float>(i, 1) = random.chance(0.5) ? 1.0f : 0.0f;
  }
  const LogisticModel model = fit_logistic(train.rowRange(0, 400), labels.rowRange(0, 400), 0.03);
  const cv::Mat scores = logistic_scores(model, train.rowRange(400, 600));
  std::vector<float> linear, noise;
  std::vector<bool> is_linear, is_noise;
  for (int i = 0; i < scores.rows; ++i) {
    linear.push_back(scores.at<float>(i, 0));
    noise.push_back(scores.at<float>(i, 1));
    is_linear.push_back(labels.at<float>(400 + i, 0) > 0.5f);
    is_noise.push_back(labels.at<float>(400 + i, 1) > 0.5f);
  }
  EXPECT_GT(auroc(linear, is_linear), 0.9);
  EXPECT_NEAR(auroc(noise, is_noise), 0.5, 0.13);
}

TEST(PixelShortcuts, NearestRowIsTheOneWithTheSmallestDistance) {
  cv::Mat train = (cv::Mat_<float>(3, 2) << 0, 0, 5, 5, -4, 1);
  cv::Mat test = (cv::Mat_<float>(2, 2) << 4, 6, -3, 0);
  EXPECT_EQ(nearest_rows(train, test), (std::vector<int>{1, 2}));
}

TEST(PixelShortcuts, LocationPriorIsTheMaskWhenAllAreAlikeAndPoorWhenNoneIs) {
  auto box_mask = [](double x, double y) {
    TrueFinding f;
    f.box = {x, y, 16, 16};
    return grid_mask(f, {128, 128});
  };
  const cv::Mat same = location_prior({box_mask(20, 20), box_mask(20, 20)});
  EXPECT_DOUBLE_EQ(mask_iou(same, box_mask(20, 20)), 1.0);
  const cv::Mat spread =
      location_prior({box_mask(0, 0), box_mask(60, 60), box_mask(100, 10), box_mask(10, 100)});
  EXPECT_LT(mask_iou(spread, box_mask(60, 60)), 0.5);
}

TEST(SelfCheck, ReadsASetFromDiskAndJudgesIt) {
  const SelfCheck check = self_check(SmallDataset::shared().path(), 2);
  EXPECT_EQ(check.findings.size(), 13u);
  EXPECT_GT(check.values.size(), 25u);
  const std::string table = self_check_table(check);
  EXPECT_NE(table.find("oracle_bleu_4"), std::string::npos);
  EXPECT_EQ(self_check_json(check).at("passed").get<bool>(), check.has_passed());
}

TEST(SelfCheck, RefusesAFolderThatIsNoPhantom) {
  EXPECT_THROW(self_check(std::filesystem::temp_directory_path(), 1), Error);
}

// Words and shares of a set that was never drawn.
CheckedSet undrawn_set(const std::string& prevalence) {
  CheckedSet set;
  set.prevalence = prevalence;
  set.bias = "none";
  const Labeler labeler;
  for (StudyTruth& truth : plan_studies({.studies = 3000, .seed = 51, .prevalence = prevalence})) {
    const SpokenReport report = write_words(truth, {.seed = 51});
    CheckedStudy study;
    study.text = truth.findings_text + "\n" + truth.impression_text;
    study.refers_to_prior = report.refers_to_prior;
    study.truth = std::move(truth);
    set.studies.push_back(std::move(study));
  }
  return set;
}

TEST(SelfCheck, WordsAndSharesOfTheGeneratorPass) {
  for (const char* prevalence : {"mimic", "enriched"}) {
    SelfCheck check;
    const CheckedSet set = undrawn_set(prevalence);
    check_words(set, check);
    check_shares(set, check);
    for (const CheckedValue& v : check.values) {
      EXPECT_TRUE(v.has_passed()) << prevalence << ": " << v.group << " " << v.name << " "
                                  << v.value;
    }
  }
}

TEST(SelfCheck, FailsWhenEveryReportIsTheSame) {
  CheckedSet set = undrawn_set("mimic");
  for (CheckedStudy& s : set.studies) s.text = set.studies[0].text;
  SelfCheck check;
  check_words(set, check);
  EXPECT_FALSE(check.has_passed());
}

TEST(SelfCheck, FailsWhenFindingsNoLongerGoTogether) {
  CheckedSet set = undrawn_set("mimic");
  for (CheckedStudy& s : set.studies) {
    std::erase_if(s.truth.findings,
                  [](const TrueFinding& f) { return f.finding == Finding::kPleuralEffusion; });
  }
  SelfCheck check;
  check_shares(set, check);
  EXPECT_FALSE(check.has_passed());
}

}  // namespace
}  // namespace radgen::phantom

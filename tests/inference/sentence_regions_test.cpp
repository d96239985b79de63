#include "inference/sentence_regions.h"

#include <gtest/gtest.h>

#include "radgen/inference/calibration_fit.h"

namespace radgen {
namespace {

// One token over a grid of 4 x 8 patches of 10 px, attention on the given columns (row 1).
class RegionPlacing : public ::testing::Test {
 protected:
  RegionPlacing() {
    draft_.map_box = placement_.map_box;
    calibration_.region_threshold = calibration_.examined_threshold = 0.5;
    calibration_.abstain_below = calibration_.examined_abstain_below = 0.2;
    calibration_.examined_sentences = 50;
    calibration_.examined_slope = 1;
  }

  static std::vector<float> attention(const std::vector<std::pair<int, float>>& columns) {
    std::vector<float> map(4 * 8, 0.0f);
    for (const auto& [column, value] : columns) map[static_cast<size_t>(8 + column)] = value;
    return map;
  }

  // A sentence of one mention of an effusion whose only token has this map.
  DraftSentence place(Side side, const std::vector<std::pair<int, float>>& columns,
                      const std::vector<std::string>& anatomies = {}) {
    draft_.mentions.clear();
    DraftSentence sentence;
    sentence.text = "Pleural effusion.";
    sentence.map = {4, 8, attention(columns)};
    maps_ = {sentence.map.values};
    if (anatomies.empty()) {
      draft_.mentions = {
          {.finding = Finding::kPleuralEffusion, .side = side, .begin = 0, .end = 16}};
      sentence.region_features.findings = {Finding::kPleuralEffusion};
      sentence.score = score_;
    }
    RegionPlacer(draft_, placement_, maps_, spans_, calibration_).place(0, anatomies, sentence);
    return sentence;
  }

  GridPlacement placement_{4, 8, {0, 0, 80, 40}, {}};
  Draft draft_;
  std::vector<std::vector<float>> maps_;
  std::vector<std::pair<size_t, size_t>> spans_{{0, 16}};
  Calibration calibration_;
  double score_ = 0.9;
};

double middle(const Box& box) { return box.x + box.w / 2; }

TEST_F(RegionPlacing, EvidenceOfOneSideIsCutFromThatSideOnly) {
  // A second peak lies across the midline (x = 40): the patient's left is at larger x.
  const DraftSentence left = place(Side::kLeft, {{6, 0.5f}, {1, 0.4f}});
  ASSERT_EQ(left.region, RegionKind::kEvidence);
  ASSERT_EQ(left.boxes.size(), 1u);
  EXPECT_GT(middle(left.boxes[0]), 60);
  EXPECT_TRUE(left.is_grounded);
  EXPECT_FALSE(left.is_unsupported);
  EXPECT_EQ(place(Side::kBilateral, {{6, 0.5f}, {1, 0.4f}}).boxes.size(), 2u);
}

TEST_F(RegionPlacing, AMapOnTheOtherSideSupportsNothing) {
  const DraftSentence right = place(Side::kRight, {{6, 0.5f}, {1, 0.4f}});
  EXPECT_EQ(right.region, RegionKind::kNone);
  EXPECT_EQ(right.no_region_reason, "wrong_side");
  EXPECT_TRUE(right.is_unsupported);
  EXPECT_TRUE(right.boxes.empty());
}

TEST_F(RegionPlacing, ARegionAtTheMidlineStaysOnItsSide) {
  const DraftSentence left = place(Side::kLeft, {{4, 0.6f}, {3, 0.5f}});
  ASSERT_FALSE(left.boxes.empty());
  for (const Box& box : left.boxes) EXPECT_GE(box.x, 40);
}

TEST_F(RegionPlacing, TheMidlineIsThePatientsAndNotTheImages) {
  placement_.midline_x = 20;
  EXPECT_EQ(place(Side::kLeft, {{3, 0.5f}}).region, RegionKind::kEvidence);
  placement_.midline_x = 60;
  EXPECT_EQ(place(Side::kLeft, {{3, 0.5f}}).no_region_reason, "wrong_side");
}

TEST_F(RegionPlacing, ALowScoreIsMarked) {
  score_ = 0.1;
  const DraftSentence sentence = place(Side::kLeft, {{6, 0.5f}});
  EXPECT_EQ(sentence.no_region_reason, "below_threshold");
  EXPECT_TRUE(sentence.is_unsupported);
}

TEST_F(RegionPlacing, StatementsOfTwoSidesHaveAMapEach) {
  maps_ = {attention({{6, 0.5f}}), attention({{1, 0.5f}})};
  spans_ = {{0, 10}, {20, 30}};
  draft_.mentions = {
      {.finding = Finding::kPleuralEffusion, .side = Side::kLeft, .begin = 0, .end = 10},
      {.finding = Finding::kAtelectasis, .side = Side::kRight, .begin = 20, .end = 30}};
  DraftSentence sentence;
  sentence.region_features.findings = {Finding::kPleuralEffusion, Finding::kAtelectasis};
  sentence.score = 0.9;
  sentence.map = mean_map(maps_, {0, 1}, 4, 8);
  RegionPlacer(draft_, placement_, maps_, spans_, calibration_).place(0, {}, sentence);
  ASSERT_EQ(sentence.boxes.size(), 2u);
  std::swap(draft_.mentions[0].side, draft_.mentions[1].side);
  DraftSentence crossed = sentence;
  crossed.boxes.clear();
  crossed.region = RegionKind::kNone;
  RegionPlacer(draft_, placement_, maps_, spans_, calibration_).place(0, {}, crossed);
  EXPECT_EQ(crossed.no_region_reason, "wrong_side");
}

TEST_F(RegionPlacing, WhatIsRuledOutShowsWhatWasExamined) {
  const DraftSentence both = place(Side::kNone, {{6, 0.5f}, {1, 0.4f}},
                                   {"right costophrenic angle", "left costophrenic angle"});
  EXPECT_EQ(both.region, RegionKind::kExamined);
  EXPECT_EQ(both.boxes.size(), 2u);
  EXPECT_FALSE(both.is_grounded);
  EXPECT_FALSE(both.is_unsupported);
  EXPECT_GT(both.score, 0.2);
  const DraftSentence left =
      place(Side::kNone, {{6, 0.5f}, {1, 0.4f}}, {"left costophrenic angle"});
  ASSERT_EQ(left.boxes.size(), 1u);
  EXPECT_GT(middle(left.boxes[0]), 60);
}

TEST_F(RegionPlacing, AModelThatWasNeverCheckedShowsNoExaminedRegion) {
  calibration_.examined_sentences = 0;
  const DraftSentence sentence = place(Side::kNone, {{6, 0.5f}}, {"left lung"});
  EXPECT_EQ(sentence.region, RegionKind::kNone);
  EXPECT_EQ(sentence.no_region_reason, "not_calibrated");
  EXPECT_FALSE(sentence.is_unsupported);  // it states nothing that could be unsupported
}

TEST_F(RegionPlacing, WhatHasNoPlaceSaysWhy) {
  DraftSentence sentence;
  sentence.text = "Portable AP view of the chest.";
  RegionPlacer(draft_, placement_, maps_, spans_, calibration_).place(0, {}, sentence);
  EXPECT_EQ(sentence.region, RegionKind::kNone);
  EXPECT_EQ(sentence.no_region_reason, "technique");
}

TEST(FitExamined, ChoosesTheCutThatMeetsTheAnatomyAndWhatIsWorthShowing) {
  std::vector<ExaminedCase> cases;
  for (int i = 0; i < 40; ++i) {
    // Half of the maps are sharp and right, half are spread over everything.
    const bool is_right = i % 2 == 0;
    cases.emplace_back();
    ExaminedCase& one = cases.back();
    one.map.rows = 4;
    one.map.columns = 8;
    one.map.values.assign(32, is_right ? 0.002f : 1 / 33.0f);
    one.map_box = {0, 0, 80, 40};
    one.reference.push_back({50, 10, 20, 10});
    if (is_right) one.map.values[8 + 5] = one.map.values[8 + 6] = 0.45f;
  }
  Calibration calibration;
  fit_examined(cases, calibration);
  EXPECT_EQ(calibration.examined_sentences, 40);
  EXPECT_GT(examined_score(cases[0].map, calibration), calibration.examined_abstain_below - 1e-9);
  EXPECT_LT(examined_score(cases[1].map, calibration), calibration.examined_abstain_below);
  EXPECT_GT(union_iou(find_regions(cases[0].map, cases[0].map_box, calibration.examined_threshold),
                      cases[0].reference),
            kRightIou);
  Calibration untouched;
  fit_examined({cases.begin(), cases.begin() + 5}, untouched);
  EXPECT_EQ(untouched.examined_sentences, 0);
  EXPECT_EQ(examined_score(cases[0].map, untouched), 0);
}

}  // namespace
}  // namespace radgen

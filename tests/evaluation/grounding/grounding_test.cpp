// Scores of maps and the two protocols, by hand.
#include "radgen/evaluation/grounding/grounding.h"

#include <gtest/gtest.h>

#include <cmath>

#include "radgen/evaluation/grounding/location_prior.h"

namespace radgen::evaluation {
namespace {

constexpr int kImageSide = 128;
const Box kImage{0, 0, kImageSide, kImageSide};

AttentionMap one_cell(int rows, int columns, int row, int column) {
  AttentionMap map{rows, columns, std::vector<float>(static_cast<size_t>(rows * columns), 0.0f)};
  map.values[static_cast<size_t>(row * columns + column)] = 0.02f;
  return map;
}

Mention mention(Finding finding, Side side, Assertion assertion = Assertion::kPositive) {
  Mention m;
  m.finding = finding;
  m.side = side;
  m.assertion = assertion;
  return m;
}

Reference boxed(std::vector<ReferenceBox> boxes) {
  Reference r;
  r.study_id = "s1";
  r.width = r.height = kImageSide;
  r.has_boxes = true;
  r.boxes = std::move(boxes);
  return r;
}

MapScore full_marks() {
  MapScore s;
  s.iou.fill(1);
  s.pointing = s.mass = 1;
  return s;
}
const ScoreClaim kPerfect = [](const Claim&, const std::vector<Box>&, bool&) {
  return full_marks();
};

TEST(ScoreMap, MapExactlyOnABoxReachesFullIouAtTheHalfWayThreshold) {
  // One cell of 16 x 16 pixels of 8 x 8 cells, the box the same cell. Bilinear values fall to 0 at
  // the centres of the neighbours; at half of the maximum along an axis the edge of the cell is
  // met, its corners are cut (product of the two axes).
  const MapScore s =
      score_map(one_cell(8, 8, 3, 4), kImage, {{64, 48, 16, 16}}, kImageSide, kImageSide);
  EXPECT_FLOAT_EQ(s.pointing, 1);
  // Area of {(1-x)(1-y) >= t} in units of cells: 4 (1 - t + t ln t); all of the box lies inside
  // when t <= 1/4.
  const auto area = [](double t) { return 4 * (1 - t + t * std::log(t)); };
  EXPECT_NEAR(s.iou[kDefaultLevel], 1 / area(0.1), 0.02);
  EXPECT_NEAR(s.iou[4], 1 / area(0.25), 0.02);
  EXPECT_GT(s.iou[8], s.iou[kDefaultLevel]);
}

TEST(ScoreMap, FineMapOnABoxIsNearlyOne) {
  const Box box{32, 24, 40, 64};
  const MapScore s =
      score_map(coverage_map({box}, 128, 128, kImage), kImage, {box}, kImageSide, kImageSide);
  EXPECT_GT(s.iou[9], 0.97f);
  EXPECT_GT(s.mass, 0.97f);
  EXPECT_FLOAT_EQ(s.pointing, 1);
}

TEST(ScoreMap, MapElsewhereScoresZero) {
  const MapScore s =
      score_map(one_cell(8, 8, 0, 0), kImage, {{96, 96, 32, 32}}, kImageSide, kImageSide);
  EXPECT_EQ(s.iou[kDefaultLevel], 0);
  EXPECT_EQ(s.pointing, 0);
  EXPECT_EQ(s.mass, 0);
}

TEST(ScoreMap, UniformMapScoresTheShareOfTheBox) {
  const AttentionMap flat{4, 4, std::vector<float>(16, 0.01f)};
  const MapScore s = score_map(flat, kImage, {{0, 0, 64, 32}}, kImageSide, kImageSide);
  EXPECT_NEAR(s.iou[kDefaultLevel], 0.125, 1e-4);
  EXPECT_NEAR(s.pointing, 0.125, 1e-4);  // a plateau points nowhere
  EXPECT_NEAR(s.mass, 0.125, 1e-4);
}

TEST(ScoreMap, MapRectangleMovesTheMap) {
  const Box right_half{64, 0, 64, 128};
  const AttentionMap flat{2, 2, std::vector<float>(4, 1.0f)};
  EXPECT_NEAR(score_map(flat, right_half, {right_half}, kImageSide, kImageSide).iou[kDefaultLevel],
              1, 1e-4);
}

TEST(ScoreMap, SurvivesEmptyAndBrokenMaps) {
  EXPECT_EQ(score_map({}, kImage, {kImage}, kImageSide, kImageSide).pointing, 0);
  AttentionMap zero{2, 2, std::vector<float>(4, 0.0f)};
  EXPECT_EQ(score_map(zero, kImage, {kImage}, kImageSide, kImageSide).iou[0], 0);
  AttentionMap odd{2, 2, {std::nanf(""), 1, -1, 0}};
  EXPECT_GT(score_map(odd, kImage, {kImage}, kImageSide, kImageSide).pointing, 0.99f);
  AttentionMap short_one{2, 2, {1}};
  EXPECT_EQ(score_map(short_one, kImage, {kImage}, kImageSide, kImageSide).mass, 0);
}

TEST(Claims, LeaveOutNegatedFindingsAndUnsidedRepeats) {
  ExtractedFindings words;
  words.mentions = {mention(Finding::kPleuralEffusion, Side::kNone),
                    mention(Finding::kPleuralEffusion, Side::kLeft),
                    mention(Finding::kEdema, Side::kNone, Assertion::kNegative)};
  const std::vector<Claim> claims = claims_of(words);
  ASSERT_EQ(claims.size(), 1u);
  EXPECT_EQ(claims[0].side, Side::kLeft);
}

TEST(EndToEnd, MissedFindingsAndFalsePositivesCountZero) {
  const Reference reference = boxed({{Finding::kPleuralEffusion, Side::kLeft, {10, 10, 20, 20}},
                                     {Finding::kCardiomegaly, Side::kNone, {40, 40, 40, 40}}});
  ExtractedFindings words;
  words.positive = bit(Finding::kPleuralEffusion) | bit(Finding::kCardiomegaly);
  const FindingSet boxable =
      bit(Finding::kPleuralEffusion) | bit(Finding::kCardiomegaly) | bit(Finding::kFracture);
  const std::vector<Claim> claims{
      {Finding::kPleuralEffusion, Side::kLeft, {}},
      {Finding::kFracture, Side::kRight, {}},   // not in the reference
      {Finding::kPneumonia, Side::kNone, {}}};  // never boxed: nothing to say
  const StudyItems items = end_to_end_items(reference, words, boxable, claims, kPerfect);
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(items[0].kind, ItemKind::kScored);
  EXPECT_EQ(items[1].kind, ItemKind::kFalsePositive);
  EXPECT_EQ(items[2].kind, ItemKind::kMissed);
  EXPECT_EQ(items[2].finding, Finding::kCardiomegaly);

  MetricTable table;
  const std::vector<StudyItems> studies{items};
  const std::vector<int> levels{kDefaultLevel};
  const std::vector<double> ones{1};
  summarize_grounding(studies, ones, levels,
                      bit(Finding::kPleuralEffusion) | bit(Finding::kCardiomegaly), "", table);
  EXPECT_DOUBLE_EQ(table.value("grounding.iou"), 0.5);  // effusion 1, cardiomegaly 0
  EXPECT_NEAR(table.value("grounding.iou_micro"), 1.0 / 3, 1e-9);
  EXPECT_NEAR(table.value("grounding.missed_share"), 1.0 / 3, 1e-9);
}

TEST(EndToEnd, TheOtherSideIsAFalsePositiveAndAMiss) {
  const Reference reference = boxed({{Finding::kPleuralEffusion, Side::kLeft, {10, 10, 20, 20}}});
  ExtractedFindings words;
  words.positive = bit(Finding::kPleuralEffusion);
  const std::vector<Claim> claims{{Finding::kPleuralEffusion, Side::kRight, {}}};
  const StudyItems items =
      end_to_end_items(reference, words, bit(Finding::kPleuralEffusion), claims, kPerfect);
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].kind, ItemKind::kFalsePositive);
  EXPECT_EQ(items[1].kind, ItemKind::kMissed);
}

TEST(EndToEnd, StatedWithoutABoxIsLeftOut) {
  const Reference reference = boxed({});
  ExtractedFindings words;
  words.positive = bit(Finding::kEdema);
  const std::vector<Claim> claims{{Finding::kEdema, Side::kNone, {}}};
  EXPECT_TRUE(end_to_end_items(reference, words, bit(Finding::kEdema), claims, kPerfect).empty());
}

TEST(EndToEnd, UnmentionedVisibleFindingsMayBeNamedButNeedNot) {
  const Reference reference =
      boxed({{Finding::kFracture, Side::kLeft, {1, 1, 5, 5}, /*is_obligatory=*/false}});
  const FindingSet boxable = bit(Finding::kFracture);
  EXPECT_TRUE(end_to_end_items(reference, {}, boxable, {}, kPerfect).empty());
  const std::vector<Claim> claims{{Finding::kFracture, Side::kLeft, {}}};
  const StudyItems items = end_to_end_items(reference, {}, boxable, claims, kPerfect);
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].kind, ItemKind::kScored);
}

TEST(CrossFittedLevels, TakeEachHalfsBestForTheOther) {
  std::vector<StudyItems> studies;
  std::vector<std::string> ids;
  for (int i = 0; i < 40; ++i) {
    GroundedItem item;
    item.finding = Finding::kEdema;
    item.score.iou[6] = 0.8f;  // .35 is best everywhere
    studies.push_back({item});
    ids.push_back("study" + std::to_string(i));
  }
  for (const int level : cross_fitted_levels(studies, ids, bit(Finding::kEdema)))
    EXPECT_EQ(level, 6);
}

TEST(LocationPrior, PutsAFixedBoxWhereTrainingHadIt) {
  std::vector<Reference> train;
  for (int i = 0; i < 5; ++i)
    train.push_back(boxed({{Finding::kCardiomegaly, Side::kNone, {32, 64, 64, 32}}}));
  const LocationPrior prior(train);
  // Twice the size, same place; the enlarged grid blurs the edge by part of a cell.
  const MapScore same =
      prior.score(Finding::kCardiomegaly, Side::kNone, {{64, 128, 128, 64}}, 256, 256);
  EXPECT_GT(same.iou[kDefaultLevel], 0.9f);
  EXPECT_FLOAT_EQ(same.pointing, 1);
  EXPECT_GT(prior.score(Finding::kCardiomegaly, Side::kLeft, {{64, 128, 128, 64}}, 256, 256).iou[0],
            0.9f);
  EXPECT_EQ(prior.score(Finding::kEdema, Side::kNone, {{64, 128, 128, 64}}, 256, 256).iou[0], 0);
  EXPECT_TRUE(LocationPrior({}).empty());
}

TEST(MacroFindings, AreThoseWithEnoughBoxes) {
  std::vector<Reference> references;
  for (int i = 0; i < kMinBoxedItems; ++i)
    references.push_back(boxed({{Finding::kEdema, Side::kNone, {1, 1, 2, 2}}}));
  references.push_back(boxed({{Finding::kFracture, Side::kLeft, {1, 1, 2, 2}}}));
  EXPECT_EQ(macro_findings(references), bit(Finding::kEdema));
  EXPECT_EQ(macro_findings(std::span(references).last(1)), bit(Finding::kFracture));
}

TEST(ScoreMap, TellsContrastAreaAndSide) {
  // 2 x 2 cells over 64 x 64: the right lower one is hot, the box is exactly there.
  const Box whole{0, 0, 64, 64};
  const MapScore s = score_map({2, 2, {0, 0, 0, 0.5f}}, whole, {{32, 32, 32, 32}}, 64, 64);
  EXPECT_FLOAT_EQ(s.attention, 0.5f);
  EXPECT_FLOAT_EQ(s.raw_peak, 0.5f);
  EXPECT_GT(s.cnr, 1);
  EXPECT_GT(s.area, 0.25f);
  EXPECT_LT(s.area, 0.75f);
  EXPECT_GT(s.right_share, 0.7f);
  EXPECT_FLOAT_EQ(s.box_right_share, 1);
  EXPECT_NEAR(s.both_px / s.either_px, s.iou[kDefaultLevel], 1e-6);
  const MapScore flat = score_map({2, 2, {1, 1, 1, 1}}, whole, {{32, 32, 32, 32}}, 64, 64);
  EXPECT_TRUE(std::isnan(flat.cnr));
  EXPECT_FLOAT_EQ(flat.area, 1);
}

TEST(RightSide, NeedsASideAndABoxOnOneSide) {
  GroundedItem item;
  item.side = Side::kLeft;
  item.score.box_right_share = 1;
  item.score.right_share = 0.3f;
  EXPECT_TRUE(has_one_side(item));
  EXPECT_FALSE(is_on_right_side(item));
  item.side = Side::kBilateral;
  EXPECT_FALSE(has_one_side(item));
  item.side = Side::kLeft;
  item.score.box_right_share = 0.6f;
  EXPECT_FALSE(has_one_side(item));
}

}  // namespace
}  // namespace radgen::evaluation

#include "radgen/inference/regions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "radgen/inference/calibration.h"
#include "radgen/inference/calibration_fit.h"

namespace radgen {
namespace {

AttentionMap map_of(int rows, int columns, std::vector<float> values) {
  return {rows, columns, std::move(values)};
}

TEST(MeanMap, AveragesTheChosenTokensOnly) {
  const AttentionMap map = mean_map({{1, 0}, {0, 1}, {0, 3}}, {0, 2}, 1, 2);
  ASSERT_EQ(map.values.size(), 2u);
  EXPECT_FLOAT_EQ(map.values[0], 0.5f);
  EXPECT_FLOAT_EQ(map.values[1], 1.5f);
  EXPECT_TRUE(mean_map({{1, 0}}, {}, 1, 2).empty());
}

TEST(MapConcentration, IsOneForOnePatchZeroForAFlatMapAndTheSameWhateverTheMass) {
  EXPECT_NEAR(map_concentration(map_of(2, 2, {1, 0, 0, 0})), 1.0, 1e-9);
  EXPECT_NEAR(map_concentration(map_of(2, 2, {.4f, 0, 0, 0})), 1.0, 1e-9);
  EXPECT_NEAR(map_concentration(map_of(2, 2, {.25f, .25f, .25f, .25f})), 0.0, 1e-6);
  EXPECT_EQ(map_concentration(map_of(2, 2, {0, 0, 0, 0})), 0.0);
}

TEST(FindRegions, BoxesLieInTheMapBoxesCoordinates) {
  // One hot patch of a 4 x 4 grid over 40 x 80 pixels that start at (100, 200).
  std::vector<float> values(16, 0);
  values[1 * 4 + 2] = 1;
  const auto boxes = find_regions(map_of(4, 4, values), {100, 200, 40, 80}, 0.5);
  ASSERT_EQ(boxes.size(), 1u);
  const Box patch{120, 220, 10, 20};
  EXPECT_GT(iou(boxes[0], patch), 0.6);  // bilinear upsampling rounds its corners
  EXPECT_NEAR(boxes[0].x + boxes[0].w / 2, 125, 1.5);
  EXPECT_NEAR(boxes[0].y + boxes[0].h / 2, 230, 3);
}

TEST(FindRegions, SeparatePartsComeByMassAndFaintOnesAreDropped) {
  std::vector<float> values(36, 0);
  values[0] = 0.6f;             // a smaller part
  values[35] = values[34] = 1;  // the larger one
  const auto boxes = find_regions(map_of(6, 6, values), {0, 0, 60, 60}, 0.5);
  ASSERT_EQ(boxes.size(), 2u);
  EXPECT_GT(boxes[0].x, 30);
  EXPECT_LT(boxes[1].x, 10);
  EXPECT_TRUE(find_regions(map_of(2, 2, {0, 0, 0, 0}), {0, 0, 10, 10}, 0.5).empty());
}

TEST(TokensWithin, TakesEveryTokenThatOverlaps) {
  const std::vector<std::pair<size_t, size_t>> spans{{0, 3}, {3, 7}, {7, 9}, {9, 9}};
  EXPECT_EQ(tokens_within(spans, 4, 8), (std::vector<size_t>{1, 2}));
  EXPECT_TRUE(tokens_within(spans, 20, 30).empty());
}

// Maps whose sharpness tells whether they are right: the sharp ones lie on their box, the flat ones
// beside it.
std::vector<CalibrationCase> separable_cases() {
  std::vector<CalibrationCase> cases;
  for (int i = 0; i < 40; ++i) {
    CalibrationCase one;
    std::vector<float> values(64, 0);
    const bool is_hit = i % 2 == 0;
    if (is_hit) {
      values[9] = values[10] = values[17] = values[18] = 0.25f;
    } else {
      std::fill(values.begin(), values.end(), 1.0f / 64);
    }
    one.map = map_of(8, 8, values);
    one.map_box = {0, 0, 80, 80};
    one.reference = {{10, 10, 20, 20}};
    one.region_features = region_features(one.map, {Finding::kPneumothorax}, {});
    cases.push_back(one);
  }
  return cases;
}

TEST(FitCalibration, SeparatesSharpRightMapsFromFlatWrongOnes) {
  const Calibration calibration = fit_calibration(separable_cases(), {}, 40);
  EXPECT_EQ(calibration.studies, 40);
  const auto cases = separable_cases();
  const double right = calibrated_score(cases[0].region_features, calibration);
  const double wrong = calibrated_score(cases[1].region_features, calibration);
  EXPECT_GE(right, calibration.abstain_below);
  EXPECT_LT(wrong, calibration.abstain_below);
  EXPECT_GT(right, 0.8);
  EXPECT_LT(wrong, 0.2);
}

// Every word gives nearly all its attention to the null key, and the rest lies on the box a little
// more often than not: where the first full step of Newton's method would leave the curve for good.
TEST(FitCalibration, FindsItsWayWhenAllScoresAreTiny) {
  auto cases = separable_cases();
  for (size_t i = 0; i < cases.size(); ++i) {
    const float mass = i % 3 == 0 ? 2e-4f : 1e-4f;
    for (float& value : cases[i].map.values) value *= mass;
    cases[i].region_features = region_features(cases[i].map, {Finding::kPneumothorax}, {});
    if (i % 8 != 1) continue;  // and a flat map can be right
    cases[i].reference = {{0, 0, 80, 80}};
  }
  const Calibration calibration = fit_calibration(cases, {}, 40);
  EXPECT_LT(calibration.concentration_slope, 100);
  double mean = 0;
  for (const CalibrationCase& one : cases)
    mean += calibrated_score(one.region_features, calibration) / 40;
  // a logistic regression with an offset meets the mean of its targets
  EXPECT_NEAR(mean, 25.0 / 40, 0.05);
  EXPECT_GT(calibrated_score(cases[0].region_features, calibration), 0.8);
}

FindingLogits logits_of(std::vector<float> of_pneumothorax) {
  FindingLogits logits;
  const auto& all = all_findings();
  const auto f =
      static_cast<size_t>(std::find(all.begin(), all.end(), Finding::kPneumothorax) - all.begin());
  logits.patches.assign(of_pneumothorax.size() * kFindingCount, -9);
  for (size_t j = 0; j < of_pneumothorax.size(); ++j)
    logits.patches[j * kFindingCount + f] = of_pneumothorax[j];
  logits.probabilities.assign(kFindingCount, 0.5);
  logits.probabilities[f] = 0.8;
  return logits;
}

TEST(RegionFeatures, ReadsTheHeadsLogitsUnderTheMap) {
  const RegionFeatures region = region_features(map_of(2, 2, {0, .3f, .1f, 0}),
                                                {Finding::kPneumothorax}, logits_of({5, 2, -2, 0}));
  EXPECT_NEAR(region.support, 0.75 * 2 - 0.25 * 2, 1e-6);
  EXPECT_NEAR(region.best_gap, 5 - 1, 1e-6);
  EXPECT_NEAR(region.presence, std::log(4), 1e-6);
  const RegionFeatures no_head =
      region_features(map_of(2, 2, {0, 1, 0, 0}), {Finding::kPneumothorax}, {});
  EXPECT_EQ(no_head.support, 0);
  EXPECT_NEAR(no_head.concentration, 1, 1e-6);
  EXPECT_NEAR(no_head.mass, 1, 1e-6);
  EXPECT_EQ(region_features({}, {}, {}).mass, 0);  // a sentence without a map
}

// Whatever was fitted: the right maps here are those with the least attention on the image, which
// a free slope would reward.
TEST(FitCalibration, AttentionGivenToTheNullKeyLowersTheScore) {
  auto cases = separable_cases();
  for (size_t i = 0; i < cases.size(); ++i) {
    const float mass = i % 2 == 0 ? 0.1f : 0.9f;
    for (float& value : cases[i].map.values) value *= mass;
    cases[i].region_features = region_features(cases[i].map, {Finding::kPneumothorax}, {});
  }
  const Calibration calibration = fit_calibration(cases, {}, 40);
  for (RegionFeatures seen : {cases[0].region_features, cases[1].region_features}) {
    double last = 1;
    for (const double mass : {1.0, 0.7, 0.3, 0.05, 1e-4, 0.0}) {
      seen.mass = mass;
      const double score = calibrated_score(seen, calibration);
      EXPECT_LT(score, last);
      last = score;
    }
    EXPECT_LT(last, 0.05);
  }
}

// Every map is as sharp as the others: what the finding head sees under them is all that tells
// right from wrong.
TEST(FitCalibration, BelievesTheFindingHeadWhereSharpnessSaysNothing) {
  std::vector<CalibrationCase> claims;
  for (int i = 0; i < 60; ++i) {
    CalibrationCase one = separable_cases()[0];
    const bool is_hit = i % 3 == 0;
    if (!is_hit) one.reference.clear();
    one.region_features =
        region_features(one.map, {Finding::kPneumothorax},
                        logits_of(std::vector<float>(
                            64, (is_hit ? 1.0f : -1.0f) + 0.02f * static_cast<float>(i % 7))));
    claims.push_back(one);
  }
  const Calibration calibration = fit_calibration(separable_cases(), claims, 60);
  EXPECT_GT(calibration.support_weight, 0.5);
  EXPECT_GT(calibrated_score(claims[0].region_features, calibration), 0.8);
  EXPECT_LT(calibrated_score(claims[1].region_features, calibration), 0.2);
  EXPECT_LT(calibrated_score(claims[1].region_features, calibration), calibration.abstain_below);
}

// Words that are equally sure of everything: the finding's probability in the image tells who is
// right.
TEST(FitCalibration, ConfidenceLearnsFromTheImage) {
  std::vector<CalibrationCase> claims;
  for (int i = 0; i < 60; ++i) {
    CalibrationCase one = separable_cases()[0];
    one.word_probability = 0.7;
    one.is_right = i % 3 != 0;
    one.region_features.presence = one.is_right ? 2 : -2;
    claims.push_back(one);
  }
  const Calibration calibration = fit_calibration(separable_cases(), claims, 60);
  EXPECT_GT(calibrated_confidence(0.7, claims[1].region_features, calibration), 0.85);
  EXPECT_LT(calibrated_confidence(0.7, claims[0].region_features, calibration), 0.3);
  EXPECT_EQ(calibrated_confidence(0.7, RegionFeatures{}, calibration), 0.7);  // states nothing
  // never fitted
  EXPECT_NEAR(calibrated_confidence(0.7, claims[0].region_features, Calibration{}), 0.7, 1e-9);
}

TEST(FitCalibration, LeavesTheDefaultsWhenThereAreTooFewCases) {
  const auto cases = separable_cases();
  EXPECT_EQ(fit_calibration({cases.begin(), cases.begin() + 5}, {}, 5).studies, 0);
}

}  // namespace
}  // namespace radgen

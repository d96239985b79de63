#include "radgen/inference/sample_ranking.h"

#include <gtest/gtest.h>

#include <cmath>

namespace radgen {
namespace {

size_t index_of(Finding finding) {
  for (size_t i = 0; i < kFindingCount; ++i)
    if (all_findings()[i] == finding) return i;
  return kFindingCount;
}

TEST(Support, IsTheLogOddsAboveTheThresholdOfWhatIsStated) {
  std::vector<double> p(kFindingCount, 0.5), thresholds(kFindingCount, 0.5);
  p[index_of(Finding::kEdema)] = 0.8;
  thresholds[index_of(Finding::kEdema)] = 0.2;
  const double expected = std::log(0.8 / 0.2) - std::log(0.2 / 0.8);
  EXPECT_NEAR(support_of({{Finding::kEdema, 1}}, p, thresholds), expected, 1e-12);
  EXPECT_NEAR(support_of({{Finding::kEdema, -1}}, p, thresholds), expected, 1e-12);
  EXPECT_NEAR(support_of({{Finding::kEdema, 1}}, p, {}), std::log(4.0), 1e-12);
}

TEST(Support, CountsNeitherNegationsNorNoFinding) {
  std::vector<double> p(kFindingCount, 0.9);
  EXPECT_EQ(support_of({{Finding::kEdema, 0}, {Finding::kNoFinding, 1}}, p, {}), 0);
}

TEST(Support, FallsForWhatTheImageDoesNotShow) {
  std::vector<double> p(kFindingCount, 0.05);
  EXPECT_LT(support_of({{Finding::kFracture, 1}}, p, {}), 0);
}

TEST(MbrScores, IsLargestForTheTextInTheMiddle) {
  const std::vector<double> mbr = mbr_scores({{1, 2, 3, 4}, {1, 2, 3, 5}, {9, 8, 7, 6}});
  // shared: 1, 2, 3, (1,2), (2,3) of 4 + 3 grams each
  EXPECT_NEAR(mbr[0], (2.0 * 5 / 14 + 0) / 2, 1e-12);
  EXPECT_EQ(mbr[0], mbr[1]);
  EXPECT_EQ(mbr[2], 0);
  EXPECT_EQ(mbr_scores({{1, 2}}), std::vector<double>{1});
  EXPECT_EQ(mbr_scores({{1, 2}, {1, 2}}), (std::vector<double>{1, 1}));
}

TEST(BestThreshold, PartsStatedFromUnstatedWhereF1IsLargest) {
  EXPECT_NEAR(best_threshold({{0.9, true}, {0.7, true}, {0.5, false}, {0.1, false}}), 0.6, 1e-12);
  // One stray case: to catch it would cost more than it brings.
  const double threshold = best_threshold({{0.9, true},
                                           {0.8, true},
                                           {0.7, true},
                                           {0.6, false},
                                           {0.5, false},
                                           {0.4, false},
                                           {0.3, false},
                                           {0.2, false},
                                           {0.1, true}});
  EXPECT_NEAR(threshold, 0.65, 1e-12);
}

TEST(BestThreshold, IsNeutralWhenThereIsNothingToChoose) {
  EXPECT_EQ(best_threshold({{0.3, false}, {0.2, false}}), 0.5);
  EXPECT_EQ(best_threshold({{0.3, true}}), 0.5);
  EXPECT_EQ(best_threshold({}), 0.5);
}

TEST(BestThreshold, NeverPartsEqualProbabilities) {
  const double threshold = best_threshold({{0.4, true}, {0.4, false}, {0.2, false}});
  EXPECT_GT(threshold, 0.2);
  EXPECT_LT(threshold, 0.4);
}

}  // namespace
}  // namespace radgen

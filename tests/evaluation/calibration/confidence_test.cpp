// Calibration error, Brier skill, AUROC, risk and coverage: hand-computed.
#include "radgen/evaluation/calibration/confidence.h"

#include <gtest/gtest.h>

#include <cmath>

namespace radgen::evaluation {
namespace {

// Study i has the event of that index.
std::vector<ConfidenceEvent> events_of(const std::vector<std::pair<double, bool>>& list) {
  std::vector<ConfidenceEvent> events;
  for (size_t i = 0; i < list.size(); ++i) events.push_back({i, list[i].first, list[i].second});
  sort_events(events);
  return events;
}
std::vector<double> ones(size_t n) { return std::vector<double>(n, 1.0); }

TEST(CalibrationError, IsTheMeanGapOverBinsOfEqualMass) {
  // 30 events: two a bin. In each bin one right, confidence .5: no gap.
  std::vector<std::pair<double, bool>> fair, bold;
  for (int i = 0; i < 30; ++i) {
    fair.emplace_back(0.5, i % 2 == 0);
    bold.emplace_back(0.9, i % 2 == 0);
  }
  EXPECT_NEAR(calibration_error(events_of(fair), ones(30)), 0, 1e-9);
  EXPECT_NEAR(calibration_error(events_of(bold), ones(30)), 0.4, 1e-9);
  EXPECT_TRUE(std::isnan(calibration_error({}, {})));
}

TEST(CalibrationError, WeightsCountAsCopies) {
  const auto events = events_of({{0.2, false}, {0.4, true}, {0.7, false}, {0.9, true}});
  const auto copies = events_of({{0.2, false}, {0.4, true}, {0.4, true}, {0.4, true}, {0.9, true}});
  EXPECT_NEAR(calibration_error(events, std::vector<double>{1, 3, 0, 1}),
              calibration_error(copies, ones(5)), 1e-9);
}

TEST(Brier, SkillIsOverTheBaseRate) {
  const auto perfect = events_of({{0, false}, {0, false}, {1, true}, {1, true}});
  EXPECT_DOUBLE_EQ(brier_score(perfect, ones(4)), 0);
  EXPECT_DOUBLE_EQ(brier_skill(perfect, ones(4)), 1);
  const auto base_rate = events_of({{0.5, false}, {0.5, true}});
  EXPECT_DOUBLE_EQ(brier_skill(base_rate, ones(2)), 0);
  EXPECT_TRUE(std::isnan(brier_skill(events_of({{0.5, true}}), ones(1))));
}

TEST(Auroc, CountsTiesHalf) {
  const auto events = events_of({{0.1, false}, {0.5, true}, {0.5, false}, {0.9, true}});
  // Pairs (right, wrong): (.5,.1) 1, (.5,.5) .5, (.9,.1) 1, (.9,.5) 1.
  EXPECT_DOUBLE_EQ(auroc(events, ones(4)), 3.5 / 4);
  EXPECT_TRUE(std::isnan(auroc(events_of({{0.3, true}, {0.4, true}}), ones(2))));
}

TEST(RiskCoverage, LeavesTheLeastConfidentOutFirst) {
  const auto events = events_of({{0.1, false}, {0.5, true}, {0.9, true}, {0.9, false}});
  const std::vector<RiskPoint> points = risk_coverage(events);
  ASSERT_EQ(points.size(), 3u);  // the two of equal confidence together
  EXPECT_DOUBLE_EQ(points[0].coverage, 0.5);
  EXPECT_DOUBLE_EQ(points[0].risk, 0.5);
  EXPECT_DOUBLE_EQ(points[2].coverage, 1);
  EXPECT_DOUBLE_EQ(points[2].risk, 0.5);
  EXPECT_NEAR(area_under_risk(events, ones(4)), (2 * 0.5 + 1.0 / 3 + 0.5) / 4, 1e-9);
}

TEST(RiskAt, KeepsTheMostConfidentAndSharesTies) {
  const auto events = events_of({{0.1, false}, {0.5, true}, {0.9, true}, {0.9, false}});
  EXPECT_DOUBLE_EQ(risk_at(events, ones(4), 0.5), 0.5);
  EXPECT_DOUBLE_EQ(risk_at(events, ones(4), 0.25), 0.5);  // half of each of the two at .9
  EXPECT_DOUBLE_EQ(risk_at(events, ones(4), 1), 0.5);
  EXPECT_NEAR(risk_at(events, ones(4), 0.75), 1.0 / 3, 1e-12);
  EXPECT_TRUE(std::isnan(risk_at({}, {}, 0.5)));
}

TEST(Reliability, HasNoMoreBinsThanEvents) {
  const auto bins = reliability(events_of({{0.2, false}, {0.8, true}}));
  ASSERT_EQ(bins.size(), 2u);
  EXPECT_DOUBLE_EQ(bins[1].confidence, 0.8);
  EXPECT_DOUBLE_EQ(bins[1].right, 1);
  EXPECT_TRUE(reliability({}).empty());
}

}  // namespace
}  // namespace radgen::evaluation

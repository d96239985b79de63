#include "audit/comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace radgen::audit {
namespace {

// Adds `yes` of `n` trials, each of a patient of its own.
void add(Layout& layout, int stratum, int level, int n, int yes) {
  for (int i = 0; i < n; ++i) {
    layout.stratum.push_back(stratum);
    layout.level.push_back(level);
    layout.patient.push_back(static_cast<uint32_t>(layout.patient.size()));
    layout.is_yes.push_back(i < yes);
  }
  layout.levels = std::max(layout.levels, level + 1);
  layout.strata = std::max(layout.strata, stratum + 1);
}

// Simpson: in both strata no gap, but group 0 has more of the hard one.
Layout confounded() {
  Layout layout;
  add(layout, 0, 0, 80, 40);
  add(layout, 0, 1, 20, 10);
  add(layout, 1, 0, 20, 18);
  add(layout, 1, 1, 80, 72);
  return layout;
}

TEST(Tally, RawGapIsThatOfTheRates) {
  const Tally tally(confounded(), {});
  const Tally::Rates rates = tally.raw(0);
  EXPECT_DOUBLE_EQ(rates.rate(), 0.58);
  EXPECT_DOUBLE_EQ(rates.other_rate(), 0.82);
  EXPECT_NEAR(rates.gap(), -0.24, 1e-12);
}

TEST(Tally, StratifiedGapIsFreeOfTheMix) {
  const Tally::Stratified equal = Tally(confounded(), {}).stratified(0);
  EXPECT_NEAR(equal.gap(), 0, 1e-12);
  EXPECT_DOUBLE_EQ(equal.matched, 100);
}

TEST(Tally, MatchesMantelHaenszelByHand) {
  Layout layout;
  add(layout, 0, 0, 10, 4);
  add(layout, 0, 1, 30, 15);
  add(layout, 1, 0, 20, 10);
  add(layout, 1, 1, 20, 16);
  // Weights 10 * 30 / 40 = 7.5 and 20 * 20 / 40 = 10.
  const double expected = (7.5 * (0.4 - 0.5) + 10 * (0.5 - 0.8)) / 17.5;
  EXPECT_NEAR(Tally(layout, {}).stratified(0).gap(), expected, 1e-12);
}

TEST(Tally, AStratumWithoutOthersSaysNothing) {
  Layout layout = confounded();
  add(layout, 2, 0, 50, 0);
  const Tally::Stratified equal = Tally(layout, {}).stratified(0);
  EXPECT_NEAR(equal.gap(), 0, 1e-12);
  EXPECT_DOUBLE_EQ(equal.matched, 100) << "of 150 trials";
}

TEST(Tally, WeightsCountPatientsAsOftenAsTheyWereDrawn) {
  Layout layout;
  add(layout, 0, 0, 2, 1);
  add(layout, 0, 1, 2, 1);
  const std::vector<uint8_t> weights{3, 1, 0, 2};
  const Tally::Rates rates = Tally(layout, weights).raw(0);
  EXPECT_DOUBLE_EQ(rates.rate(), 0.75);
  EXPECT_DOUBLE_EQ(rates.other_rate(), 0);
}

TEST(GapTest, ErrorIsThatOfAPooledProportion) {
  Layout layout;
  add(layout, 0, 0, 150, 98);
  add(layout, 0, 1, 450, 382);
  const GapTest test = test_gap(layout, Tally(layout, {}), 0);
  const double mean = 480.0 / 600;
  const double expected = std::sqrt(mean * (1 - mean) * (1.0 / 150 + 1.0 / 450));
  EXPECT_NEAR(test.standard_error, expected, 0.05 * expected);
  EXPECT_NEAR(test.gap, 98.0 / 150 - 382.0 / 450, 1e-12);
}

TEST(GapTest, PatientsWithManyEqualTrialsWidenTheError) {
  Layout one, many;
  add(one, 0, 0, 200, 120);
  add(one, 0, 1, 200, 140);
  many = one;
  for (size_t i = 0; i < many.size(); ++i)
    many.patient[i] /= 10;  // ten trials a patient, nearly all alike
  const double single = test_gap(one, Tally(one, {}), 0).standard_error;
  const GapTest clustered = test_gap(many, Tally(many, {}), 0);
  EXPECT_GT(clustered.standard_error, 2.5 * single) << "about the square root of ten";
  EXPECT_EQ(clustered.by_patient.size(), 40u);
}

// The layouts that trials become.
TEST(Layout, ThinCellsBecomeStrataOfEqualDifficulty) {
  std::vector<AuditCase> cases;
  for (int i = 0; i < 600; ++i) {
    AuditCase c;
    c.patient_id = std::to_string(i);
    c.sex = i / 6 % 2 == 0 ? "female" : "male";
    c.view = i / 12 % 2 == 0 ? "PA" : "AP";
    c.age_years = 20 + i % 67;
    c.reference = evaluation::bit(all_findings()[static_cast<size_t>(i % 6)]);
    c.severity[static_cast<size_t>(i % 6)] = static_cast<Severity>(1 + i % 5 % 3);
    if (c.view == "PA") c.draft = c.reference;  // all that matters is the view
    cases.push_back(c);
  }
  std::vector<uint32_t> patients(cases.size());
  for (size_t i = 0; i < patients.size(); ++i) patients[i] = static_cast<uint32_t>(i);
  const std::vector<Attribute> attributes = attributes_of(cases);
  const auto sex = std::find_if(attributes.begin(), attributes.end(),
                                [](const Attribute& a) { return a.name == "sex"; });
  ASSERT_NE(sex, attributes.end());
  const std::vector<Trials> all = trials_of(cases);
  ASSERT_EQ(all.front().endpoint.measure, Measure::kAnySensitivity);
  const Layout layout = make_layout(all.front(), *sex, cases, patients, {});
  EXPECT_EQ(layout.size(), 600u);
  EXPECT_LE(layout.strata, 10);
  // What decides here is the view: within the strata little is left to vary.
  std::vector<double> n(static_cast<size_t>(layout.strata)), yes(n.size());
  double all_yes = 0, within = 0;
  for (size_t i = 0; i < layout.size(); ++i) {
    n[static_cast<size_t>(layout.stratum[i])] += 1;
    yes[static_cast<size_t>(layout.stratum[i])] += layout.is_yes[i];
    all_yes += layout.is_yes[i];
  }
  for (size_t k = 0; k < n.size(); ++k) within += n[k] > 0 ? yes[k] * (n[k] - yes[k]) / n[k] : 0;
  const double size = static_cast<double>(layout.size());
  EXPECT_LT(within, 0.5 * all_yes * (size - all_yes) / size);
  const Layout by_view = make_layout(all.front(), *sex, cases, patients, {false, true, false});
  EXPECT_EQ(by_view.strata, 12) << "six findings by two views, 50 trials each";
}

}  // namespace
}  // namespace radgen::audit

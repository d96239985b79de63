// What the audit promises, with fewer rounds than the figures of `audit-radgen --simulate 200`.
#include "radgen/audit/simulation.h"

#include <gtest/gtest.h>

#include "radgen/core/random.h"
#include "radgen/evaluation/bootstrap.h"
#include "radgen/phantom/plan.h"

namespace radgen::audit {
namespace {

AuditOptions few_flips() {
  AuditOptions options;
  options.bootstrap = 0;
  options.sign_flips = 500;
  options.permutations = 500;
  options.with_metrics = false;
  options.seed = 11;
  return options;
}

SimulationDesign named(const std::string& name) {
  for (const SimulationDesign& design : simulation_designs()) {
    if (design.name == name) return design;
  }
  ADD_FAILURE() << "no design " << name;
  return {};
}

TEST(Simulation, CasesAreTheSameForTheSameSeed) {
  const SimulationDesign design = named("gap");
  const auto a = simulate_cases(design, 5), b = simulate_cases(design, 5),
             c = simulate_cases(design, 6);
  ASSERT_EQ(a.size(), b.size());
  bool is_same = a.size() == c.size();
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].draft, b[i].draft);
    is_same = is_same && a[i].draft == c[i].draft;
  }
  EXPECT_FALSE(is_same);
}

TEST(Simulation, DrawsTheGapAndThePositivesItWasAskedFor) {
  SimulationDesign design = named("gap");
  design.positives_per_group = 20000;
  double there[2] = {0, 0}, stated[2] = {0, 0};
  for (const AuditCase& c : simulate_cases(design, 1)) {
    const size_t last = c.race == design.races.back();
    for (const Finding f : design.findings) {
      there[last] += evaluation::has(c.reference, f);
      stated[last] += evaluation::has(c.reference & c.draft, f);
    }
  }
  EXPECT_NEAR(there[1], 20000, 20);
  EXPECT_NEAR(stated[0] / there[0] - stated[1] / there[1], 0.15, 0.015);
}

// The tests bind on Wilson's 95 % interval of their rounds, not on the share itself: what is
// claimed must not be refuted, and the interval must be narrow enough to refute a worse audit.
evaluation::Interval rate(int64_t rounds, const SimulationResult& result) {
  return evaluation::wilson_interval(rounds, result.rounds);
}

TEST(Simulation, AGapOfFifteenPointsIsFoundInFourOfFiveAudits) {
  const SimulationResult r = simulate(named("gap"), 120, few_flips());
  EXPECT_GE(rate(r.found, r).high, 0.8);
  EXPECT_GE(rate(r.found, r).low, 0.65);
}

TEST(Simulation, AlarmsAreFalseInAtMostOneOfTwentyAuditsWhereNobodyDiffers) {
  const SimulationResult r = simulate(named("no_gap_few"), 200, few_flips());
  EXPECT_LE(rate(r.false_alarms, r).low, 0.05);
  EXPECT_LE(rate(r.false_alarms, r).high, 0.12);  // 200 rounds can say no more
}

TEST(Simulation, ConfoundersThatAreKnownExactlyAreNamedAndSeldomADisparity) {
  for (const char* name : {"confounder_view", "confounder_severity_exact"}) {
    const SimulationResult r = simulate(named(name), 24, few_flips());
    EXPECT_GE(rate(r.named_confounded, r).low, 0.4) << name;
    EXPECT_LE(rate(r.false_alarms, r).high, 0.4) << name;
  }
}

// Severities that are read from words explain less of a gap than the true ones: it is named less
// often, and more of it looks like a disparity. That is a rate of its own (docs/audit.md), not the
// one of an audit where nobody differs.
TEST(Simulation, ReadingErrorsMakeAConfounderLookLikeADisparity) {
  const SimulationResult exact = simulate(named("confounder_severity_exact"), 24, few_flips());
  const SimulationResult words = simulate(named("confounder_severity"), 24, few_flips());
  EXPECT_LT(words.named_confounded, exact.named_confounded);
  EXPECT_GT(words.false_alarms, exact.false_alarms);
  EXPECT_GE(rate(words.named_confounded, words).low, 0.2);
}

TEST(Simulation, ReadingErrorsHideWhatASeverityExplains) {
  SimulationDesign words = named("confounder_severity"), exact = named("confounder_severity_exact");
  const auto shares = [](const SimulationDesign& design) {
    double unstated = 0, there = 0;
    for (const AuditCase& c : simulate_cases(design, 3)) {
      for (const Finding f : design.findings) {
        if (!evaluation::has(c.reference, f)) continue;
        ++there;
        unstated += c.severity[static_cast<size_t>(f)] == Severity::kUnstated;
      }
    }
    return unstated / there;
  };
  EXPECT_NEAR(shares(words), 0.3, 0.02);
  EXPECT_EQ(shares(exact), 0);
}

// The phantoms' own plans, read by somebody who sees severe findings and PA films better, whoever
// is on them.
std::vector<AuditCase> read_phantoms(const std::string& bias, int64_t studies) {
  std::vector<AuditCase> cases;
  Random random(23);
  const RaceTable races;
  for (const phantom::StudyTruth& truth : phantom::plan_studies(
           {.studies = studies, .seed = 4, .prevalence = "enriched", .bias = bias})) {
    AuditCase c;
    c.study_id = truth.study_id;
    c.patient_id = truth.patient.id;
    c.age_years = truth.patient.age_years;
    c.sex = truth.patient.is_male ? "male" : "female";
    c.race = races.group(truth.patient.race).value_or("");
    c.view = truth.is_ap ? "AP" : "PA";
    for (const phantom::TrueFinding& f : truth.findings) {
      c.reference |= evaluation::bit(f.finding);
      Severity& severity = c.severity[static_cast<size_t>(f.finding)];
      severity = std::max(severity, f.severity);
    }
    for (const Finding f : all_findings()) {
      if (!evaluation::has(c.reference, f)) continue;
      const double gain = 0.3 * (static_cast<double>(c.severity[static_cast<size_t>(f)]) - 2);
      const double sensitivity = 0.65 + gain - (truth.is_degraded ? 0.25 : 0.0);
      if (random.chance(std::clamp(sensitivity, 0.02, 0.98))) c.draft |= evaluation::bit(f);
    }
    if (c.reference == 0) c.reference = evaluation::bit(Finding::kNoFinding);
    if (c.draft == 0) c.draft = evaluation::bit(Finding::kNoFinding);
    cases.push_back(c);
  }
  return cases;
}

struct RaceVerdicts {
  size_t disparities = 0;
  const Comparison* black = nullptr;  // sensitivity over all findings
};
RaceVerdicts race_verdicts(const AuditResult& result) {
  RaceVerdicts verdicts;
  for (const Comparison& c : result.comparisons) {
    if (result.attributes[c.attribute].name != "race") continue;
    verdicts.disparities += c.verdict == Verdict::kDisparity;
    if (result.group(c.attribute, c.level) == "Black" &&
        c.endpoint.measure == Measure::kAnySensitivity)
      verdicts.black = &c;
  }
  return verdicts;
}

TEST(PhantomBias, ConfounderIsNamedAsOne) {
  const AuditResult result = audit(read_phantoms("confounder", 4000), few_flips());
  const RaceVerdicts race = race_verdicts(result);
  ASSERT_NE(race.black, nullptr);
  EXPECT_EQ(race.black->verdict, Verdict::kConfounded);
  EXPECT_EQ(race.disparities, 0u);
  ASSERT_FALSE(race.black->explained_by.empty());
  EXPECT_EQ(race.black->explained_by.front().first, Confounder::kSeverity);
  EXPECT_GT(race.black->explained_by.front().second, 0.5);
}

TEST(PhantomBias, PoorerFilmsOfOneGroupAreADisparity) {
  const AuditResult result = audit(read_phantoms("contrast", 4000), few_flips());
  const RaceVerdicts race = race_verdicts(result);
  ASSERT_NE(race.black, nullptr);
  EXPECT_EQ(race.black->verdict, Verdict::kDisparity);
  EXPECT_TRUE(race.black->is_worse());
}

TEST(PhantomBias, WithoutBiasThereIsNoDisparityByRace) {
  EXPECT_EQ(race_verdicts(audit(read_phantoms("none", 4000), few_flips())).disparities, 0u);
}

}  // namespace
}  // namespace radgen::audit

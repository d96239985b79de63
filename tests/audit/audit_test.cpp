#include "radgen/audit/audit.h"

#include <gtest/gtest.h>

#include "radgen/audit/audit_report.h"
#include "radgen/audit/simulation.h"
#include "radgen/core/error.h"

namespace radgen::audit {
namespace {

AuditOptions quick() {
  AuditOptions options;
  options.bootstrap = 100;
  options.sign_flips = 400;
  options.permutations = 200;
  return options;
}

SimulationDesign design(double gap) {
  SimulationDesign d;
  d.findings = {Finding::kPleuralEffusion, Finding::kEdema, Finding::kCardiomegaly,
                Finding::kAtelectasis};
  d.prevalence = 0.3;
  d.positives_per_group = 400;
  d.gap = gap;
  return d;
}

const Comparison* find(const AuditResult& result, const std::string& attribute,
                       const std::string& group, Measure measure,
                       Finding finding = Finding::kNoFinding) {
  for (const Comparison& c : result.comparisons) {
    if (result.attributes[c.attribute].name == attribute &&
        result.group(c.attribute, c.level) == group && c.endpoint.measure == measure &&
        c.endpoint.finding == finding) {
      return &c;
    }
  }
  return nullptr;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Audit, RatesAreThoseOfTheCases) {
  std::vector<AuditCase> cases = simulate_cases(design(0), 1);
  double there = 0, stated = 0;
  for (const AuditCase& c : cases) {
    if (c.sex != "female" || !evaluation::has(c.reference, Finding::kEdema)) continue;
    there += 1;
    stated += evaluation::has(c.draft, Finding::kEdema);
  }
  const AuditResult result = audit(cases, quick());
  const Comparison* c = find(result, "sex", "female", Measure::kSensitivity, Finding::kEdema);
  ASSERT_NE(c, nullptr);
  EXPECT_EQ(c->trials, static_cast<int64_t>(there));
  EXPECT_DOUBLE_EQ(c->rate.value, stated / there);
  EXPECT_LT(c->rate.low, c->rate.value);
  EXPECT_GT(c->rate.high, c->rate.value);
  EXPECT_LT(c->raw.low, c->raw.value);
  EXPECT_GT(c->raw.high, c->raw.value);
}

TEST(Audit, ALargeGapIsADisparityOfThatGroupWithAnIntervalThatHoldsIt) {
  const AuditResult result = audit(simulate_cases(design(0.2), 2), quick());
  const Comparison* c = find(result, "race", "Asian", Measure::kAnySensitivity);
  ASSERT_NE(c, nullptr);
  EXPECT_EQ(c->verdict, Verdict::kDisparity);
  EXPECT_TRUE(c->is_worse());
  EXPECT_LT(c->adjusted.low, -0.2 + 0.08);
  EXPECT_GT(c->adjusted.high, -0.2 - 0.08);
  EXPECT_LT(c->adjusted.high, 0);
  // The largest of many estimates lies above the truth by chance.
  EXPECT_GE(largest_disparity(result), 0.2 - 0.08);
  EXPECT_LE(largest_disparity(result), 0.2 + 0.16);
  EXPECT_TRUE(AuditGate{0.05}.has_failed(result));
  EXPECT_FALSE(AuditGate{0.9}.has_failed(result));
  EXPECT_FALSE(AuditGate{}.has_failed(result));
}

TEST(Audit, TwoLevelsMirrorEachOther) {
  const AuditResult result = audit(simulate_cases(design(0), 3), quick());
  const Comparison* female = find(result, "sex", "female", Measure::kAnySensitivity);
  const Comparison* male = find(result, "sex", "male", Measure::kAnySensitivity);
  ASSERT_TRUE(female != nullptr && male != nullptr);
  EXPECT_NEAR(female->adjusted.value, -male->adjusted.value, 1e-12);
  EXPECT_DOUBLE_EQ(female->adjusted_p, male->adjusted_p);
  EXPECT_EQ(female->is_worse(), !male->is_worse());
}

TEST(Audit, IsTheSameForAnyNumberOfThreadsAndAnotherForAnotherSeed) {
  const std::vector<AuditCase> cases = simulate_cases(design(0.1), 4);
  AuditOptions options = quick();
  options.threads = 1;
  const std::string one = audit_to_json(audit(cases, options), {}, {}).dump();
  options.threads = 3;
  EXPECT_EQ(one, audit_to_json(audit(cases, options), {}, {}).dump());
  options.seed = 1;
  EXPECT_NE(one, audit_to_json(audit(cases, options), {}, {}).dump());
}

TEST(Audit, FalseNoFindingIsAnEndpointOfItsOwn) {
  std::vector<AuditCase> cases = simulate_cases(design(0), 5);
  for (AuditCase& c : cases) {
    const bool is_abnormal = !evaluation::has(c.reference, Finding::kNoFinding);
    if (c.sex == "female" && is_abnormal) c.draft = evaluation::bit(Finding::kNoFinding);
  }
  const AuditResult result = audit(cases, quick());
  const Comparison* c = find(result, "sex", "female", Measure::kFalseNoFinding);
  ASSERT_NE(c, nullptr);
  EXPECT_DOUBLE_EQ(c->rate.value, 1);
  EXPECT_EQ(c->verdict, Verdict::kDisparity);
  EXPECT_TRUE(c->is_worse()) << "more is worse";
  EXPECT_LT(c->other_rate.value, 0.5);
}

TEST(Audit, SmallGroupsAreNamedAndNotTested) {
  std::vector<AuditCase> cases = simulate_cases(design(0), 6);
  for (size_t i = 0; i < 9; ++i) cases[i * 7].race = "American Indian or Alaska Native";
  const AuditResult result = audit(cases, quick());
  const Comparison* c =
      find(result, "race", "American Indian or Alaska Native", Measure::kAnySensitivity);
  ASSERT_NE(c, nullptr) << "its rates are there";
  EXPECT_EQ(c->verdict, Verdict::kTooFew);
  EXPECT_TRUE(std::isnan(c->adjusted_p));
  const std::string page = audit_page_html(result, {}, {}, {});
  EXPECT_TRUE(contains(page, "too small to compare"));
  EXPECT_TRUE(contains(page, "American Indian or Alaska Native (9)"));
}

TEST(Audit, StudiesWithoutDraftCountAsMissedAndHaveTheirOwnRow) {
  std::vector<AuditCase> cases = simulate_cases(design(0), 7);
  for (AuditCase& c : cases)
    c.has_draft = c.sex != "male" || evaluation::has(c.reference, Finding::kNoFinding);
  const AuditResult result = audit(cases, quick());
  const Comparison* sensitivity = find(result, "sex", "male", Measure::kAnySensitivity);
  const Comparison* refused = find(result, "sex", "male", Measure::kNoDraft);
  ASSERT_TRUE(sensitivity != nullptr && refused != nullptr);
  EXPECT_DOUBLE_EQ(sensitivity->rate.value, 0);
  EXPECT_GT(refused->rate.value, 0.5);
  EXPECT_EQ(refused->verdict, Verdict::kDisparity);
  EXPECT_EQ(find(result, "sex", "male", Measure::kFalseNoFinding)->rate.value, 0)
      << "nothing said is not 'normal'";
}

TEST(Audit, AttentionThatDiffersIsFound) {
  std::vector<AuditCase> cases = simulate_cases(design(0), 8);
  for (AuditCase& c : cases) {
    if (c.sex == "female") c.attention_location.entropy += 0.1;
  }
  const AuditResult result = audit(cases, quick());
  AuditOptions fine = quick();
  fine.permutations = 1000;
  size_t different = 0;
  for (const AttentionComparison& a : audit(cases, fine).attention) {
    if (!a.is_different) continue;
    ++different;
    EXPECT_EQ(a.feature, "entropy");
  }
  EXPECT_EQ(different, 2u) << "women against men and men against women";
}

TEST(Audit, SaysWhatIsMissing) {
  EXPECT_THROW(audit({}, quick()), Error);
  EXPECT_THROW(audit(std::vector<AuditCase>(50), quick()), Error) << "nobody is known";
  AuditOptions options = quick();
  options.attention_alpha = options.alpha;
  EXPECT_THROW(audit(simulate_cases(design(0), 1), options), Error);
}

TEST(AuditJson, HoldsNoNumberThatIsNone) {
  const AuditResult result = audit(simulate_cases(design(0), 9), quick());
  const nlohmann::ordered_json json = audit_to_json(result, {}, {0.1});
  EXPECT_FALSE(contains(json.dump(), "nan"));
  EXPECT_EQ(json.at("gate").at("fail_above"), 0.1);
  EXPECT_EQ(json.at("comparisons").size(), result.comparisons.size());
  const auto& first = json.at("comparisons").front();
  for (const char* key : {"attribute", "group", "measure", "n", "rate", "raw", "stratified",
                          "detectable_at_80", "verdict"}) {
    EXPECT_TRUE(first.contains(key)) << key;
  }
  EXPECT_FALSE(json.at("options").contains("threads"));
}

TEST(AuditJson, GivesTheMissRateWithItsIntervalWhereSensitivityIs) {
  const AuditResult result = audit(simulate_cases(design(0), 9), quick());
  const nlohmann::ordered_json json = audit_to_json(result, {}, {});
  size_t with_miss_rate = 0;
  for (const auto& row : json.at("comparisons")) {
    const std::string measure = row.at("measure");
    ASSERT_EQ(row.contains("miss_rate"), measure.starts_with("sensitivity")) << measure;
    if (!row.contains("miss_rate")) continue;
    ++with_miss_rate;
    const auto& rate = row.at("rate");
    const auto& miss = row.at("miss_rate");
    EXPECT_NEAR(miss.at("value").get<double>(), 1 - rate.at("value").get<double>(), 1e-12);
    if (rate.at("low").is_null()) continue;
    EXPECT_NEAR(miss.at("high").get<double>(), 1 - rate.at("low").get<double>(), 1e-12);
  }
  EXPECT_GT(with_miss_rate, 0u);
}

TEST(AuditText, TellsOfAllFindingsFirstAndOfTwoGroupsOnlyTheOneServedWorse) {
  SimulationDesign two = design(0.3);
  two.races = {"White", "Black"};
  const std::string text = audit_text(audit(simulate_cases(two, 4), quick()), {}, {});
  const size_t first = text.find("disparity: ");
  ASSERT_NE(first, std::string::npos);
  EXPECT_TRUE(text.substr(first).starts_with("disparity: Black (race): sensitivity, all findings"))
      << text;
  EXPECT_FALSE(contains(text, "disparity: White (race)"));
}

TEST(AuditPage, StandsAloneAndShowsStudiesOnlyWhenAsked) {
  Intake intake;
  intake.cases = simulate_cases(design(0.3), 10);
  for (AuditCase& c : intake.cases) {
    c.study_id = "study-of-nobody";
    c.reference_text = "Secret <reference>.";
    c.draft_text = "Secret draft.";
  }
  const AuditResult result = audit(intake.cases, quick());
  const std::string plain = audit_page_html(result, intake, {}, {.title = "split test"});
  EXPECT_FALSE(contains(plain, "Secret"));
  EXPECT_FALSE(contains(plain, "study-of-nobody"));
  for (const char* part :
       {"Disparity", "Called normal although it is not", "What could have been seen",
        "Directive 15", "Research software, not for clinical use"}) {
    EXPECT_TRUE(contains(plain, part)) << part;
  }
  EXPECT_FALSE(contains(plain, "<script"));
  EXPECT_FALSE(contains(plain, "src=\"http"));
  const std::string shown =
      audit_page_html(result, intake, {}, {.title = "split test", .examples = 2});
  EXPECT_TRUE(contains(shown, "Secret &lt;reference&gt;."));
}

}  // namespace
}  // namespace radgen::audit

// Two predictions files on the same studies.
#include "radgen/evaluation/compare.h"

#include <gtest/gtest.h>

#include <cmath>

#include "radgen/core/error.h"

namespace radgen::evaluation {
namespace {

EvaluationData two_studies_each(int studies) {
  EvaluationData data;
  for (int i = 0; i < studies; ++i) {
    Reference r;
    r.study_id = "s" + std::to_string(i);
    r.patient_id = "p" + std::to_string(i / 2);  // two studies each
    r.findings = i % 3 == 0 ? "Small left pleural effusion. The heart is normal in size."
                            : "The lungs are clear. No pneumothorax, number " + std::to_string(i);
    data.test.push_back(r);
  }
  return data;
}

// The reference's text for the first `right` of ten studies, another one for the rest.
std::vector<Draft> drafts_of(const EvaluationData& data, int right) {
  std::vector<Draft> drafts;
  for (size_t i = 0; i < data.test.size(); ++i) {
    Draft d;
    d.study_id = data.test[i].study_id;
    d.findings =
        static_cast<int>(i % 10) < right ? data.test[i].findings : "Large right pneumothorax.";
    drafts.push_back(d);
  }
  return drafts;
}

EvaluateOptions few() {
  EvaluateOptions options;
  options.bootstrap = 200;
  options.with_meteor = false;
  return options;
}

const ComparedMetric& find(const Comparison& comparison, const std::string& path) {
  for (const ComparedMetric& metric : comparison.metrics) {
    if (metric.path == path) return metric;
  }
  throw std::runtime_error("no metric " + path);
}

TEST(Compare, TheSameFileTwiceIsNoDifference) {
  const EvaluationData data = two_studies_each(40);
  const std::vector<Draft> drafts = drafts_of(data, 5);
  const Comparison comparison = compare_predictions(drafts, drafts, data, few());
  EXPECT_EQ(comparison.studies, 40u);
  EXPECT_EQ(comparison.patients, 20u);
  const ComparedMetric& rouge = find(comparison, "text.rouge_l");
  EXPECT_EQ(rouge.difference, 0);
  EXPECT_EQ(rouge.p, 1);
  EXPECT_EQ(rouge.low, 0);
}

TEST(Compare, ABetterFileIsSeenAndTheSignIsThatOfTheSecond) {
  const EvaluationData data = two_studies_each(60);
  const Comparison comparison =
      compare_predictions(drafts_of(data, 2), drafts_of(data, 9), data, few());
  const ComparedMetric& rouge = find(comparison, "text.rouge_l");
  EXPECT_GT(rouge.difference, 0.3);
  EXPECT_GT(rouge.low, 0);
  EXPECT_LT(rouge.p, 0.02);
  EXPECT_GE(rouge.p_holm, rouge.p);
  const Comparison back = compare_predictions(drafts_of(data, 9), drafts_of(data, 2), data, few());
  EXPECT_NEAR(find(back, "text.rouge_l").difference, -rouge.difference, 1e-12);
}

TEST(Compare, IsTheSameForAnyNumberOfThreads) {
  const EvaluationData data = two_studies_each(20);
  EvaluateOptions one = few(), two = few();
  one.threads = 1;
  two.threads = 2;
  const auto a = drafts_of(data, 3), b = drafts_of(data, 6);
  EXPECT_EQ(comparison_to_json(compare_predictions(a, b, data, one)).dump(),
            comparison_to_json(compare_predictions(a, b, data, two)).dump());
}

TEST(Compare, SaysWhichFileIsWrong) {
  const EvaluationData data = two_studies_each(10);
  std::vector<Draft> wrong = drafts_of(data, 5);
  wrong[0].study_id = "elsewhere";
  try {
    compare_predictions(drafts_of(data, 5), wrong, data, few());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("second predictions"), std::string::npos);
  }
}

TEST(Compare, SeedsAreAveragedAndTheirSpreadIsTold) {
  const EvaluationData data = two_studies_each(60);
  const SeedRuns a{drafts_of(data, 2), drafts_of(data, 4)},
      b{drafts_of(data, 8), drafts_of(data, 8)};
  const Comparison comparison = compare_predictions(a, b, data, few());
  EXPECT_EQ(comparison.seeds, 2u);
  const ComparedMetric& rouge = find(comparison, "text.rouge_l");
  double values[2];
  for (size_t seed = 0; seed < 2; ++seed)
    values[seed] = find(compare_predictions(a[seed], b[seed], data, few()), "text.rouge_l").a;
  EXPECT_NEAR(rouge.a, (values[0] + values[1]) / 2, 1e-12);
  EXPECT_NEAR(rouge.a_sd, std::abs(values[0] - values[1]) / std::sqrt(2), 1e-12);
  EXPECT_NEAR(rouge.b_sd, 0, 1e-12);
  EXPECT_GT(rouge.low, 0);
  EXPECT_LT(rouge.p, 0.02);
  EXPECT_NE(comparison_text(comparison).find("2 seeds"), std::string::npos);
  EXPECT_EQ(comparison_to_json(comparison)["seeds"], 2);
}

// Where each file of a system is another one's mirror image the seeds cancel out.
TEST(Compare, SeedsThatCancelOutAreNoDifference) {
  const EvaluationData data = two_studies_each(40);
  const auto low = drafts_of(data, 3), high = drafts_of(data, 8);
  const Comparison comparison =
      compare_predictions(SeedRuns{low, high}, SeedRuns{high, low}, data, few());
  const ComparedMetric& rouge = find(comparison, "text.rouge_l");
  EXPECT_NEAR(rouge.difference, 0, 1e-12);
  EXPECT_GT(rouge.a_sd, 0.1);
  EXPECT_GT(rouge.p, 0.9);
}

TEST(Compare, EitherSideHasAsManySeeds) {
  const EvaluationData data = two_studies_each(10);
  const auto drafts = drafts_of(data, 5);
  try {
    compare_predictions(SeedRuns{drafts, drafts}, SeedRuns{drafts}, data, few());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_NE(std::string(error.what()).find("2 predictions files against 1"), std::string::npos);
  }
}

}  // namespace
}  // namespace radgen::evaluation

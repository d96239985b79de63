#include "radgen/evaluation/metric_registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "evaluation/metric_sums.h"
#include "radgen/core/error.h"

namespace radgen::evaluation {
namespace {

// Two studies: a draft that invents an oedema, and one that is right.
std::vector<ClinicalCounts> two_studies() {
  std::vector<ClinicalCounts> studies(2);
  studies[0].draft = studies[0].draft_certain = bit(Finding::kEdema);
  studies[1].draft = studies[1].reference = bit(Finding::kFracture);
  studies[1].draft_certain = studies[1].reference_certain = bit(Finding::kFracture);
  return studies;
}

TEST(MetricRegistry, AMetricIsOneRowAndItsCounter) {
  MetricRegistry registry = MetricRegistry::standard();
  registry.add({.path = "clinical.invented_share_of_texts",
                .definition = "findings that were invented, over the texts",
                .better = Better::kLower,
                .shown = kHeadline,
                .counter = counted<ErrorSums>([](const ErrorSums& s) {
                  return MetricValue{ratio(s.invented, s.total), s.studies};
                })});
  const std::vector<double> once{1, 1}, resampled{2, 0};
  MetricTable table, other;
  registry.set(error_sums(two_studies(), once), table);
  registry.set(error_sums(two_studies(), resampled), other);

  const std::string path = "clinical.invented_share_of_texts";
  EXPECT_EQ(table.value(path), 0.5);
  EXPECT_EQ(table.find(path)->n, 2);
  EXPECT_EQ(other.value(path), 1) << "weights count";
  EXPECT_EQ(table.value("clinical.hallucinated_per_100"), 50) << "the others are set beside it";
  const auto json = table.to_json(registry);
  EXPECT_EQ(json["clinical"]["invented_share_of_texts"]["definition"],
            "findings that were invented, over the texts");
  EXPECT_EQ(registry.shown_in(kHeadline).back(), path);
  EXPECT_EQ(registry.find("baselines.constant." + path)->better, Better::kLower);
}

TEST(MetricRegistry, SumsOfOneTypeSetTheRowsThatCountFromItAlone) {
  MetricTable table;
  MetricRegistry::standard().set(DistinctSums{1, 2, 3, 4, 5}, table);
  ASSERT_EQ(table.all().size(), 2u);
  EXPECT_EQ(table.value("diversity.distinct_ratio"), 0.5);
  EXPECT_EQ(table.value("diversity.distinct_texts"), 0.75);
}

TEST(MetricRegistry, AFindingAndAProtocolStandInThePath) {
  MetricTable table;
  Confusion confusion;
  confusion.both = 1, confusion.draft = 2, confusion.reference = 4;
  MetricRegistry::standard().set(confusion, table, "", "Edema");
  EXPECT_EQ(table.value("clinical.per_finding.Edema.precision"), 0.5);
  EXPECT_EQ(table.find("clinical.per_finding.Edema.recall")->n, 4);
  GroundingSums sums;
  sums.is_phrase = true;
  MetricRegistry::standard().set(sums, table, "_phrase");
  EXPECT_NE(table.find("grounding.iou_phrase"), nullptr);
  EXPECT_EQ(table.find("grounding.missed_share_phrase"), nullptr) << "of generated reports only";
}

TEST(MetricRegistry, EveryRowSaysWhatItMeansAndNoneStandsTwice) {
  std::set<std::string> paths;
  for (const MetricRow& row : MetricRegistry::standard().rows()) {
    EXPECT_TRUE(paths.insert(row.path).second) << row.path;
    EXPECT_FALSE(row.definition.empty()) << row.path;
    EXPECT_EQ(MetricRegistry::standard().find(row.path), &row)
        << row.path << ": another row has the same last name";
  }
  EXPECT_GT(paths.size(), 130u);
  MetricRegistry registry = MetricRegistry::standard();
  EXPECT_THROW(registry.add({.path = "text.bleu_4", .definition = "twice"}), Error);
  EXPECT_THROW(registry.add({.path = "text.new_one"}), Error);
}

TEST(MetricRegistry, LowerIsBetterOfErrorsAndHigherOfAgreement) {
  const auto better = [](const char* path) {
    return MetricRegistry::standard().find(path)->better;
  };
  EXPECT_EQ(better("text.edit_rate_to_reference"), Better::kLower);
  EXPECT_EQ(better("confidence.words.ece"), Better::kLower);
  EXPECT_EQ(better("consistency.any_contradiction"), Better::kLower);
  EXPECT_EQ(better("consistency.negatives_stated"), Better::kHigher);
  EXPECT_EQ(better("consistency.sentences_per_draft"), Better::kNeither);
  EXPECT_EQ(better("oracle.clinical.f1_macro"), Better::kHigher);
  EXPECT_EQ(better("grounding.iou_phrase"), Better::kHigher);
}

TEST(MetricRegistry, APlaceShowsTheTwinsOfThePhraseProtocolBehindTheirMetric) {
  const std::vector<std::string> shown = MetricRegistry::standard().shown_in(kHeadline);
  const auto iou = std::find(shown.begin(), shown.end(), "grounding.iou");
  ASSERT_NE(iou, shown.end());
  EXPECT_EQ(*(iou + 1), "grounding.iou_phrase");
  EXPECT_EQ(std::find(shown.begin(), shown.end(), "grounding.mass"), shown.end());
}

}  // namespace
}  // namespace radgen::evaluation

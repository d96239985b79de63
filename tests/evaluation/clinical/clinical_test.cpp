// Labels F1, laterality, hallucinated and omitted findings, diversity: hand-computed.
#include "radgen/evaluation/clinical/clinical.h"

#include <gtest/gtest.h>

#include "radgen/evaluation/baselines.h"

namespace radgen::evaluation {
namespace {

constexpr Finding kA = Finding::kEdema, kB = Finding::kPleuralEffusion, kC = Finding::kFracture;

ClinicalCounts labels(FindingSet draft, FindingSet reference) {
  ClinicalCounts c;
  c.draft = c.draft_certain = draft;
  c.reference = c.reference_certain = reference;
  return c;
}
FindingSet set_of(std::initializer_list<Finding> findings) {
  FindingSet set = 0;
  for (const Finding f : findings) set |= bit(f);
  return set;
}
MetricTable summary(const std::vector<ClinicalCounts>& studies) {
  MetricTable table;
  summarize_clinical(studies, std::vector<double>(studies.size(), 1.0), table);
  return table;
}

TEST(LabelsF1, IsWhatOneComputesByHand) {
  // A: drafts 1, 2; references 1, 2, 3: F1 = 2*2/(2+3) = .8. B: drafts 3; references 1: 0. C:
  // drafts 3 only: not in the macro.
  const MetricTable t =
      summary({labels(set_of({kA}), set_of({kA, kB})), labels(set_of({kA}), set_of({kA})),
               labels(set_of({kB, kC}), set_of({kA}))});
  EXPECT_DOUBLE_EQ(t.value("clinical.per_finding.Edema.f1"), 0.8);
  EXPECT_DOUBLE_EQ(t.value("clinical.per_finding.Edema.recall"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(t.value("clinical.per_finding.Edema.precision"), 1);
  EXPECT_EQ(t.find("clinical.per_finding.Edema.f1")->n, 3);
  EXPECT_DOUBLE_EQ(t.value("clinical.f1_macro"), 0.4);
  EXPECT_DOUBLE_EQ(t.value("clinical.f1_micro"), 2.0 * 2 / (4 + 4));
  EXPECT_TRUE(std::isnan(t.value("clinical.per_finding.Fracture.f1")));
}

TEST(LabelsF1, NoFindingIsOnlyInTheFourteen) {
  const FindingSet normal = set_of({Finding::kNoFinding});
  const MetricTable t = summary(
      {labels(normal, normal), labels(set_of({kA}), set_of({kA})), labels(normal, set_of({kB}))});
  EXPECT_DOUBLE_EQ(t.value("clinical.f1_macro"), 0.5);  // A 1, B 0
  EXPECT_NEAR(t.value("clinical.f1_macro_14"), (1 + 0 + 2.0 / 3) / 3, 1e-12);
}

TEST(LabelsF1, UncertainIsPositiveUnlessNamedOtherwise) {
  ClinicalCounts c = labels(set_of({kA}), set_of({kA}));
  c.draft_certain = 0;
  const MetricTable t = summary({c});
  EXPECT_DOUBLE_EQ(t.value("clinical.f1_macro"), 1);
  EXPECT_DOUBLE_EQ(t.value("clinical.f1_macro_uncertain_negative"), 0);
}

TEST(LabelsF1, HasOtherAveragesByName) {
  // Edema: drafts 1, references 2, both 1: F1 2/3. Effusion: drafts 1, references 1, both 0: F1 0.
  const MetricTable t =
      summary({labels(set_of({kA}), set_of({kA})), labels(set_of({kB}), set_of({kA})),
               labels(0, set_of({kB})), labels(0, 0)});
  EXPECT_DOUBLE_EQ(t.value("clinical.f1_macro"), 1.0 / 3);
  EXPECT_DOUBLE_EQ(t.value("clinical.f1_weighted"), 2.0 / 3 * 2 / 3);
  EXPECT_DOUBLE_EQ(t.value("clinical.f1_example"), 1.0 / 3);  // the empty study is left out
}

TEST(LabelsF1, UncertainCanBeAClassOfItsOwn) {
  ClinicalCounts hedged = labels(set_of({kA}), set_of({kA}));
  hedged.draft_certain = 0;
  ClinicalCounts both_hedged = hedged;
  both_hedged.reference_certain = 0;
  EXPECT_DOUBLE_EQ(summary({hedged}).value("clinical.f1_micro_uncertain_class"), 0);
  EXPECT_DOUBLE_EQ(summary({both_hedged}).value("clinical.f1_micro_uncertain_class"), 1);
  EXPECT_NE(metric_definition("clinical.f1_example_5_uncertain_class").find("two classes"),
            std::string::npos);
}

TEST(Errors, NegationSeverityZoneAndSizeAreCompared) {
  const Labeler labeler;
  const ExtractedFindings reference = extract_findings(
      labeler, "Large right lower lobe consolidation. A 10 mm nodule is seen. No pneumothorax.");
  const ExtractedFindings draft = extract_findings(
      labeler, "Small right upper lobe consolidation. A 11 mm nodule is seen. Small pneumothorax.");
  const ClinicalCounts c = compare_words(draft, reference, {});
  EXPECT_EQ(c.negation_errors, 1);
  EXPECT_EQ(c.decided, 3);
  EXPECT_EQ(c.graded, 1);
  EXPECT_EQ(c.same_grade, 0);
  EXPECT_EQ(c.placed, 1);
  EXPECT_EQ(c.same_place, 0);
  EXPECT_EQ(c.sized, 1);
  EXPECT_EQ(c.same_size, 1);
}

TEST(Errors, ComparisonsAndEchoesOfTheIndicationAreCounted) {
  const Labeler labeler;
  const ExtractedFindings draft = extract_findings(
      labeler, "Right pneumonia. The effusion is unchanged since the prior study.");
  const FindingSet indicated = named_findings(labeler, "Cough, evaluate for pneumonia.");
  EXPECT_TRUE(has(indicated, Finding::kPneumonia));
  const ClinicalCounts c = compare_words(draft, {}, {}, indicated);
  EXPECT_EQ(c.comparisons, 1);
  EXPECT_EQ(c.echoes, 1);
  EXPECT_EQ(compare_words(draft, draft, {}, indicated).echoes, 0);
}

TEST(Errors, ArePer100Reports) {
  const MetricTable t = summary({labels(set_of({kC}), set_of({kA, kB})), labels(0, 0)});
  EXPECT_DOUBLE_EQ(t.value("clinical.hallucinated_per_100"), 50);
  EXPECT_DOUBLE_EQ(t.value("clinical.omitted_per_100"), 100);
}

TEST(Errors, AFindingWithNoSideInCommonIsOnTheWrongSide) {
  ExtractedFindings left, right, both;
  for (ExtractedFindings* w : {&left, &right, &both}) w->positive = w->certain = bit(kB);
  left.left = both.left = bit(kB);
  right.right = both.right = bit(kB);
  EXPECT_EQ(compare_words(left, right, {}).wrong_side, 1);
  EXPECT_EQ(compare_words(left, both, {}).wrong_side, 0);
  EXPECT_EQ(compare_words(left, {}, {}).sided, 0);
}

TEST(AbnormalRecall, NeedsOneOfTheStudysOwnFindings) {
  const MetricTable t =
      summary({labels(set_of({kA}), set_of({kA, kB})), labels(set_of({kC}), set_of({kA})),
               labels(0, set_of({Finding::kSupportDevices})), labels(0, 0)});
  EXPECT_DOUBLE_EQ(t.value("diversity.abnormal_recall"), 0.5);
  EXPECT_EQ(t.find("diversity.abnormal_recall")->n, 2);
}

TEST(Truth, GivesRecallBySeverityOfWhatShows) {
  Reference truth;
  truth.has_truth = true;
  truth.truth = {{kA, Side::kNone, Severity::kSubtle, {}, true, true},
                 {kB, Side::kLeft, Severity::kSevere, {}, true, false},
                 {kC, Side::kLeft, Severity::kSevere, {}, /*is_visible=*/false, true}};
  ExtractedFindings draft;
  draft.positive = draft.certain = bit(kB);
  const MetricTable t = summary({compare_words(draft, {}, truth)});
  EXPECT_DOUBLE_EQ(t.value("clinical.recall_by_severity.subtle"), 0);
  EXPECT_DOUBLE_EQ(t.value("clinical.recall_by_severity.severe"), 1);
  EXPECT_TRUE(std::isnan(t.value("clinical.recall_by_severity.moderate")));
  EXPECT_DOUBLE_EQ(t.value("clinical.f1_macro_truth"), 0.5);
}

TEST(Diversity, CountsDistinctSetsOfFindingSideSeverity) {
  std::vector<ExtractedFindings> drafts(4), references(4);
  for (size_t i = 0; i < 4; ++i) references[i].tuples = std::to_string(i);
  const std::vector<std::string> texts{"a", "a", "a", "a"}, others{"a", "b", "c", "c"};
  MetricTable t;
  summarize_diversity(drafts, references, texts, others, t);
  EXPECT_DOUBLE_EQ(t.value("diversity.distinct_ratio"), 0.25);
  EXPECT_DOUBLE_EQ(t.value("diversity.distinct_texts"), 1.0 / 3);
}

TEST(ReadWords, KeepsSidesAndLeavesOutNegatedFindings) {
  const Labeler labeler;
  const ExtractedFindings words =
      extract_findings(labeler, "There is a small left pleural effusion. No pneumothorax.");
  EXPECT_TRUE(has(words.certain, Finding::kPleuralEffusion));
  EXPECT_TRUE(has(words.left, Finding::kPleuralEffusion));
  EXPECT_FALSE(has(words.right, Finding::kPleuralEffusion));
  EXPECT_FALSE(has(words.positive, Finding::kPneumothorax));
  EXPECT_NE(words.tuples.find("Pleural Effusion/left/"), std::string::npos);
  EXPECT_EQ(words.tuples.find("Pneumothorax"), std::string::npos);
}

TEST(AlwaysPositive, StatesEveryFindingForOurLabeler) {
  const Labeler labeler;
  const ExtractedFindings words = extract_findings(labeler, always_positive_report());
  for (const Finding f : all_findings()) {
    EXPECT_EQ(has(words.certain, f), f != Finding::kNoFinding) << finding_name(f);
  }
}

}  // namespace
}  // namespace radgen::evaluation

#include "radgen/evaluation/examined.h"

#include <gtest/gtest.h>

#include "radgen/evaluation/evaluate.h"

namespace radgen::evaluation {
namespace {

const Box kRightAngle{5, 70, 15, 15}, kLeftAngle{80, 70, 15, 15};

Reference study_with_anatomy(const std::string& id, double moved = 0) {
  Reference r;
  r.study_id = id;
  r.split = "test";
  r.width = r.height = 100;
  r.findings = "No pleural effusion. Portable AP view of the chest.";
  r.has_boxes = true;
  const auto at = [&](Box b) { return Box{b.x + moved, b.y, b.w, b.h}; };
  r.regions = {{"right costophrenic angle", at(kRightAngle)},
               {"left costophrenic angle", at(kLeftAngle)},
               {"spine", at({45, 0, 10, 100})}};
  return r;
}

Draft draft_with_region(const Reference& r, const std::vector<Box>& boxes) {
  Draft d;
  d.study_id = r.study_id;
  d.findings = r.findings;
  d.map_box = {0, 0, 100, 100};
  DraftSentence examined;
  examined.text = "No pleural effusion.";
  examined.end = 20;
  examined.region = boxes.empty() ? RegionKind::kNone : RegionKind::kExamined;
  examined.boxes = boxes;
  DraftSentence technique;
  technique.text = "Portable AP view of the chest.";
  technique.begin = 21;
  technique.end = 51;
  d.sentences = {examined, technique};
  return d;
}

std::vector<ExaminedItem> items_of(const Draft& draft, const Reference& r,
                                   const std::vector<Reference>& train) {
  static const Labeler labeler;
  return examined_items(draft, r, labeler, AnatomyPrior(train));
}

TEST(Examined, RegionsAreComparedWithTheAnatomyTheSentenceNames) {
  const Reference r = study_with_anatomy("a");
  const auto right = items_of(draft_with_region(r, {kRightAngle, kLeftAngle}), r, {r});
  ASSERT_EQ(right.size(), 1u);  // the view has no place
  EXPECT_EQ(right[0].anatomy, "costophrenic angle");
  EXPECT_TRUE(right[0].is_shown);
  EXPECT_GT(right[0].iou, 0.9);
  EXPECT_EQ(right[0].pointing, 1);
  EXPECT_NEAR(items_of(draft_with_region(r, {kLeftAngle}), r, {r})[0].iou, 0.5, 0.05);
  const auto nothing = items_of(draft_with_region(r, {}), r, {r});
  ASSERT_EQ(nothing.size(), 1u);
  EXPECT_FALSE(nothing[0].is_shown);
  EXPECT_EQ(nothing[0].iou, 0);
}

TEST(Examined, TheFixedBoxIsTheMeanOfTrainingAndFailsWhereThePatientStandsElsewhere) {
  const std::vector<Reference> train{study_with_anatomy("t1", -2), study_with_anatomy("t2", 2)};
  const Reference usual = study_with_anatomy("a"), aside = study_with_anatomy("b", 12);
  const auto hit = items_of(draft_with_region(usual, {kRightAngle, kLeftAngle}), usual, train);
  EXPECT_GT(hit[0].prior_iou, 0.9);
  EXPECT_EQ(hit[0].prior_pointing, 1);
  const auto missed =
      items_of(draft_with_region(aside, {{17, 70, 15, 15}, {92, 70, 8, 15}}), aside, train);
  EXPECT_LT(missed[0].prior_iou, 0.3);
  EXPECT_GT(missed[0].iou, 0.6);
}

TEST(Examined, WithoutAnnotatedAnatomyThereIsNothingToSay) {
  Reference r = study_with_anatomy("a");
  const Draft draft = draft_with_region(r, {kRightAngle});
  r.regions.clear();
  EXPECT_TRUE(items_of(draft, r, {}).empty());
}

TEST(Examined, NeverCountsAsEvidenceAndEverySentenceIsCounted) {
  const std::vector<Reference> studies{study_with_anatomy("a"), study_with_anatomy("b")};
  const std::vector<Draft> drafts{draft_with_region(studies[0], {kRightAngle, kLeftAngle}),
                                  draft_with_region(studies[1], {})};
  EvaluationData data;
  data.test = studies;
  data.train = {study_with_anatomy("t", 3)};
  const MetricTable m = evaluate(drafts, {}, data, EvaluateOptions::quick()).metrics;
  EXPECT_DOUBLE_EQ(m.value("grounding.negations_with_evidence"), 0);
  EXPECT_DOUBLE_EQ(m.value("grounding.sentences_with_region"), 0.25);  // one of four
  EXPECT_NEAR(m.value("grounding.examined.iou"), 0.5, 0.03);           // one is not shown
  EXPECT_DOUBLE_EQ(m.value("grounding.examined.shown_share"), 0.5);
  EXPECT_NEAR(m.value("grounding.examined.iou_over_prior"),
              m.value("grounding.examined.iou") - m.value("grounding.examined.prior_iou"), 1e-9);
  EXPECT_EQ(m.find("grounding.examined.iou")->n, 2);
  for (const char* name : {"iou", "pointing", "prior_iou", "iou_over_prior", "shown_share"}) {
    EXPECT_FALSE(metric_definition(std::string("grounding.examined.") + name).empty()) << name;
  }
}

TEST(WrongSide, IsABoxBeyondTheSpineOfAOneSidedStatement) {
  Reference r = study_with_anatomy("a", 12);  // the spine stands at 57..67
  r.findings = "Small left pleural effusion.";
  Draft d;
  d.study_id = r.study_id;
  d.findings = r.findings;
  d.map_box = {0, 0, 100, 100};
  DraftSentence s;
  s.text = r.findings;
  s.end = s.text.size();
  s.is_grounded = true;
  s.region = RegionKind::kEvidence;
  s.boxes = {{50, 60, 8, 8}};  // right of the image's middle, left of the spine
  d.sentences = {s};
  EvaluationData data;
  data.test = {r};
  const auto share = [&] {
    return evaluate({d}, {}, data, EvaluateOptions::quick())
        .metrics.value("grounding.wrong_side_regions");
  };
  EXPECT_EQ(share(), 1);
  d.sentences[0].boxes = {{70, 60, 8, 8}};
  EXPECT_EQ(share(), 0);
}

}  // namespace
}  // namespace radgen::evaluation

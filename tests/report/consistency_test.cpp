#include "radgen/report/consistency.h"

#include <gtest/gtest.h>

#include "report/one_labeler.h"

namespace radgen {
namespace {

using Kinds = std::vector<std::string>;

std::vector<Contradiction> contradictions(const std::string& findings,
                                          const std::string& impression = "",
                                          bool is_finished = true) {
  const std::string text = impression.empty() ? findings : findings + "\n" + impression;
  ConsistencyOptions options;
  options.is_finished = is_finished;
  if (!impression.empty()) options.impression_begin = findings.size() + 1;
  return find_contradictions(labeler().mentions(text), text, options);
}
Kinds kinds(const std::string& findings, const std::string& impression = "") {
  Kinds names;
  for (const Contradiction& c : contradictions(findings, impression))
    names.push_back(contradiction_name(c.kind));
  return names;
}

TEST(FindContradictions, HearsWhatIsStatedAndDenied) {
  for (const char* text :
       {"Small left pleural effusion. No pleural effusion.",
        "There is no focal consolidation or pneumonia. Moderate right lower lobe pneumonia.",
        "No pneumothorax. Small right pneumothorax.",
        "The heart is enlarged. Heart size is normal.",
        "Small bilateral effusions. There is no right effusion.",
        "A right chest tube is in place. No chest tube."}) {
    EXPECT_EQ(kinds(text), Kinds{"stated_and_denied"}) << text;
  }
  const auto found = contradictions("Clear hila. Small left effusion. No edema. No effusion.");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].finding, Finding::kPleuralEffusion);
  EXPECT_EQ(found[0].first, 1u);
  EXPECT_EQ(found[0].second, 3u);
}

TEST(FindContradictions, LeavesDenialsOfSomethingElseAlone) {
  for (const char* text :
       {"Small left pleural effusion. No right pleural effusion.",
        "Small left effusion. No other effusion.", "Mild edema. No severe pulmonary edema.",
        "Right lower lobe consolidation. No consolidation in the upper lobes.",
        "A nodule in the left lung. No mass.", "Left PICC. No endotracheal tube.",
        "Possible pneumonia. No pneumothorax.", "Small left effusion. No pneumothorax."}) {
    EXPECT_EQ(kinds(text), Kinds{}) << text;
  }
}

TEST(FindContradictions, HearsTwoSeveritiesAndTwoSizesOfOneThing) {
  EXPECT_EQ(kinds("Small left effusion. Large left effusion."), Kinds{"two_severities"});
  EXPECT_EQ(kinds("Small left effusion. Large right effusion."), Kinds{});
  EXPECT_EQ(kinds("A 12 mm nodule in the left upper lobe. A 3 cm nodule in the left upper lobe."),
            Kinds{"two_sizes"});
  EXPECT_EQ(kinds("A 12 mm nodule in the left upper lobe. A 3 cm nodule in the left lower lobe."),
            Kinds{});
  EXPECT_EQ(kinds("A 12 mm nodule in the left lung.", "A 2 cm left nodule."), Kinds{"two_sizes"});
  EXPECT_EQ(kinds("A 14 mm nodule in the left lung.", "A 1.4 cm left nodule."), Kinds{});
}

TEST(FindContradictions, ComparesFindingsWithTheImpression) {
  EXPECT_EQ(kinds("Small left effusion.", "Small left effusion, no edema."), Kinds{});
  EXPECT_EQ(kinds("Small left effusion. Right pneumothorax.", "Small left effusion."),
            Kinds{"missing_in_impression"});
  EXPECT_EQ(kinds("The heart is normal.", "Left effusion."), Kinds{"only_in_impression"});
  EXPECT_EQ(kinds("Small left effusion.", "Small right effusion."), Kinds{"other_side"});
  EXPECT_EQ(kinds("Small left effusion.", "Large left effusion."), Kinds{"other_severity"});
  EXPECT_EQ(kinds("Small left effusion.", "No effusion."), Kinds{"stated_and_denied"});
  // An opacity may be read as pneumonia, and devices need no second word.
  EXPECT_EQ(kinds("Right lower lobe consolidation. Left PICC.", "Right pneumonia."), Kinds{});
  EXPECT_EQ(kinds("Right lower lobe consolidation.", "Left pneumonia."), Kinds{"other_side"});
}

TEST(FindContradictions, MissesNothingWhileATextIsBeingWritten) {
  const std::string findings = "Small left effusion. Right pneumothorax.";
  EXPECT_TRUE(contradictions(findings, "Small left effusion.", /*is_finished=*/false).empty());
  EXPECT_EQ(contradictions(findings, "Small left effusion.").size(), 1u);
  EXPECT_EQ(contradictions(findings, "No effusion.", /*is_finished=*/false).size(), 1u);
}

TEST(FindContradictions, HearsComparisonsAndRepetitions) {
  EXPECT_EQ(kinds("The effusion on the left is unchanged."), Kinds{"comparison"});
  EXPECT_EQ(find_contradictions({}, "Unchanged.", {.has_prior = true}).size(), 0u);
  EXPECT_EQ(kinds("The lungs are clear. No edema. The lungs are clear."),
            Kinds{"repeated_sentence"});
  EXPECT_EQ(kinds("No acute disease.", "No acute disease."), Kinds{});
}

TEST(FindContradictions, AnEmptyTextHasNone) {
  EXPECT_TRUE(contradictions("").empty());
  EXPECT_TRUE(contradictions("Left effusion.", " ").empty());
}

TEST(FindNumberFaults, HearsVerbsAndArticlesThatDoNotAgree) {
  for (const char* text :
       {"There are pleural effusion.", "There is bilateral opacities.", "There is small effusions.",
        "The lungs is clear.", "No effusion are seen.", "There are a left pleural effusion.",
        "Opacities in the left lung is seen.", "A small pleural effusions.",
        "Multiple rib fracture.", "There are no pneumothorax."}) {
    EXPECT_EQ(find_number_faults(text).size(), 1u) << text;
  }
}

TEST(FindNumberFaults, LeavesWhatMayAgreeAlone) {
  for (const char* text :
       {"There is a small pleural effusion.", "There are bilateral pleural effusions.",
        "There are an effusion and a nodule.", "There is a left and a right effusion.",
        "The heart size is normal.", "Lung volumes are low.",
        "The heart and mediastinum are normal.", "A pair of leads is seen.",
        "There are a few nodules.", "Several rib fractures.",
        "The cardiomediastinal silhouette is normal.", "There is no evidence of effusions.",
        "An effusion with nodules is seen.", "There are no effusion or pneumothorax.",
        "Opacities in the left lung are seen.", "There has been no change.",
        "Both lungs are clear.", "Two 5 mm nodules.", ""}) {
    EXPECT_TRUE(find_number_faults(text).empty()) << text;
  }
}

}  // namespace
}  // namespace radgen

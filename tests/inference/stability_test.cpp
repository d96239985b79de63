#include "radgen/inference/stability.h"

#include <gtest/gtest.h>

#include "radgen/report/labeler.h"

namespace radgen {
namespace {

Draft draft_that_says(const std::string& text) {
  Draft draft;
  draft.findings = text;
  draft.mentions = Labeler().mentions(text);
  for (const Mention& mention : draft.mentions)
    draft.sentences.resize(std::max(draft.sentences.size(), mention.sentence + 1));
  return draft;
}

std::vector<std::vector<Mention>> samples_of(const std::vector<std::string>& texts) {
  std::vector<std::vector<Mention>> samples;
  for (const std::string& text : texts) samples.push_back(Labeler().mentions(text));
  return samples;
}

TEST(Stability, IsTheShareOfSamplesThatStateTheSame) {
  Draft draft = draft_that_says("Left pleural effusion. No pneumothorax.");
  add_stability(draft, samples_of({"Left pleural effusion. No pneumothorax.",
                                   "Right pleural effusion. No pneumothorax.",
                                   "Small left pleural effusion. Left pneumothorax.",
                                   "No pleural effusion. No pneumothorax."}));
  EXPECT_DOUBLE_EQ(draft.sentences[0].stability.value(), 0.5);
  EXPECT_DOUBLE_EQ(draft.sentences[0].side_stability.value(), 2.0 / 3);
  EXPECT_DOUBLE_EQ(draft.sentences[1].stability.value(), 0.75);
  EXPECT_FALSE(draft.sentences[1].side_stability.has_value());
}

TEST(Stability, BothSidesHoldEither) {
  Draft draft = draft_that_says("Left pleural effusion.");
  add_stability(draft, samples_of({"Bilateral pleural effusions.", "Left pleural effusion."}));
  EXPECT_DOUBLE_EQ(draft.sentences[0].stability.value(), 0.5);
  EXPECT_DOUBLE_EQ(draft.sentences[0].side_stability.value(), 1);
}

TEST(Stability, IsTheLeastOfTheSentencesFindings) {
  Draft draft = draft_that_says("No pleural effusion or pneumothorax.");
  add_stability(draft,
                samples_of({"No pleural effusion.", "No pleural effusion or pneumothorax."}));
  EXPECT_DOUBLE_EQ(draft.sentences[0].stability.value(), 0.5);
}

TEST(Stability, NothingIsSaidWithoutSamplesOrFindings) {
  Draft draft = draft_that_says("Left pleural effusion.");
  draft.sentences.emplace_back();
  add_stability(draft, {});
  EXPECT_FALSE(draft.sentences[0].stability.has_value());
  add_stability(draft, samples_of({"Left pleural effusion."}));
  EXPECT_FALSE(draft.sentences[1].stability.has_value());
}

TEST(Stability, IsWrittenAndReadAgain) {
  Draft draft = draft_that_says("Left pleural effusion.");
  draft.study_id = "s";
  add_stability(draft, samples_of({"Left pleural effusion.", "No pleural effusion."}));
  const Draft again = draft_from_json(draft_to_json(draft), "here");
  EXPECT_DOUBLE_EQ(again.sentences[0].stability.value(), 0.5);
  EXPECT_DOUBLE_EQ(again.sentences[0].side_stability.value(), 1);
}

}  // namespace
}  // namespace radgen

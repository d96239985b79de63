#include "radgen/report/anatomy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "one_labeler.h"

namespace radgen {
namespace {

using Names = std::vector<std::string>;

Names both(const std::string& what) { return {"right " + what, "left " + what}; }

// The places of all examined words of a text, each once, in order.
Names places(const std::string& text) {
  Names names;
  for (const ExaminedAnatomy& e : examined_anatomy(text, labeler())) {
    for (const std::string& name : e.anatomies) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

// The words that were read, " | " between them.
std::string anchors(const std::string& text) {
  std::string words;
  for (const ExaminedAnatomy& e : examined_anatomy(text, labeler())) {
    words += (words.empty() ? "" : " | ") + text.substr(e.begin, e.end - e.begin);
  }
  return words;
}

TEST(Anatomy, HasTheTwentyNineNamesOfChestImaGenomeFirst) {
  const Names& names = anatomy_names();
  ASSERT_GT(names.size(), 29u);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  EXPECT_EQ(names[28], "abdomen");
  EXPECT_TRUE(is_anatomy_name("cardiac silhouette"));
  EXPECT_FALSE(is_anatomy_name("left foot"));
  EXPECT_EQ(anatomy_side("left lung"), Side::kLeft);
  EXPECT_EQ(anatomy_side("spine"), Side::kNone);
  EXPECT_EQ(anatomy_side("right atrium"), Side::kNone);  // of the heart, near the midline
}

TEST(Anatomy, ADeniedFindingWasReadOffWhereItWouldBe) {
  EXPECT_EQ(places("No pleural effusion."), both("costophrenic angle"));
  EXPECT_EQ(places("There is no pneumothorax."), both("lung"));
  EXPECT_EQ(places("Heart size is normal."), Names{"cardiac silhouette"});
  EXPECT_EQ(places("The heart is not enlarged."), Names{"cardiac silhouette"});
  EXPECT_EQ(places("The mediastinum is not widened."), Names{"upper mediastinum"});
  const Names bones = places("No acute osseous abnormality.");
  for (const char* bone : {"spine", "right clavicle", "left lower ribs"}) {
    EXPECT_TRUE(std::ranges::find(bones, bone) != bones.end()) << bone;
  }
  EXPECT_EQ(places("No displaced rib fracture is identified."), bones);
}

TEST(Anatomy, APlaceThatIsCalledNormalWasExamined) {
  EXPECT_EQ(places("The hila are unremarkable."), both("hilar structures"));
  EXPECT_EQ(places("The lungs are well expanded and clear."), both("lung"));
  EXPECT_EQ(places("The trachea is midline."), Names{"trachea"});
  EXPECT_EQ(places("The aortic knob is normal in size."), Names{"aortic arch"});
  EXPECT_EQ(places("The costophrenic sulci are sharp bilaterally."), both("costophrenic angle"));
  EXPECT_EQ(places("The visualized upper abdomen is unremarkable."), Names{"abdomen"});
  EXPECT_EQ(places("No abnormality of the chest wall is seen."), both("chest wall"));
  EXPECT_EQ(places("Cardiomediastinal silhouette is normal."),
            (Names{"mediastinum", "cardiac silhouette"}));
  EXPECT_FALSE(places("No acute cardiopulmonary process.").empty());
  EXPECT_FALSE(places("Normal chest radiograph.").empty());
}

TEST(Anatomy, ASideInTheWordsIsTheSideThatWasExamined) {
  EXPECT_EQ(places("No left pleural effusion."), Names{"left costophrenic angle"});
  EXPECT_EQ(places("The right hemidiaphragm is sharply defined."), Names{"right hemidiaphragm"});
  EXPECT_EQ(places("The left lung is clear."), Names{"left lung"});
}

TEST(Anatomy, EachWordOfAListHasItsOwnPlace) {
  const std::string text = "No focal consolidation, pleural effusion, or pneumothorax.";
  const auto examined = examined_anatomy(text, labeler());
  ASSERT_EQ(examined.size(), 3u) << anchors(text);
  EXPECT_EQ(examined[0].anatomies, both("lung"));
  EXPECT_EQ(examined[1].anatomies, both("costophrenic angle"));
  EXPECT_EQ(text.substr(examined[1].begin, examined[1].end - examined[1].begin),
            "pleural effusion");
}

TEST(Anatomy, WhatIsThereIsNotExamined) {
  EXPECT_EQ(places("Small left pleural effusion."), Names{});
  EXPECT_EQ(places("The heart is enlarged."), Names{});
  EXPECT_EQ(places("Possible right lower lobe pneumonia."), Names{});
  EXPECT_EQ(places("Right lung opacity is not clearly seen on the prior study."), Names{});
}

TEST(Anatomy, BesideAFindingOnlyTheDeniedWordsAreExamined) {
  EXPECT_EQ(anchors("Small left pleural effusion without pneumothorax."), "pneumothorax");
  EXPECT_EQ(places("The heart is enlarged but the lungs are clear."), both("lung"));
}

TEST(Anatomy, SentencesCountFromTheTextsBegin) {
  const auto examined =
      examined_anatomy("The lungs are clear. Moderate cardiomegaly.\nNo edema.", labeler());
  ASSERT_EQ(examined.size(), 2u);
  EXPECT_EQ(examined[0].sentence, 0u);
  EXPECT_EQ(examined[1].sentence, 2u);
}

TEST(Anatomy, WhatHasNoPlaceSaysWhy) {
  for (const char* text : {"Portable AP view of the chest.", "The patient is rotated.",
                           "Frontal radiograph of the chest."}) {
    EXPECT_EQ(places(text), Names{}) << text;
    EXPECT_EQ(reason_without_anatomy(text), "technique") << text;
  }
  EXPECT_EQ(reason_without_anatomy("There is no relevant change since the prior study."),
            "comparison");
  EXPECT_EQ(reason_without_anatomy("Clinical correlation is advised."), "no_anatomy");
}

}  // namespace
}  // namespace radgen

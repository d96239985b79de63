#include "radgen/data/box_phrase_matching.h"

#include <gtest/gtest.h>

namespace radgen {
namespace {

Mention mention(Finding finding, Side side, Assertion assertion = Assertion::kPositive) {
  Mention m;
  m.finding = finding;
  m.side = side;
  m.assertion = assertion;
  return m;
}

FindingBox box(Finding finding, Side side) {
  return {finding_name(finding), side_name(side), "", {0, 0, 1, 1}};
}

constexpr Finding kEffusion = Finding::kPleuralEffusion;
using Indices = std::vector<size_t>;

TEST(LinkBoxes, AOneSidedMentionTakesTheBoxesOfItsSide) {
  const std::vector<FindingBox> boxes{box(kEffusion, Side::kRight), box(kEffusion, Side::kLeft),
                                      box(Finding::kEdema, Side::kLeft)};
  const auto links =
      link_boxes({mention(kEffusion, Side::kLeft), mention(kEffusion, Side::kRight)}, boxes);
  EXPECT_EQ(links[0].boxes, (Indices{1}));
  EXPECT_EQ(links[1].boxes, (Indices{0}));
}

TEST(LinkBoxes, AMentionOfBothOrNoSideTakesAll) {
  const std::vector<FindingBox> boxes{box(kEffusion, Side::kRight), box(kEffusion, Side::kLeft)};
  for (const Side side : {Side::kBilateral, Side::kNone}) {
    EXPECT_EQ(link_boxes({mention(kEffusion, side)}, boxes)[0].boxes, (Indices{0, 1}));
  }
}

TEST(LinkBoxes, NegativeMentionsAndOtherFindingsGetNone) {
  const std::vector<FindingBox> boxes{box(kEffusion, Side::kLeft)};
  for (const Mention& m :
       {mention(kEffusion, Side::kLeft, Assertion::kNegative),
        mention(Finding::kEdema, Side::kLeft), mention(kEffusion, Side::kRight)}) {
    EXPECT_TRUE(link_boxes({m}, boxes)[0].boxes.empty());
    EXPECT_FALSE(link_boxes({m}, boxes)[0].is_ambiguous);
  }
  EXPECT_EQ(link_boxes({mention(kEffusion, Side::kLeft, Assertion::kUncertain)}, boxes)[0].boxes,
            (Indices{0}));
}

TEST(LinkBoxes, ABoxWithoutASideGoesWithTheOnlySideNamed) {
  const std::vector<FindingBox> boxes{box(kEffusion, Side::kNone)};
  EXPECT_EQ(link_boxes({mention(kEffusion, Side::kLeft), mention(kEffusion, Side::kNone)}, boxes)[0]
                .boxes,
            (Indices{0}));
  const auto links =
      link_boxes({mention(kEffusion, Side::kLeft), mention(kEffusion, Side::kRight)}, boxes);
  EXPECT_TRUE(links[0].boxes.empty());
  EXPECT_TRUE(links[0].is_ambiguous && links[1].is_ambiguous);
}

TEST(LinkBoxes, ABilateralBoxIsAmbiguousForOneSide) {
  const auto links =
      link_boxes({mention(kEffusion, Side::kLeft)}, {box(kEffusion, Side::kBilateral)});
  EXPECT_TRUE(links[0].boxes.empty());
  EXPECT_TRUE(links[0].is_ambiguous);
}

TEST(CountLinks, TellsWhatIsLinkedAmbiguousAndNamedByNoWords) {
  const std::vector<FindingBox> boxes{box(kEffusion, Side::kLeft),
                                      box(Finding::kEdema, Side::kNone),
                                      box(Finding::kFracture, Side::kNone)};
  const LinkCounts counts = count_links(
      {mention(kEffusion, Side::kLeft), mention(kEffusion, Side::kRight),
       mention(Finding::kFracture, Side::kLeft), mention(Finding::kFracture, Side::kRight)},
      boxes);
  EXPECT_EQ(counts.linked_mentions, 1u);      // the left effusion
  EXPECT_EQ(counts.ambiguous_mentions, 2u);   // which side is the fracture's box?
  EXPECT_EQ(counts.boxes_without_words, 2u);  // edema, and the fracture that links to nothing
  EXPECT_EQ(count_links({mention(kEffusion, Side::kLeft)}, {}).ambiguous_mentions, 0u);
}

TEST(SideOfPhrase, ReadsTheMentionThenThePlainWords) {
  const Labeler labeler;
  EXPECT_EQ(side_of_phrase(labeler, kEffusion, "small left pleural effusion"), Side::kLeft);
  EXPECT_EQ(side_of_phrase(labeler, kEffusion, "bilateral pleural effusions"), Side::kBilateral);
  EXPECT_EQ(side_of_phrase(labeler, Finding::kPneumonia, "Right basilar changes"), Side::kRight);
  EXPECT_EQ(side_of_phrase(labeler, Finding::kCardiomegaly, "enlarged heart"), Side::kNone);
  EXPECT_EQ(side_of_phrase(labeler, Finding::kPneumonia, "a brightness"), Side::kNone);
}

}  // namespace
}  // namespace radgen

#include "radgen/data/examined_links.h"

#include <gtest/gtest.h>

namespace radgen {
namespace {

AnatomyRegion region(const std::string& anatomy, const std::string& phrase = "") {
  return {anatomy, phrase, {1, 2, 3, 4}};
}

std::vector<ExaminedLink> link(const std::string& text, const std::vector<AnatomyRegion>& regions) {
  static const Labeler labeler;
  return link_regions(text, labeler, regions);
}

TEST(ExaminedLinks, WordsThatDenyLookAtTheAnatomyTheyWereReadOff) {
  const std::string text = "No pleural effusion.";
  const auto links = link(text, {region("left lung"), region("left costophrenic angle"),
                                 region("right costophrenic angle")});
  ASSERT_EQ(links.size(), 1u);
  EXPECT_EQ(links[0].regions, (std::vector<size_t>{2, 1}));
  EXPECT_EQ(text.substr(links[0].begin, links[0].end - links[0].begin), "pleural effusion");
}

TEST(ExaminedLinks, APlaceWithSeveralPhrasesIsOneBox) {
  const auto links = link("The left lung is clear.",
                          {region("left lung", "No edema."), region("left lung", "No mass.")});
  ASSERT_EQ(links.size(), 1u);
  EXPECT_EQ(links[0].regions, (std::vector<size_t>{0}));
}

TEST(ExaminedLinks, WithoutABoxThereIsNoLink) {
  EXPECT_TRUE(link("No pleural effusion.", {}).empty());
  EXPECT_TRUE(link("No pleural effusion.", {region("spine")}).empty());
}

TEST(ExaminedLinks, TheAnnotationDecidesWhereTheTableUnderstandsNothing) {
  const std::string text = "Azygos fissure seen as a variant.\nSmall left effusion.";
  const auto links =
      link(text, {region("right upper lung zone", "azygos fissure  seen as a variant"),
                  region("left lung", "Small left effusion.")});
  ASSERT_EQ(links.size(), 1u);
  EXPECT_EQ(links[0].regions, (std::vector<size_t>{0}));
  EXPECT_EQ(links[0].begin, 0u);
}

}  // namespace
}  // namespace radgen

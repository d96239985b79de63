#include "radgen/audit/groups.h"

#include <gtest/gtest.h>

#include "radgen/core/error.h"

namespace radgen::audit {
namespace {

TEST(RaceTable, FoldsSpellingsIntoCoarseGroups) {
  const RaceTable table;
  EXPECT_EQ(table.group("BLACK/CAPE VERDEAN"), "Black");
  EXPECT_EQ(table.group(" hispanic/latino - puerto rican "), "Hispanic or Latino");
  EXPECT_EQ(table.group("White, non-Hispanic"), "White");
  EXPECT_EQ(table.group("UNABLE TO OBTAIN"), "") << "says nothing";
  EXPECT_EQ(table.group(""), "");
  EXPECT_FALSE(table.group("MARTIAN").has_value()) << "not in the table";
}

TEST(RaceTable, SaysWhereItComesFrom) {
  const RaceTable table;
  EXPECT_NE(table.origin().find("Directive 15"), std::string::npos);
  EXPECT_GE(table.spellings().at("Asian").size(), 4u);
}

TEST(RaceTable, RefusesATableWithoutItsColumnsOrWithAShortRow) {
  EXPECT_THROW(RaceTable("name,group\nWHITE,White\n"), Error);
  EXPECT_THROW(RaceTable("value,group,basis\nWHITE,White\n"), Error);
}

TEST(Groups, AgesFallIntoFourGroups) {
  EXPECT_EQ(age_group(39.9), "under 40");
  EXPECT_EQ(age_group(40.0), "40 to 59");
  EXPECT_EQ(age_group(79.0), "60 to 79");
  EXPECT_EQ(age_group(91.0), "80 and over");
  EXPECT_EQ(age_group(std::nullopt), "");
  EXPECT_EQ(age_group(-1.0), "");
}

TEST(Groups, SexIsReadInEverySpelling) {
  EXPECT_EQ(sex_group("F"), "female");
  EXPECT_EQ(sex_group("male"), "male");
  EXPECT_EQ(sex_group("unknown"), "");
}

std::vector<AuditCase> four_cases() {
  std::vector<AuditCase> cases(4);
  for (size_t i = 0; i < cases.size(); ++i) {
    cases[i].sex = i % 2 == 0 ? "female" : "male";
    cases[i].race = i < 2 ? "White" : "Black";
    cases[i].view = "AP";
  }
  cases[3].sex = "";
  return cases;
}

TEST(Attributes, LevelsStandInAFixedOrderAndUnknownIsNone) {
  const std::vector<Attribute> attributes = attributes_of(four_cases());
  ASSERT_EQ(attributes.size(), 3u)
      << "sex, race and their pair; one view and no age are no comparison";
  EXPECT_EQ(attributes[0].name, "sex");
  EXPECT_EQ(attributes[0].level_of, (std::vector<int>{0, 1, 0, kNoLevel}));
  EXPECT_EQ(attributes[1].levels, (std::vector<std::string>{"White", "Black"}));
  EXPECT_EQ(attributes[0].count(0), 2u);
}

TEST(Attributes, PairsHoldOnlyWhatOccurs) {
  const Attribute pair = attributes_of(four_cases()).back();
  EXPECT_TRUE(pair.is_pair);
  EXPECT_EQ(pair.name, "sex x race");
  EXPECT_EQ(pair.levels,
            (std::vector<std::string>{"female, White", "female, Black", "male, White"}));
  EXPECT_EQ(pair.level_of.back(), kNoLevel);
}

}  // namespace
}  // namespace radgen::audit

#include "radgen/core/ids.h"

#include <gtest/gtest.h>

namespace radgen {
namespace {

TEST(Ids, ShapeSaysHowTheyAreWrittenAndNotWhoseTheyAre) {
  EXPECT_EQ(id_shape("50414267.0"), "99999999.9");
  EXPECT_EQ(id_shape("s50414267"), "a99999999");
  EXPECT_EQ(id_shape(" CXR10_IM-0002"), " AAA99_AA-9999");
  EXPECT_EQ(id_shape("\xC3\xA9\n7"), "***9");
  EXPECT_EQ(id_shape(std::string(50, '1')), std::string(40, '9') + "...");
}

TEST(Ids, TwoSpellingsAreSetBesideEachOther) {
  const std::string hint = written_alike("50414267.0", "50414267");
  EXPECT_NE(hint.find("written alike"), std::string::npos);
  EXPECT_NE(hint.find("'99999999.9' there, '99999999' here"), std::string::npos);
  EXPECT_EQ(hint.find("5041"), std::string::npos);
  EXPECT_EQ(written_alike("1", "2").find("there"), std::string::npos);
}

}  // namespace
}  // namespace radgen

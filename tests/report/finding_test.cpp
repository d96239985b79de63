#include "radgen/report/finding.h"

#include <gtest/gtest.h>

#include "radgen/core/error.h"

namespace radgen {
namespace {

TEST(FindingNames, RoundTripAndStandInMimicOrder) {
  std::string previous;
  for (Finding finding : all_findings()) {
    EXPECT_EQ(finding_from_name(finding_name(finding)), finding);
    EXPECT_LT(previous, finding_name(finding));  // chexpert.csv is alphabetical
    previous = finding_name(finding);
  }
  EXPECT_EQ(finding_name(Finding::kEnlargedCardiomediastinum), "Enlarged Cardiomediastinum");
  EXPECT_EQ(finding_from_name("Airspace Opacity"), Finding::kLungOpacity);
  EXPECT_EQ(finding_from_name("edema"), std::nullopt);
}

TEST(FindingNames, SidesCertaintiesAndSeveritiesRoundTripAndRefuseOthers) {
  for (Side side : {Side::kNone, Side::kLeft, Side::kRight, Side::kBilateral}) {
    EXPECT_EQ(side_from_name(side_name(side)), side);
    EXPECT_EQ(mirrored(mirrored(side)), side);
  }
  EXPECT_EQ(mirrored(Side::kLeft), Side::kRight);
  EXPECT_EQ(assertion_from_name("uncertain"), Assertion::kUncertain);
  EXPECT_EQ(severity_from_name("severe"), Severity::kSevere);
  EXPECT_THROW(side_from_name("middle"), Error);
  EXPECT_THROW(assertion_from_name(""), Error);
}

}  // namespace
}  // namespace radgen

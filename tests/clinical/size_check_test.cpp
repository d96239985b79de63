#include "radgen/clinical/size_check.h"

#include <gtest/gtest.h>

#include "clinical/reports_of_tests.h"
#include "radgen/clinical/shown_report.h"

namespace radgen {
namespace {

// Its first sentence's region is 20 x 40 upright pixels.
FilmReport report_of_size(double size_mm, double spacing_mm) {
  Film film = testing::film();
  film.spacing_x_mm = film.spacing_y_mm = spacing_mm;
  film.spacing_kind = spacing_mm > 0 ? SpacingKind::kCalibrated : SpacingKind::kNone;
  FilmReport report = testing::report_of(film);
  report.draft.mentions[0].size_mm = size_mm;
  mark_unsupported_sizes(report);
  return report;
}

bool is_marked(const FilmReport& report) { return report.draft.sentences[0].has_unsupported_size; }

TEST(SizeCheck, ComparesTheLongerSideOfARegionWithTheWords) {
  EXPECT_FALSE(is_marked(report_of_size(8, 0.2)));
  EXPECT_FALSE(is_marked(report_of_size(11, 0.2)));
  EXPECT_TRUE(is_marked(report_of_size(12, 0.2))) << "8 mm are a third less";
  EXPECT_TRUE(is_marked(report_of_size(6, 0.2)));
}

TEST(SizeCheck, NothingCanBeCheckedWithoutASpacing) {
  EXPECT_TRUE(is_marked(report_of_size(8, 0)));
}

TEST(SizeCheck, AMarkedSizeIsToldAndIsInNoCodedResult) {
  const FilmReport wrong = report_of_size(20, 0.2), right = report_of_size(8, 0.2);
  EXPECT_NE(report_text(wrong).find("SIZE NOT BORNE OUT"), std::string::npos);
  EXPECT_EQ(report_text(right).find("SIZE NOT BORNE OUT"), std::string::npos);
  EXPECT_NE(shown_report(wrong.draft, false).findings.find(kSizeMark), std::string::npos);
  EXPECT_NE(report_html(wrong).find("size not borne out"), std::string::npos);
  const auto fhir = [](const FilmReport& report) {
    return fhir_report(report.draft, fhir_context(report)).dump();
  };
  EXPECT_EQ(fhir(wrong).find("\"mm\""), std::string::npos);
  EXPECT_NE(fhir(right).find("\"mm\""), std::string::npos);
}

TEST(Verification, ARegionThatTheWordsDoNotNeedIsMarkedEverywhere) {
  FilmReport report = testing::report_of(testing::film());
  report.draft.sentences[0].is_verified = false;
  EXPECT_NE(report_text(report).find("NOT VERIFIED"), std::string::npos);
  EXPECT_NE(shown_report(report.draft, false).findings.find(kUnverifiedMark), std::string::npos);
  EXPECT_NE(report_html(report).find("region not verified"), std::string::npos);
  EXPECT_EQ(prediction_json(report)["sentences"][0]["verified"], false);
  const auto fhir = fhir_report(report.draft, fhir_context(report)).dump();
  EXPECT_NE(fhir.find("region-verified"), std::string::npos);
  report.draft.sentences[0].is_verified = true;
  EXPECT_NE(report_text(report).find(", verified"), std::string::npos);
  EXPECT_EQ(shown_report(report.draft, false).findings.find(kUnverifiedMark), std::string::npos);
}

}  // namespace
}  // namespace radgen

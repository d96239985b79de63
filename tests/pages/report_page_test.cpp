#include "radgen/pages/report_page.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "pages/page_text.h"
#include "radgen/core/error.h"
#include "radgen/pages/page.h"

namespace radgen::pages {
namespace {

ReportPageData page_data() {
  ReportPageData data;
  data.notice = "Research software";
  data.film_png = "\x89PNG\r\n\x1a\n";
  data.film_width_px = 200;
  data.film_height_px = 100;
  data.map_box = {-10, 0, 220, 100};
  data.findings = {{.text = "Small left effusion.",
                    .grounding = Grounding::kRegions,
                    .confidence = 0.5,
                    .score = 0.75,
                    .boxes = {{1, 2, 3, 4}, {5, 6, 7, 8}},
                    .map_rows = 1,
                    .map_columns = 3,
                    .map = {0.1f, 0.05f, 0}},
                   {.text = "Possible edema.", .grounding = Grounding::kNone}};
  data.impression = {{.text = "No pneumothorax.", .grounding = Grounding::kAbsence}};
  return data;
}

TEST(ReportPage, NeedsNothingFromOutside) {
  const std::string html = report_page_html(page_data());
  EXPECT_EQ(html.rfind("<!doctype html>", 0), 0u);
  for (const char* outside : {"http:", "https:", "@import", "<link", "src=\"/", "url("}) {
    EXPECT_FALSE(contains(html, outside)) << outside;
  }
  EXPECT_TRUE(contains(html, "default-src 'none'"));
  EXPECT_FALSE(contains(html, "{{"));
}

TEST(ReportPage, SaysWhatEverySentenceCanShow) {
  const std::string html = report_page_html(page_data());
  EXPECT_TRUE(contains(html, "2 regions, evidence 0.75"));
  EXPECT_TRUE(contains(html, "no image evidence"));
  EXPECT_TRUE(contains(html, "states absence: nothing to point at"));
  EXPECT_TRUE(contains(html, ">DRAFT<"));
  EXPECT_TRUE(contains(html, "Not verified"));
}

TEST(ReportPage, GivesTheScriptBoxesAndMapInSharesOfTheMaximum) {
  const nlohmann::json data = embedded_data(report_page_html(page_data()), "page-data");
  ASSERT_EQ(data["sentences"].size(), 3u);
  const nlohmann::json& sentence = data["sentences"][0];
  EXPECT_EQ(sentence["boxes"][1], (nlohmann::json{{"x", 5}, {"y", 6}, {"w", 7}, {"h", 8}}));
  EXPECT_EQ(sentence["map"]["columns"], 3);
  EXPECT_EQ(sentence["map"]["values"], base64(std::string("\xff\x80\x00", 3)));
  EXPECT_EQ(data["map_box"]["x"], -10);
}

TEST(ReportPage, GivesUngroundedSentencesNoRegionsWhateverTheirDataHold) {
  ReportPageData data = page_data();
  for (const Grounding grounding : {Grounding::kNone, Grounding::kAbsence}) {
    data.findings[0].grounding = grounding;
    const nlohmann::json sentence =
        embedded_data(report_page_html(data), "page-data")["sentences"][0];
    EXPECT_TRUE(sentence["boxes"].empty());
    EXPECT_FALSE(sentence.contains("map"));
  }
}

TEST(ReportPage, EscapesTextInMarkupAndInScript) {
  const std::string bad = "</script><script>alert(1)</script><!--&\"' {{film}}";
  ReportPageData data = page_data();
  data.title = data.notice = data.version = data.alarm_title = data.alarm = data.remark = bad;
  data.spacing_note = data.findings[0].text = bad;
  data.facts = {{bad, bad}};
  const std::string html = report_page_html(data);
  EXPECT_FALSE(contains(html, "alert(1)</script>"));
  EXPECT_FALSE(contains(html, "<!--"));
  EXPECT_TRUE(contains(html, "{{film}}")) << "a value is never filled in again";
  EXPECT_EQ(embedded_data(html, "page-data")["film"]["spacing_note"], bad);
}

TEST(ReportPage, ToleratesTextThatIsNoUtf8) {
  ReportPageData data = page_data();
  data.spacing_note = "\xff\xfe";
  EXPECT_NO_THROW(embedded_data(report_page_html(data), "page-data"));
}

TEST(ReportPage, ARefusedFilmHasAReasonAndNoSentences) {
  ReportPageData data = page_data();
  data.findings.clear();
  data.impression.clear();
  data.refusal_title = "No report";
  data.refusal = "A lateral view.";
  data.refusal_code = "lateral_view";
  const std::string html = report_page_html(data);
  EXPECT_TRUE(contains(html, "A lateral view."));
  EXPECT_TRUE(contains(html, "NOT REPORTABLE"));
  EXPECT_FALSE(contains(html, ">DRAFT<"));
  EXPECT_FALSE(contains(html, "<ol"));
}

TEST(ReportPage, ShowsTheAlarmOnlyWhereThereIsOne) {
  ReportPageData data = page_data();
  EXPECT_FALSE(contains(report_page_html(data), "role=\"alert\""));
  data.alarm_title = "These words mean nothing.";
  data.alarm = "Synthetic model.";
  const std::string html = report_page_html(data);
  EXPECT_TRUE(contains(html, "role=\"alert\""));
  EXPECT_TRUE(contains(html, "These words mean nothing."));
}

TEST(ReportPage, RefusesDataThatCannotBeShown) {
  ReportPageData no_film = page_data();
  no_film.film_png = "GIF89a";
  EXPECT_THROW(report_page_html(no_film), Error);
  ReportPageData no_size = page_data();
  no_size.film_width_px = 0;
  EXPECT_THROW(report_page_html(no_size), Error);
  ReportPageData short_map = page_data();
  short_map.findings[0].map.pop_back();
  EXPECT_THROW(report_page_html(short_map), Error);
}

}  // namespace
}  // namespace radgen::pages

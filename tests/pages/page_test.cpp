#include "radgen/pages/page.h"

#include <gtest/gtest.h>

#include "pages/page_text.h"
#include "radgen/core/error.h"

namespace radgen::pages {
namespace {

TEST(Page, IsSelfContainedAndSaysWhatItIsNotFor) {
  const std::string html = Page("Evaluation", "split test").section("Text").html();
  EXPECT_EQ(html.rfind("<!doctype html>", 0), 0u);
  EXPECT_TRUE(contains(html, "Research software, not for clinical use"));
  EXPECT_TRUE(contains(html, "prefers-color-scheme:dark"));
  for (const char* outside : {"src=\"http", "href=\"http", "@import", "<script", "<link"}) {
    EXPECT_FALSE(contains(html, outside)) << outside;
  }
}

TEST(Page, EscapesEveryText) {
  const std::string bad = "<b>&\"'";
  Page page(bad, bad);
  page.section(bad, bad).paragraph(bad).callout(Tone::kAlarm, bad, bad).facts({{bad, bad, bad}});
  page.table(Table({{bad}}).row({bad}).caption(bad)).figure("<svg></svg>", bad);
  const std::string html = page.html();
  EXPECT_FALSE(contains(html, bad));
  EXPECT_TRUE(contains(html, "&lt;b&gt;&amp;&quot;&#39;"));
}

TEST(Page, SectionsAppearInTheContentsWhenThereAreSeveral) {
  Page page("t", "");
  page.section("First");
  EXPECT_FALSE(contains(page.html(), "<nav>"));
  page.section("Second");
  EXPECT_TRUE(contains(page.html(), "<a href=\"#s2\">Second</a>"));
  EXPECT_TRUE(contains(page.html(), "<h2 id=\"s2\">Second</h2>"));
}

TEST(Table, AlignsNumbersAndMarksTheStrongRow) {
  Table table({{"metric"}, {"value", true}});
  table.row({"BLEU-4", "0.164"}).strong_row({"all", "1"});
  const std::string html = table.html();
  EXPECT_TRUE(contains(html, "<td>BLEU-4</td><td class=\"number\">0.164</td>"));
  EXPECT_TRUE(contains(html, "<tr class=\"strong\"><td>all</td>"));
  EXPECT_THROW(table.row({"one cell"}), Error);
}

TEST(Table, ANoteStandsBelowItsRowAcrossAllColumns) {
  Table table({{"metric"}, {"value", true}});
  EXPECT_THROW(table.note("of no row"), Error);
  table.row({"BLEU-4", "0.164"}).note("what <it> means").row({"next", "1"});
  const std::string html = table.html();
  EXPECT_TRUE(contains(html, "<tr class=\" noted\"><td>BLEU-4</td>"));
  EXPECT_TRUE(contains(html, "<td colspan=\"2\">what &lt;it&gt; means</td>"));
  EXPECT_TRUE(contains(html, "<tr><td>next</td>"));
}

TEST(Image, IsEmbeddedAsBase64) {
  const std::string png = "\x89PNG\r\n\x1a\n";
  EXPECT_EQ(png_data_uri(png), "data:image/png;base64,iVBORw0KGgo=");
  EXPECT_EQ(png_data_uri(png + "a"), "data:image/png;base64,iVBORw0KGgph");
  EXPECT_EQ(png_data_uri(png + "ab"), "data:image/png;base64,iVBORw0KGgphYg==");
  EXPECT_THROW(png_data_uri("GIF89a"), Error);
  EXPECT_TRUE(contains(Page("t", "").image(png, "a <film>").html(), "alt=\"a &lt;film&gt;\""));
}

}  // namespace
}  // namespace radgen::pages

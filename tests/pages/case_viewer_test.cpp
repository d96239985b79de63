#include "radgen/pages/case_viewer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "pages/page_text.h"
#include "radgen/core/error.h"
#include "radgen/pages/page.h"

namespace radgen::pages {
namespace {

CaseViewer one_case() {
  CaseViewer viewer;
  viewer.images.push_back({"\xff\xd8\xff\xe0", 64, 48});
  ViewerCase c;
  c.title = "Left <b>effusion";
  c.map_rows = 1;
  c.map_columns = 2;
  c.map = {0.2f, 0.1f};
  c.map_box = {0, 0, 64, 48};
  c.boxes = {{{1, 2, 3, 4}, BoxKind::kDraft, "effusion"}};
  c.draft = {{"There is ", false}, {"</script>", true}};
  viewer.cases.push_back(c);
  viewer.kinds.push_back({"Errors", "wrong_side", "Wrong side", "", 17, {0}});
  viewer.kinds.push_back({"Errors", "none", "None", "", 0, {}});
  return viewer;
}

TEST(CaseViewer, GivesTheScriptCasesKindsAndMaps) {
  const nlohmann::json data = embedded_data(case_viewer_html(one_case()), "viewer-data");
  ASSERT_EQ(data["kinds"].size(), 1u);  // the empty kind is left out
  EXPECT_EQ(data["kinds"][0]["count"], 17);
  const nlohmann::json& c = data["cases"][0];
  EXPECT_EQ(c["map"]["values"], base64(std::string("\xff\x80", 2)));
  EXPECT_EQ(c["boxes"][0]["kind"], "draft");
  EXPECT_EQ(c["draft"][1][0], "</script>");
  EXPECT_EQ(c["draft"][1][1], true);
}

TEST(CaseViewer, NoTextBecomesMarkupAndNothingComesFromOutside) {
  const std::string html = case_viewer_html(one_case());
  EXPECT_EQ(html.find("<b>effusion"), std::string::npos);
  for (const char* outside : {"http:", "https:", "@import", "<link", "src=\"/", "url("}) {
    EXPECT_EQ(html.find(outside), std::string::npos) << outside;
  }
}

TEST(CaseViewer, IsEmptyWithoutCasesAndRefusesWrongIndices) {
  EXPECT_EQ(case_viewer_html({}), "");
  CaseViewer viewer = one_case();
  viewer.kinds[0].cases = {1};
  EXPECT_THROW(case_viewer_html(viewer), Error);
  viewer = one_case();
  viewer.cases[0].image = 1;
  EXPECT_THROW(case_viewer_html(viewer), Error);
}

}  // namespace
}  // namespace radgen::pages

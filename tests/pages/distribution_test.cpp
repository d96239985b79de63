#include <gtest/gtest.h>

#include "pages/page_text.h"
#include "radgen/core/error.h"
#include "radgen/pages/density_maps.h"
#include "radgen/pages/histogram.h"
#include "radgen/pages/stacked_bars.h"

namespace radgen::pages {
namespace {

TEST(Histogram, DrawsABarForEachFilledBinAndAnOutlineForEachOtherSeries) {
  Histogram h{.title = "Length", .x_label = "tokens", .low = 0, .high = 40};
  h.series = {{"train", {0.5, 0, 0.25, 0.25}}, {"test", {0, 1, 0, 0}}};
  const std::string svg = histogram_svg(h);
  EXPECT_EQ(count(svg, "<rect"), 3u);
  EXPECT_EQ(count(svg, "<path"), 1u);
  EXPECT_NE(svg.find("0 to 10: 50.00 %"), std::string::npos);
  h.series[1].shares.pop_back();
  EXPECT_THROW(histogram_svg(h), Error);
}

TEST(StackedBars, PutsPartsSideBySideAndEscapesNames) {
  StackedBars bars{.title = "Labels", .x_label = "share", .parts = {"positive", "uncertain"}};
  bars.rows = {{"A & B", {0.5, 0.25}, "3 of 4"}, {"C", {0, 0}, ""}};
  const std::string svg = stacked_bars_svg(bars);
  EXPECT_EQ(count(svg, "<rect"), 4u);  // two parts, two of the legend
  EXPECT_NE(svg.find("A &amp; B, uncertain: 25.00 %"), std::string::npos);
  EXPECT_NE(svg.find("3 of 4"), std::string::npos);
}

TEST(DensityMaps, DrawsOnlyCellsThatHoldSomething) {
  DensityMaps maps{.title = "Boxes"};
  maps.panels = {{"Edema", "2 boxes", 2, 2, {0, 1, 0, 0.5}}, {"None", "no boxes", 1, 1, {0}}};
  EXPECT_EQ(count(density_maps_svg(maps), "<rect"), 2u + 2 * 2u);
  maps.panels[0].values.pop_back();
  EXPECT_THROW(density_maps_svg(maps), Error);
}

}  // namespace
}  // namespace radgen::pages

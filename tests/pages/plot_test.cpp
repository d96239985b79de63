#include "radgen/pages/plot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "pages/page_text.h"
#include "radgen/core/error.h"

namespace radgen::pages {
namespace {

// No number of a drawing may be NaN or infinite: browsers drop the whole element.
void expect_drawable(const std::string& svg) {
  EXPECT_EQ(svg.rfind("<svg", 0), 0u);
  EXPECT_EQ(count(svg, "<svg"), count(svg, "</svg>"));
  EXPECT_EQ(count(svg, "=\"nan"), 0u);
  EXPECT_EQ(count(svg, "=\"-nan"), 0u);
  EXPECT_EQ(count(svg, "=\"inf"), 0u);
  EXPECT_EQ(count(svg, "Mnan") + count(svg, "Lnan") + count(svg, " nan"), 0u);
}

TEST(Ticks, AreRoundNumbersThatCoverTheRange) {
  EXPECT_EQ(nice_ticks(0, 10, 5), (std::vector<double>{0, 2, 4, 6, 8, 10}));
  const auto ticks = nice_ticks(0.13, 0.87, 5);
  EXPECT_LE(ticks.front(), 0.13);
  EXPECT_GE(ticks.back(), 0.87);
  EXPECT_THROW(nice_ticks(1, 1, 5), Error);
  EXPECT_THROW(nice_ticks(0, std::nan(""), 5), Error);
}

TEST(LineChart, DrawsALineForEachSeriesAndNamesItAtItsEnd) {
  LineChart chart{.title = "Loss <1>", .x_label = "step", .y_label = "loss"};
  chart.series.push_back({.name = "train", .x = {0, 1, 2}, .y = {3, 2, 1}});
  chart.series.push_back(
      {.name = "validate", .x = {0, 2}, .y = {3, 2}, .low = {2.5, 1.5}, .high = {3.5, 2.5}});
  const std::string svg = line_chart_svg(chart);
  expect_drawable(svg);
  EXPECT_EQ(count(svg, "fill:none;stroke-width:2"), 2u);
  EXPECT_EQ(count(svg, "fill-opacity:.16"), 1u);
  EXPECT_EQ(count(svg, ">validate</text>"), 1u);
  EXPECT_EQ(count(svg, "Loss &lt;1&gt;"), 2u);
}

TEST(LineChart, ValuesThatAreNotFiniteAreGaps) {
  LineChart chart;
  chart.series.push_back({.name = "a", .x = {0, 1, 2, 3, 4}, .y = {1, 2, kMissing, 3, INFINITY}});
  const std::string svg = line_chart_svg(chart);
  expect_drawable(svg);
  const size_t path = svg.find("<path d=\"");
  const std::string d = svg.substr(path + 9, svg.find('"', path + 9) - path - 9);
  EXPECT_EQ(count(d, "M"), 2u) << d;
  EXPECT_EQ(count(d, "L"), 1u) << d;
}

TEST(LineChart, NothingOrOneValueIsStillAPlot) {
  expect_drawable(line_chart_svg({}));
  LineChart chart;
  chart.series.push_back({.name = "a", .x = {5}, .y = {0}, .has_points = true});
  expect_drawable(line_chart_svg(chart));
  chart.series.push_back({.name = "b", .x = {kMissing}, .y = {kMissing}});
  expect_drawable(line_chart_svg(chart));
}

TEST(LineChart, ThinningKeepsTheHighestPeak) {
  Series series{.name = "noise"};
  for (int i = 0; i < 100000; ++i) {
    series.x.push_back(i);
    series.y.push_back(i == 54321 ? 10 : 0.001 * (i % 7));
  }
  LineChart chart{.y_range = Range{0, 10}};
  chart.series.push_back(series);
  const std::string svg = line_chart_svg(chart);
  EXPECT_LT(svg.size(), 60000u);
  EXPECT_GE(count(svg, " 14.0L"), 1u) << "the peak touches the top of the frame";
}

TEST(LineChart, ManySeriesGetALegend) {
  LineChart chart;
  for (int i = 0; i < 9; ++i) {
    chart.series.push_back({.name = "series " + std::to_string(i), .x = {0, 1}, .y = {0, i * 1.0}});
  }
  const std::string svg = line_chart_svg(chart);
  expect_drawable(svg);
  EXPECT_EQ(count(svg, "stroke-width:2.5"), 9u);
}

TEST(LineChart, SeriesOfUnequalLengthAreRefused) {
  LineChart chart;
  chart.series.push_back({.name = "a", .x = {0, 1}, .y = {1}});
  EXPECT_THROW(line_chart_svg(chart), Error);
}

TEST(BarChart, DrawsBarsLabelsAndErrorBarsAndSaysWhatIsMissing) {
  BarChart chart{.title = "F1", .groups = {"Edema", "Nodule"}, .series = {"model", "constant"}};
  chart.bars = {{{0.5, 0.4, 0.6}, {kMissing}}, {{0.1}, {-0.2}}};
  const std::string svg = bar_chart_svg(chart);
  expect_drawable(svg);
  EXPECT_EQ(count(svg, ">n/a</text>"), 1u);
  EXPECT_EQ(count(svg, ">0.500</text>"), 1u);
  EXPECT_EQ(count(svg, ">-0.200</text>"), 1u);
  EXPECT_EQ(count(svg, "stroke-width:1.3"), 3u);
  chart.bars.pop_back();
  EXPECT_THROW(bar_chart_svg(chart), Error);
}

TEST(BarChart, AllZeroOrEmptyIsDrawable) {
  expect_drawable(bar_chart_svg({.groups = {"a"}, .series = {"s"}, .bars = {{{0.0}}}}));
  expect_drawable(bar_chart_svg({}));
}

TEST(HeatMap, ShadesFromLowToHighAndMarksMissing) {
  const HeatMap map{.rows = {"a", "b"}, .columns = {"c", "d"}, .values = {{0, 1}, {kMissing, 0.5}}};
  const std::string svg = heat_map_svg(map);
  expect_drawable(svg);
  EXPECT_EQ(count(svg, "fill-opacity:0.040"), 1u);
  EXPECT_EQ(count(svg, "fill-opacity:1.000"), 1u);
  EXPECT_EQ(count(svg, ">n/a</text>"), 1u);
  EXPECT_THROW(heat_map_svg({.rows = {"a"}, .columns = {"c"}, .values = {{1, 2}}}), Error);
}

}  // namespace
}  // namespace radgen::pages

// Plots as inline SVG for pages: crisp at any size, readable for colour-blind people, light and
// dark with the page.
//
//   LineChart chart{.title = "Loss", .x_label = "step", .y_label = "loss"};
//   chart.series.push_back({.name = "train", .x = steps, .y = losses});
//   page.figure(line_chart_svg(chart));
//
// Values that are not finite are gaps, never drawn as zero. Lengths in SVG units (CSS pixels before
// scaling).
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace radgen::pages {

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

struct Series {
  std::string name;
  std::vector<double> x, y;       // of equal length
  std::vector<double> low, high;  // a band around y; both empty or as long as y
  bool is_dashed = false;         // for what is a reference, not a measurement
  bool has_points = false;        // marks every value (few points)
};

using Range = std::pair<double, double>;

struct LineChart {
  std::string title, x_label, y_label;
  std::vector<Series> series;
  std::optional<Range> x_range, y_range;  // empty: from the data
  double width = 720, height = 340;
};
std::string line_chart_svg(const LineChart& chart);

struct Bar {
  double value = kMissing;
  double low = kMissing, high = kMissing;  // error bar; missing: none
};

// Horizontal bars: a row for each group, one bar in it for each series.
struct BarChart {
  std::string title, x_label;
  std::vector<std::string> groups, series;
  std::vector<std::vector<Bar>> bars;  // [series][group]
  std::optional<Range> x_range;        // empty: from zero to the data
  int digits = 3;                      // of the value labels
  double width = 720;
};
std::string bar_chart_svg(const BarChart& chart);

struct HeatMap {
  std::string title, x_label, y_label;
  std::vector<std::string> rows, columns;
  std::vector<std::vector<double>> values;  // [row][column]
  std::optional<Range> range;               // empty: from the data
  int digits = 2;                           // of the numbers in the cells; below 0: no numbers
  double width = 720;
};
std::string heat_map_svg(const HeatMap& map);

// Ticks at 1, 2 or 5 times a power of ten that cover low..high with about `count` steps.
std::vector<double> nice_ticks(double low, double high, int count);

}  // namespace radgen::pages

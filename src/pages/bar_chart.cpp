#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pages/svg.h"
#include "radgen/core/error.h"
#include "radgen/pages/plot.h"

namespace radgen::pages {
namespace {

constexpr double kBarHeight = 15, kBarGap = 3, kGroupGap = 14, kTop = 14;

Range data_range(const BarChart& chart) {
  if (chart.x_range) return *chart.x_range;
  Range range{0, 0};
  for (const auto& series : chart.bars) {
    for (const Bar& bar : series) {
      for (const double v : {bar.value, bar.low, bar.high}) {
        if (!std::isfinite(v)) continue;
        range.first = std::min(range.first, v);
        range.second = std::max(range.second, v);
      }
    }
  }
  if (range.first == range.second) range.second = 1;
  const auto ticks = nice_ticks(range.first, range.second, 5);
  return {ticks.front(), ticks.back()};
}

std::string value_text(const BarChart& chart, const Bar& bar) {
  return std::isfinite(bar.value) ? fmt::format("{:.{}f}", bar.value, chart.digits) : "n/a";
}

}  // namespace

std::string bar_chart_svg(const BarChart& chart) {
  RADGEN_CHECK(chart.bars.size() == chart.series.size(), "a bar chart needs bars for each series");
  double label_width = 0;
  for (const std::string& g : chart.groups)
    label_width = std::max(label_width, text_width(g, kLabelPx));
  for (const auto& series : chart.bars) {
    RADGEN_CHECK(series.size() == chart.groups.size(), "a series needs a bar for each group");
  }
  const Range range = data_range(chart);
  const auto count = static_cast<double>(chart.series.size());
  const double group_height = count * kBarHeight + std::max(0.0, count - 1) * kBarGap;
  const bool has_legend = chart.series.size() > 1;
  const double top = (chart.title.empty() ? kTop : 40) + (has_legend ? 26 : 0);
  const double bottom = top + static_cast<double>(chart.groups.size()) * (group_height + kGroupGap);
  const double left = std::min(label_width + 14, chart.width * 0.45), right = chart.width - 62;
  const auto to_x = [&](double v) {
    const double clamped = std::clamp(v, range.first, range.second);
    return left + (clamped - range.first) / (range.second - range.first) * (right - left);
  };

  Svg svg(chart.width, bottom + (chart.x_label.empty() ? 26 : 46), chart.title);
  if (!chart.title.empty()) svg.text(0, 18, chart.title, "start", kTitlePx, kTitleStyle);
  if (has_legend) {
    double x = left;
    for (size_t s = 0; s < chart.series.size(); ++s) {
      svg.rect(x, top - 31, 12, 12, "fill:" + series_colour(s));
      svg.text(x + 18, top - 21, chart.series[s], "start", kLabelPx, kInk);
      x += 36 + text_width(chart.series[s], kLabelPx);
    }
  }
  const auto ticks = nice_ticks(range.first, range.second, 5);
  for (const double t : ticks) {
    if (t < range.first - 1e-12 || t > range.second + 1e-12) continue;
    svg.line(to_x(t), top - 6, to_x(t), bottom - 4, kGrid);
    svg.text(to_x(t), bottom + 12, tick_text(t, ticks[1] - ticks[0]), "middle", kLabelPx);
  }
  for (size_t g = 0; g < chart.groups.size(); ++g) {
    const double y = top + static_cast<double>(g) * (group_height + kGroupGap);
    svg.text(left - 10, y + group_height / 2 + 4, chart.groups[g], "end", kLabelPx, kInk);
    for (size_t s = 0; s < chart.series.size(); ++s) {
      const Bar& bar = chart.bars[s][g];
      const double y0 = y + static_cast<double>(s) * (kBarHeight + kBarGap),
                   middle = y0 + kBarHeight / 2;
      double label_x = to_x(0);
      if (std::isfinite(bar.value)) {
        const double x0 = std::min(to_x(0), to_x(bar.value)),
                     x1 = std::max(to_x(0), to_x(bar.value));
        svg.rect(x0, y0, x1 - x0, kBarHeight, "fill:" + series_colour(s),
                 chart.groups[g] + ", " + chart.series[s] + ": " + value_text(chart, bar));
        label_x = x1;
      }
      if (std::isfinite(bar.low) && std::isfinite(bar.high)) {
        const double a = to_x(bar.low), b = to_x(bar.high);
        for (const char* style : {"stroke:var(--ground,#fff);stroke-width:3.5",
                                  "stroke:var(--ink,#16202c);stroke-width:1.3"}) {
          svg.line(a, middle, b, middle, style);
          svg.line(a, middle - 3.5, a, middle + 3.5, style);
          svg.line(b, middle - 3.5, b, middle + 3.5, style);
        }
        label_x = std::max(label_x, b);
      }
      svg.text(label_x + 7, middle + 4, value_text(chart, bar), "start", kLabelPx);
    }
  }
  svg.line(to_x(0), top - 6, to_x(0), bottom - 4, kAxis);
  svg.text((left + right) / 2, bottom + 34, chart.x_label, "middle", kLabelPx);
  return svg.str();
}

}  // namespace radgen::pages

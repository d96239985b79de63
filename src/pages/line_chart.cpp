#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pages/svg.h"
#include "radgen/core/error.h"
#include "radgen/pages/plot.h"

namespace radgen::pages {

std::vector<double> nice_ticks(double low, double high, int count) {
  RADGEN_CHECK(std::isfinite(low) && std::isfinite(high) && low < high && count > 0,
               "ticks need a finite range");
  const double raw = (high - low) / count, power = std::pow(10, std::floor(std::log10(raw)));
  const double lead = raw / power;
  const double step = power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
  std::vector<double> ticks;
  for (double i = std::floor(low / step + 1e-9); i <= std::ceil(high / step - 1e-9); ++i) {
    ticks.push_back(i * step);
  }
  return ticks;
}

namespace {

constexpr int kMaxLabelled =
    6;  // more series than this get a legend above instead of labels at the line's end
constexpr double kLabelStep = 15;        // least distance of two labels
constexpr size_t kPointsPerLine = 1400;  // more are thinned to the extremes of each stretch

struct Frame {
  double left, top, right, bottom;
  Range x, y;
  double to_x(double v) const {
    return left + (v - x.first) / (x.second - x.first) * (right - left);
  }
  double to_y(double v) const {
    return bottom - (v - y.first) / (y.second - y.first) * (bottom - top);
  }
};

void widen(Range& range, const std::vector<double>& values) {
  for (const double v : values) {
    if (!std::isfinite(v)) continue;
    range.first = std::min(range.first, v);
    range.second = std::max(range.second, v);
  }
}

// A range that can be drawn: never empty, never infinite.
Range usable(Range range) {
  if (!(range.first <= range.second)) return {0, 1};
  if (range.first < range.second) return range;
  const double half = range.first == 0 ? 1 : std::abs(range.first) / 2;
  return {range.first - half, range.second + half};
}

// Indices to draw: all, or the lowest and highest value of each stretch, so that no peak is lost.
std::vector<size_t> thinned(const std::vector<double>& y) {
  std::vector<size_t> keep;
  if (y.size() <= kPointsPerLine) {
    keep.resize(y.size());
    std::iota(keep.begin(), keep.end(), size_t{0});
    return keep;
  }
  const size_t stretches = kPointsPerLine / 2;
  for (size_t s = 0; s < stretches; ++s) {
    const size_t begin = s * y.size() / stretches, end = (s + 1) * y.size() / stretches;
    size_t least = begin, most = begin;
    for (size_t i = begin; i < end; ++i) {
      if (!std::isfinite(y[i])) continue;
      if (!(y[i] >= y[least])) least = i;
      if (!(y[i] <= y[most])) most = i;
    }
    keep.push_back(std::min(least, most));
    if (least != most) keep.push_back(std::max(least, most));
  }
  if (keep.back() != y.size() - 1) keep.push_back(y.size() - 1);
  return keep;
}

std::string polyline(const Frame& frame, const std::vector<double>& x,
                     const std::vector<double>& y) {
  std::string d;
  bool is_down = false;
  for (const size_t i : thinned(y)) {
    if (!std::isfinite(x[i]) || !std::isfinite(y[i])) {
      is_down = false;
      continue;
    }
    d += fmt::format("{}{:.1f} {:.1f}", is_down ? "L" : "M", frame.to_x(x[i]), frame.to_y(y[i]));
    is_down = true;
  }
  return d;
}

// Bands of the stretches in which both edges are finite.
std::string band(const Frame& frame, const Series& s) {
  std::string d;
  for (size_t begin = 0; begin < s.x.size();) {
    size_t end = begin;
    while (end < s.x.size() && std::isfinite(s.low[end]) && std::isfinite(s.high[end])) ++end;
    if (end - begin >= 2) {
      for (size_t i = begin; i < end; ++i) {
        d += fmt::format("{}{:.1f} {:.1f}", i == begin ? "M" : "L", frame.to_x(s.x[i]),
                         frame.to_y(s.high[i]));
      }
      for (size_t i = end; i-- > begin;) {
        d += fmt::format("L{:.1f} {:.1f}", frame.to_x(s.x[i]), frame.to_y(s.low[i]));
      }
      d += "Z";
    }
    begin = end + 1;
  }
  return d;
}

void draw_chart_axes(Svg& svg, const Frame& frame, const LineChart& chart) {
  const auto y_ticks = nice_ticks(frame.y.first, frame.y.second, 5);
  const auto x_ticks = nice_ticks(frame.x.first, frame.x.second, 7);
  for (const double v : y_ticks) {
    if (v < frame.y.first - 1e-12 || v > frame.y.second * (1 + 1e-12) + 1e-12) continue;
    svg.line(frame.left, frame.to_y(v), frame.right, frame.to_y(v), kGrid);
    svg.text(frame.left - 8, frame.to_y(v) + 4, tick_text(v, y_ticks[1] - y_ticks[0]), "end",
             kLabelPx);
  }
  for (const double v : x_ticks) {
    if (v < frame.x.first - 1e-9 || v > frame.x.second * (1 + 1e-12) + 1e-9) continue;
    svg.line(frame.to_x(v), frame.bottom, frame.to_x(v), frame.bottom + 4, kAxis);
    svg.text(frame.to_x(v), frame.bottom + 18, tick_text(v, x_ticks[1] - x_ticks[0]), "middle",
             kLabelPx);
  }
  svg.line(frame.left, frame.bottom, frame.right, frame.bottom, kAxis);
  svg.text((frame.left + frame.right) / 2, frame.bottom + 38, chart.x_label, "middle", kLabelPx);
  if (!chart.y_label.empty())
    svg.turned_text(14, (frame.top + frame.bottom) / 2, chart.y_label, kLabelPx);
}

struct EndLabel {
  double y;
  size_t series;
};

// Names at the ends of their lines, moved apart where they would overlap.
void draw_end_labels(Svg& svg, const Frame& frame, const LineChart& chart) {
  std::vector<EndLabel> labels;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const Series& s = chart.series[i];
    for (size_t k = s.y.size(); k-- > 0;) {
      if (!std::isfinite(s.y[k])) continue;
      labels.push_back({std::clamp(frame.to_y(s.y[k]), frame.top, frame.bottom), i});
      break;
    }
  }
  std::sort(labels.begin(), labels.end(),
            [](const EndLabel& a, const EndLabel& b) { return a.y < b.y; });
  for (size_t i = 1; i < labels.size(); ++i) {
    labels[i].y = std::max(labels[i].y, labels[i - 1].y + kLabelStep);
  }
  if (!labels.empty()) labels.back().y = std::min(labels.back().y, frame.bottom);
  for (size_t i = labels.size(); i-- > 1;) {
    labels[i - 1].y = std::min(labels[i - 1].y, labels[i].y - kLabelStep);
  }
  for (const EndLabel& label : labels) {
    svg.text(frame.right + 8, label.y + 4, chart.series[label.series].name, "start", kLabelPx,
             "font-weight:600;fill:" + series_colour(label.series));
  }
}

// Rows of names above the plot; returns the height they need. Without `svg` it only measures.
double legend(Svg* svg, const LineChart& chart, double left, double right, double top) {
  double x = left, y = top;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const double width = 26 + text_width(chart.series[i].name, kLabelPx) + 16;
    if (x > left && x + width > right) {
      x = left;
      y += 20;
    }
    if (svg != nullptr) {
      svg->line(x, y - 4, x + 20, y - 4, "stroke-width:2.5;stroke:" + series_colour(i));
      svg->text(x + 26, y, chart.series[i].name, "start", kLabelPx, kInk);
    }
    x += width;
  }
  return y - top + 24;
}

}  // namespace

std::string line_chart_svg(const LineChart& chart) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  Range x{kNone, -kNone}, y{kNone, -kNone};
  double label_width = 0;
  for (const Series& s : chart.series) {
    RADGEN_CHECK(s.x.size() == s.y.size(), "a series needs a y for each x");
    RADGEN_CHECK(s.low.size() == s.high.size() && (s.low.empty() || s.low.size() == s.y.size()),
                 "a band needs a low and a high for each y");
    widen(x, s.x);
    for (const auto* values : {&s.y, &s.low, &s.high}) widen(y, *values);
    label_width = std::max(label_width, text_width(s.name, kLabelPx) * 1.08);
  }
  const bool has_legend = chart.series.size() > kMaxLabelled;
  Frame frame{};
  frame.x = chart.x_range.value_or(usable(x));
  frame.y = chart.y_range.value_or(usable(y));
  const auto ticks = nice_ticks(frame.y.first, frame.y.second, 5);
  if (!chart.y_range) frame.y = {ticks.front(), ticks.back()};
  double tick_width = 0;
  for (const double t : ticks) {
    tick_width = std::max(tick_width, text_width(tick_text(t, ticks[1] - ticks[0]), kLabelPx));
  }
  frame.left = 14 + tick_width + (chart.y_label.empty() ? 0 : 18);
  frame.right = chart.width - (has_legend || label_width == 0 ? 16 : label_width + 14);
  frame.top = chart.title.empty() ? 14 : 40;
  if (has_legend) frame.top += legend(nullptr, chart, frame.left, frame.right, frame.top);
  frame.bottom = chart.height - (chart.x_label.empty() ? 28 : 48);

  Svg svg(chart.width, chart.height, chart.title.empty() ? chart.y_label : chart.title);
  if (!chart.title.empty()) svg.text(0, 18, chart.title, "start", kTitlePx, kTitleStyle);
  if (has_legend) legend(&svg, chart, frame.left, frame.right, chart.title.empty() ? 14 : 40);
  draw_chart_axes(svg, frame, chart);
  for (size_t i = 0; i < chart.series.size(); ++i) {
    if (!chart.series[i].low.empty()) {
      svg.path(band(frame, chart.series[i]),
               "stroke:none;fill-opacity:.16;fill:" + series_colour(i));
    }
  }
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const Series& s = chart.series[i];
    svg.path(polyline(frame, s.x, s.y),
             "fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round;stroke:" +
                 series_colour(i) + (s.is_dashed ? ";stroke-dasharray:5 5" : ""));
    for (size_t k = 0; s.has_points && k < s.x.size(); ++k) {
      if (!std::isfinite(s.x[k]) || !std::isfinite(s.y[k])) continue;
      svg.circle(frame.to_x(s.x[k]), frame.to_y(s.y[k]), 3.5,
                 "stroke:var(--ground,#fff);stroke-width:1.5;fill:" + series_colour(i),
                 fmt::format("{}: {:.4g}, {:.4g}", s.name, s.x[k], s.y[k]));
    }
  }
  if (!has_legend) draw_end_labels(svg, frame, chart);
  return svg.str();
}

}  // namespace radgen::pages

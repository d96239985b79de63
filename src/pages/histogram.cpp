#include "radgen/pages/histogram.h"

#include <fmt/format.h>

#include <algorithm>

#include "pages/svg.h"
#include "radgen/core/error.h"
#include "radgen/pages/plot.h"

namespace radgen::pages {
namespace {

struct BinFrame {
  double left, top, right, bottom, high;
  size_t bins;
  double to_x(size_t edge) const {
    return left + static_cast<double>(edge) / static_cast<double>(bins) * (right - left);
  }
  double to_y(double share) const { return bottom - share / high * (bottom - top); }
};

void draw_axes(Svg& svg, const BinFrame& frame, const Histogram& h) {
  const auto shares = nice_ticks(0, frame.high, 4);
  for (const double v : shares) {
    if (v > frame.high * (1 + 1e-9)) continue;
    svg.line(frame.left, frame.to_y(v), frame.right, frame.to_y(v), kGrid);
    svg.text(frame.left - 8, frame.to_y(v) + 4, fmt::format("{:.3g} %", 100 * v), "end", kLabelPx);
  }
  svg.line(frame.left, frame.bottom, frame.right, frame.bottom, kAxis);
  for (size_t i = 0; i < h.bin_names.size(); ++i) {
    const double middle = (frame.to_x(i) + frame.to_x(i + 1)) / 2;
    svg.text(middle, frame.bottom + 18, h.bin_names[i], "middle", kLabelPx);
  }
  if (h.bin_names.empty()) {
    const auto ticks = nice_ticks(h.low, h.high, 8);
    for (const double v : ticks) {
      if (v < h.low - 1e-9 || v > h.high + 1e-9) continue;
      const double x = frame.left + (v - h.low) / (h.high - h.low) * (frame.right - frame.left);
      svg.line(x, frame.bottom, x, frame.bottom + 4, kAxis);
      svg.text(x, frame.bottom + 18, tick_text(v, ticks[1] - ticks[0]), "middle", kLabelPx);
    }
  }
  svg.text((frame.left + frame.right) / 2, frame.bottom + 38, h.x_label, "middle", kLabelPx);
  svg.turned_text(14, (frame.top + frame.bottom) / 2, h.y_label, kLabelPx);
}

std::string bin_name(const Histogram& h, size_t bin) {
  if (!h.bin_names.empty()) return h.bin_names[bin];
  const double step = (h.high - h.low) / static_cast<double>(h.series[0].shares.size());
  const double low = h.low + static_cast<double>(bin) * step;
  return fmt::format("{:.4g} to {:.4g}", low, low + step);
}

}  // namespace

std::string histogram_svg(const Histogram& h) {
  RADGEN_CHECK(!h.series.empty() && !h.series[0].shares.empty() && h.low < h.high,
               "a histogram needs a series, bins and a range");
  double highest = 0;
  for (const HistogramSeries& s : h.series) {
    RADGEN_CHECK(s.shares.size() == h.series[0].shares.size(), "series need the same bins");
    for (const double v : s.shares) highest = std::max(highest, v);
  }
  const bool has_legend = h.series.size() > 1;
  const double top = (h.title.empty() ? 12 : 38) + (has_legend ? 22 : 0);
  const double ceiling = highest > 0 ? nice_ticks(0, highest, 4).back() : 1;
  const BinFrame frame{68, top, h.width - 12, h.height - 48, ceiling, h.series[0].shares.size()};
  Svg svg(h.width, h.height, h.title);
  if (!h.title.empty()) svg.text(0, 18, h.title, "start", kTitlePx, kTitleStyle);
  if (has_legend) {
    double x = frame.left;
    for (size_t s = 0; s < h.series.size(); ++s) {
      svg.line(x, top - 18, x + 18, top - 18, "stroke-width:3;stroke:" + series_colour(s));
      svg.text(x + 24, top - 14, h.series[s].name, "start", kLabelPx, kInk);
      x += 44 + text_width(h.series[s].name, kLabelPx);
    }
  }
  draw_axes(svg, frame, h);
  for (size_t i = 0; i < frame.bins; ++i) {
    const double share = h.series[0].shares[i];
    if (!(share > 0)) continue;
    svg.rect(frame.to_x(i) + 0.5, frame.to_y(share), frame.to_x(i + 1) - frame.to_x(i) - 1,
             frame.bottom - frame.to_y(share),
             "fill-opacity:" + std::string(has_legend ? ".5" : ".85") + ";fill:" + series_colour(0),
             fmt::format("{}: {:.2f} %", bin_name(h, i), 100 * share));
  }
  for (size_t s = 1; s < h.series.size(); ++s) {
    std::string path;
    for (size_t i = 0; i < frame.bins; ++i) {
      const double y = frame.to_y(h.series[s].shares[i]);
      path += fmt::format("{}{:.1f} {:.1f}H{:.1f}", i == 0 ? "M" : "L", frame.to_x(i), y,
                          frame.to_x(i + 1));
    }
    svg.path(path, "fill:none;stroke-width:1.6;stroke-linejoin:round;stroke:" + series_colour(s));
  }
  return svg.str();
}

}  // namespace radgen::pages

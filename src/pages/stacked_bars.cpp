#include "radgen/pages/stacked_bars.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "pages/svg.h"
#include "radgen/core/error.h"
#include "radgen/pages/plot.h"

namespace radgen::pages {
namespace {

constexpr double kRowStep = 24, kStackHeight = 15;

// The parts of one whole are shades of one colour; their order is their weight.
std::string part_style(size_t part, size_t parts) {
  constexpr std::array<double, 4> kShades{1, .5, .24, .12};
  if (parts > kShades.size()) return "fill:" + series_colour(part);
  return fmt::format("fill:{};fill-opacity:{}", series_colour(0), kShades[part]);
}

}  // namespace

std::string stacked_bars_svg(const StackedBars& bars) {
  double label_width = 0, note_width = 0, highest = 0;
  for (const StackedRow& row : bars.rows) {
    RADGEN_CHECK(row.values.size() == bars.parts.size(), "a row needs a value for each part");
    label_width = std::max(label_width, text_width(row.name, kLabelPx));
    note_width = std::max(note_width, text_width(row.note, kLabelPx));
    highest = std::max(highest, std::accumulate(row.values.begin(), row.values.end(), 0.0));
  }
  if (bars.high > 0) highest = bars.high;
  if (!(highest > 0)) highest = 1;
  const auto ticks = nice_ticks(0, highest, 5);
  const double high = bars.high > 0 ? bars.high : ticks.back();
  const bool has_legend = bars.parts.size() > 1;
  const double top = (bars.title.empty() ? 14 : 40) + (has_legend ? 24 : 0);
  const double bottom = top + kRowStep * static_cast<double>(bars.rows.size());
  const double left = std::min(label_width + 14, bars.width * 0.42);
  const double right = bars.width - std::min(note_width + 12, bars.width * 0.3);
  const auto to_x = [&](double v) { return left + std::min(v, high) / high * (right - left); };

  Svg svg(bars.width, bottom + (bars.x_label.empty() ? 26 : 46), bars.title);
  if (!bars.title.empty()) svg.text(0, 18, bars.title, "start", kTitlePx, kTitleStyle);
  double legend_x = left;
  for (size_t p = 0; has_legend && p < bars.parts.size(); ++p) {
    svg.rect(legend_x, top - 29, 12, 12, part_style(p, bars.parts.size()));
    svg.text(legend_x + 18, top - 19, bars.parts[p], "start", kLabelPx, kInk);
    legend_x += 36 + text_width(bars.parts[p], kLabelPx);
  }
  for (const double t : ticks) {
    if (t > high * (1 + 1e-9)) continue;
    svg.line(to_x(t), top - 6, to_x(t), bottom, kGrid);
    const std::string text =
        bars.is_share ? fmt::format("{:.3g} %", 100 * t) : tick_text(t, ticks[1] - ticks[0]);
    svg.text(to_x(t), bottom + 15, text, "middle", kLabelPx);
  }
  for (size_t r = 0; r < bars.rows.size(); ++r) {
    const StackedRow& row = bars.rows[r];
    const double y = top + kRowStep * static_cast<double>(r);
    svg.text(left - 10, y + kStackHeight / 2 + 4, row.name, "end", kLabelPx, kInk);
    double from = 0;
    for (size_t p = 0; p < row.values.size(); ++p) {
      const double to = from + row.values[p];
      const std::string value = bars.is_share ? fmt::format("{:.2f} %", 100 * row.values[p])
                                              : fmt::format("{:.4g}", row.values[p]);
      if (row.values[p] > 0) {
        svg.rect(to_x(from), y, to_x(to) - to_x(from), kStackHeight,
                 part_style(p, bars.parts.size()), row.name + ", " + bars.parts[p] + ": " + value);
      }
      from = to;
    }
    svg.text(to_x(from) + 7, y + kStackHeight / 2 + 4, row.note, "start", kLabelPx);
  }
  svg.line(left, top - 6, left, bottom, kAxis);
  svg.text((left + right) / 2, bottom + 35, bars.x_label, "middle", kLabelPx);
  return svg.str();
}

}  // namespace radgen::pages

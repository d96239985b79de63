#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pages/svg.h"
#include "radgen/core/error.h"
#include "radgen/pages/plot.h"

namespace radgen::pages {

std::string heat_map_svg(const HeatMap& map) {
  RADGEN_CHECK(map.values.size() == map.rows.size(), "a heat map needs values for each row");
  Range range{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (const auto& row : map.values) {
    RADGEN_CHECK(row.size() == map.columns.size(), "a row needs a value for each column");
    for (const double v : row) {
      if (!std::isfinite(v)) continue;
      range = {std::min(range.first, v), std::max(range.second, v)};
    }
  }
  range = map.range.value_or(range);
  const double span = range.second > range.first ? range.second - range.first : 1;
  double label_width = 0;
  for (const std::string& r : map.rows)
    label_width = std::max(label_width, text_width(r, kLabelPx));
  const double left = std::min(label_width + 14, map.width * 0.4) + (map.y_label.empty() ? 0 : 20);
  const double cell =
      (map.width - left - 4) / std::max<double>(1, static_cast<double>(map.columns.size()));
  const double cell_height = std::clamp(cell, 16.0, 34.0);
  const double top = (map.title.empty() ? 8 : 34) + 20;
  const double bottom = top + cell_height * static_cast<double>(map.rows.size());

  Svg svg(map.width, bottom + (map.x_label.empty() ? 8 : 30), map.title);
  if (!map.title.empty()) svg.text(0, 18, map.title, "start", kTitlePx, kTitleStyle);
  for (size_t c = 0; c < map.columns.size(); ++c) {
    svg.text(left + (static_cast<double>(c) + 0.5) * cell, top - 7, map.columns[c], "middle",
             kLabelPx);
  }
  for (size_t r = 0; r < map.rows.size(); ++r) {
    const double y = top + static_cast<double>(r) * cell_height;
    svg.text(left - 10, y + cell_height / 2 + 4, map.rows[r], "end", kLabelPx, kInk);
    for (size_t c = 0; c < map.columns.size(); ++c) {
      const double v = map.values[r][c], x = left + static_cast<double>(c) * cell;
      const bool is_known = std::isfinite(v);
      const double t = is_known ? std::clamp((v - range.first) / span, 0.0, 1.0) : 0;
      const std::string text =
          !is_known ? "n/a" : fmt::format("{:.{}f}", v, std::max(0, map.digits));
      svg.rect(x + 1, y + 1, cell - 2, cell_height - 2,
               is_known
                   ? fmt::format("fill:{};fill-opacity:{:.3f}", series_colour(0), 0.04 + 0.96 * t)
                   : "fill:var(--panel,#f6f7f9)",
               map.rows[r] + ", " + map.columns[c] + ": " + text);
      if (map.digits >= 0) {
        svg.text(x + cell / 2, y + cell_height / 2 + 4, text, "middle", kLabelPx,
                 t > 0.55 ? "fill:var(--on,#fff)" : kInk);
      }
    }
  }
  svg.text((left + map.width) / 2, bottom + 22, map.x_label, "middle", kLabelPx);
  if (!map.y_label.empty()) svg.turned_text(12, (top + bottom) / 2, map.y_label, kLabelPx);
  return svg.str();
}

}  // namespace radgen::pages

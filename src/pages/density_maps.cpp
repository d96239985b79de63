#include "radgen/pages/density_maps.h"

#include <fmt/format.h>

#include <algorithm>

#include "pages/svg.h"
#include "radgen/core/error.h"
#include "radgen/pages/plot.h"

namespace radgen::pages {
namespace {

constexpr double kGap = 18, kPanelHead = 38, kFaintest = 0.02;

void draw_panel(Svg& svg, const DensityPanel& panel, const DensityMaps& maps, double x, double y,
                double side, double height) {
  // Bold letters are wider than the estimate; a long name is set smaller, not over its neighbour.
  const double wide = 1.12 * text_width(panel.title, kLabelPx);
  const double font = kLabelPx * std::min(1.0, side / std::max(wide, 1.0));
  svg.text(x, y + 14, panel.title, "start", font, kTitleStyle);
  svg.text(x, y + 30, panel.note, "start", 11.5);
  const double top = y + kPanelHead;
  svg.rect(x, top, side, height, "fill:var(--panel,#f6f7f9)");
  const double highest =
      panel.values.empty() ? 0 : *std::max_element(panel.values.begin(), panel.values.end());
  const double w = side / static_cast<double>(panel.columns);
  const double h = height / static_cast<double>(panel.rows);
  for (size_t r = 0; highest > 0 && r < panel.rows; ++r) {
    for (size_t c = 0; c < panel.columns; ++c) {
      const double t = panel.values[r * panel.columns + c] / highest;
      if (t < kFaintest) continue;
      // A little wider than the cell, so that no seams show between neighbours.
      svg.rect(x + static_cast<double>(c) * w, top + static_cast<double>(r) * h, w + 0.25, h + 0.25,
               fmt::format("fill:{};fill-opacity:{:.2f}", series_colour(0), 0.95 * t));
    }
  }
  svg.rect(x, top, side, height, "fill:none;stroke:var(--line,#dfe3e8)");
  svg.text(x + 6, top + height - 7, maps.left_mark, "start", 11);
  svg.text(x + side - 6, top + height - 7, maps.right_mark, "end", 11);
}

}  // namespace

std::string density_maps_svg(const DensityMaps& maps) {
  RADGEN_CHECK(maps.panels_per_row > 0, "maps need a panel a row");
  const auto per_row = static_cast<double>(maps.panels_per_row);
  const double side = (maps.width - (per_row - 1) * kGap) / per_row, height = side * 1.15;
  const double step = kPanelHead + height + 16;
  const double top = maps.title.empty() ? 4 : 34;
  const size_t rows = (maps.panels.size() + maps.panels_per_row - 1) / maps.panels_per_row;
  Svg svg(maps.width, top + step * static_cast<double>(rows), maps.title);
  if (!maps.title.empty()) svg.text(0, 18, maps.title, "start", kTitlePx, kTitleStyle);
  for (size_t i = 0; i < maps.panels.size(); ++i) {
    const DensityPanel& panel = maps.panels[i];
    RADGEN_CHECK(
        panel.rows > 0 && panel.columns > 0 && panel.values.size() == panel.rows * panel.columns,
        "a map needs a value for each cell");
    draw_panel(svg, panel, maps, static_cast<double>(i % maps.panels_per_row) * (side + kGap),
               top + static_cast<double>(i / maps.panels_per_row) * step, side, height);
  }
  return svg.str();
}

}  // namespace radgen::pages

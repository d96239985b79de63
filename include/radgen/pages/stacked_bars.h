// Horizontal bars made of parts: how a whole is divided, a row for each group.
//
//   StackedBars bars{.title = "Labels", .x_label = "share of studies"};
//   bars.parts = {"positive", "uncertain"};
//   bars.rows.push_back({"Edema", {0.08, 0.02}, "712 + 180"});
//   page.figure(stacked_bars_svg(bars));
#pragma once

#include <string>
#include <vector>

namespace radgen::pages {

struct StackedRow {
  std::string name;
  std::vector<double> values;  // one for each part, 0 or above
  std::string note;            // behind the bar
};

struct StackedBars {
  std::string title, x_label;
  std::vector<std::string> parts;
  std::vector<StackedRow> rows;
  double high = 0;       // end of the axis; 0: from the data
  bool is_share = true;  // the axis in per cent
  double width = 720;
};
std::string stacked_bars_svg(const StackedBars& bars);

}  // namespace radgen::pages

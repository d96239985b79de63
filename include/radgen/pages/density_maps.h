// Small multiples of maps: where things lie in an image, a panel for each kind, each scaled to its
// own maximum.
//
//   DensityMaps maps{.title = "Where the boxes lie"};
//   maps.panels.push_back({"Pneumothorax", "812 boxes", rows, columns, values});   // row major
//   page.figure(density_maps_svg(maps));
#pragma once

#include <string>
#include <vector>

namespace radgen::pages {

struct DensityPanel {
  std::string title, note;
  size_t rows = 0, columns = 0;
  std::vector<double> values;  // rows x columns, row major, 0 or above
};

struct DensityMaps {
  std::string title;
  std::vector<DensityPanel> panels;
  std::string left_mark, right_mark;  // at the lower corners of every panel; may be empty
  double width = 720;
  size_t panels_per_row = 4;
};
std::string density_maps_svg(const DensityMaps& maps);

}  // namespace radgen::pages

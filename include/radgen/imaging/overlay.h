// Drawing evidence over a film: a heat map of attention and boxes with labels, for people to look
// at.
//
//   cv::Mat shown = draw_overlay(film.pixels, map, map_box, {{box, "left pleural effusion"}});
//   write_png("sentence.png", shown);
//
// The film stays readable: where the map is low nothing is tinted, and boxes are one or two pixels
// wide.
#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "radgen/core/geometry.h"

namespace radgen {

struct LabelledBox {
  Box box;            // film pixels
  std::string label;  // may be empty; characters outside of ASCII become '?'
};

struct OverlayStyle {
  int max_side_px = 1024;      // the result's longer side; never enlarged. 0: the film's own size
  double heat_opacity = 0.55;  // of the map's strongest place
  double heat_floor = 0.25;    // share of the map's maximum below which nothing is tinted
  cv::Scalar box_color = {80, 220, 255};  // blue, green, red
  int box_width_px = 0;                   // 0: by size, 1 or 2
  bool has_labels = true;
};

// CV_8UC3 (blue, green, red). `film` CV_16UC1; `map` CV_32FC1 over the rectangle `map_box` of the
// film's pixels, values 0 and above, or empty for none; it is scaled to its own maximum. Throws
// Error{kInternal} on other types.
cv::Mat draw_overlay(const cv::Mat& film, const cv::Mat& map, const Box& map_box,
                     const std::vector<LabelledBox>& boxes, const OverlayStyle& style = {});

// The same for boxes without labels.
cv::Mat draw_overlay(const cv::Mat& film, const cv::Mat& map, const Box& map_box,
                     const std::vector<Box>& boxes, const OverlayStyle& style = {});

}  // namespace radgen

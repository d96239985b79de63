// Vertical histogram for pages: one filled series and outlines of others over the same bins, each
// as a share of its own total, so that splits of very different size can be compared.
//
//   Histogram h{.title = "Report length", .x_label = "tokens", .low = 0, .high = 200};
//   h.series.push_back({"train", shares});               // shares of each bin, 0..1
//   page.figure(histogram_svg(h));
#pragma once

#include <string>
#include <vector>

namespace radgen::pages {

struct HistogramSeries {
  std::string name;
  std::vector<double> shares;  // one for each bin; all series have as many
};

struct Histogram {
  std::string title, x_label, y_label = "share";
  double low = 0, high = 1;             // the edges of the first and the last bin
  std::vector<HistogramSeries> series;  // the first is filled
  std::vector<std::string> bin_names;   // instead of a numeric axis, where given
  double width = 720, height = 300;
};
std::string histogram_svg(const Histogram& histogram);

}  // namespace radgen::pages

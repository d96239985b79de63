#include "radgen/imaging/overlay.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "radgen/core/error.h"
#include "radgen/imaging/image.h"

namespace radgen {
namespace {

// The map on the shown image's pixels, 0..1, bilinear between the centres of its cells.
cv::Mat spread_map(const cv::Mat& map, const Box& map_box, const cv::Size& size) {
  double highest = 0;
  cv::minMaxLoc(map, nullptr, &highest);
  cv::Mat spread = cv::Mat::zeros(size, CV_32F);
  if (!(highest > 0) || map_box.area() == 0) return spread;
  // Cell (u, v) has its centre at map_box.x + (u + 0.5) * w / cols; pixel (x, y) at x + 0.5.
  const double sx = map_box.w / map.cols, sy = map_box.h / map.rows;
  const cv::Matx23d to_map(1 / sx, 0, (0.5 - map_box.x) / sx - 0.5, 0, 1 / sy,
                           (0.5 - map_box.y) / sy - 0.5);
  cv::warpAffine(map, spread, to_map, size, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                 cv::BORDER_REPLICATE);
  // Nothing is known outside of the map's rectangle.
  cv::Mat inside = cv::Mat::zeros(size, CV_8U);
  const cv::Rect rectangle =
      cv::Rect(static_cast<int>(std::lround(map_box.x)), static_cast<int>(std::lround(map_box.y)),
               static_cast<int>(std::lround(map_box.w)), static_cast<int>(std::lround(map_box.h))) &
      cv::Rect({0, 0}, size);
  inside(rectangle) = 255;
  spread.setTo(0, inside == 0);
  return cv::max(spread / highest, 0);
}

// Tints by the inferno map (perceptually even, no red-green step); opacity grows from the floor to
// the maximum.
void tint(cv::Mat& shown, const cv::Mat& strength, const OverlayStyle& style) {
  cv::Mat levels, colors;
  strength.convertTo(levels, CV_8U, 255);
  cv::applyColorMap(levels, colors, cv::COLORMAP_INFERNO);
  for (int y = 0; y < shown.rows; ++y) {
    auto* pixel = shown.ptr<cv::Vec3b>(y);
    const auto* color = colors.ptr<cv::Vec3b>(y);
    const auto* value = strength.ptr<float>(y);
    for (int x = 0; x < shown.cols; ++x) {
      const double above = (value[x] - style.heat_floor) / (1 - style.heat_floor);
      const double alpha = style.heat_opacity * std::clamp(above, 0.0, 1.0);
      if (alpha <= 0) continue;
      for (int c = 0; c < 3; ++c)
        pixel[x][c] = cv::saturate_cast<uchar>((1 - alpha) * pixel[x][c] + alpha * color[x][c]);
    }
  }
}

std::string plain(const std::string& label) {
  std::string text = label;
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < 32 || c > 126; }, '?');
  return text;
}

void draw_label(cv::Mat& shown, const cv::Rect& box, const std::string& label,
                const OverlayStyle& style) {
  const double scale = std::clamp(std::max(shown.cols, shown.rows) / 1800.0, 0.35, 0.7);
  int baseline = 0;
  const cv::Size size = cv::getTextSize(label, cv::FONT_HERSHEY_SIMPLEX, scale, 1, &baseline);
  const cv::Size plate(size.width + 6, size.height + baseline + 4);
  const int x = std::clamp(box.x, 0, std::max(0, shown.cols - plate.width));
  const int above = box.y - plate.height;
  const int y =
      above >= 0 ? above : std::min(box.y + box.height, std::max(0, shown.rows - plate.height));
  const cv::Rect area = cv::Rect({x, y}, plate) & cv::Rect(0, 0, shown.cols, shown.rows);
  if (area.empty()) return;
  shown(area) *= 0.35;  // a dark plate that lets the film through
  cv::putText(shown, label, {x + 3, y + size.height + 2}, cv::FONT_HERSHEY_SIMPLEX, scale,
              style.box_color, 1, cv::LINE_AA);
}

void draw_box(cv::Mat& shown, const LabelledBox& item, const OverlayStyle& style) {
  const Box visible = clip(item.box, shown.cols, shown.rows);
  if (visible.area() == 0) return;
  const cv::Point first(static_cast<int>(std::lround(visible.x)),
                        static_cast<int>(std::lround(visible.y)));
  const cv::Point last(static_cast<int>(std::lround(visible.x + visible.w)) - 1,
                       static_cast<int>(std::lround(visible.y + visible.h)) - 1);
  const int width = style.box_width_px > 0                    ? style.box_width_px
                    : std::max(shown.cols, shown.rows) >= 700 ? 2
                                                              : 1;
  // A dark line outside keeps the box visible on bone.
  cv::rectangle(shown, first - cv::Point(1, 1), last + cv::Point(1, 1), cv::Scalar(0, 0, 0), 1);
  for (int i = 0; i < width; ++i)
    cv::rectangle(shown, first + cv::Point(i, i), last - cv::Point(i, i), style.box_color, 1);
  if (style.has_labels && !item.label.empty())
    draw_label(shown, cv::Rect(first, last), plain(item.label), style);
}

}  // namespace

cv::Mat draw_overlay(const cv::Mat& film, const cv::Mat& map, const Box& map_box,
                     const std::vector<LabelledBox>& boxes, const OverlayStyle& style) {
  RADGEN_CHECK(film.type() == CV_16UC1 && !film.empty(), "an overlay is drawn over 16-bit grey");
  RADGEN_CHECK(map.empty() || map.type() == CV_32FC1, "an attention map is CV_32FC1");
  RADGEN_CHECK(style.heat_floor >= 0 && style.heat_floor < 1, "heat_floor is 0 to below 1");
  const int longest = std::max(film.cols, film.rows);
  const Fitted fitted = resize_long_side(film, style.max_side_px > 0 ? style.max_side_px : longest);
  cv::Mat gray, shown;
  fitted.image.convertTo(gray, CV_8U, 1 / 257.0);
  cv::cvtColor(gray, shown, cv::COLOR_GRAY2BGR);
  if (!map.empty())
    tint(shown, spread_map(map, fitted.transform.apply(map_box), shown.size()), style);
  for (const LabelledBox& item : boxes)
    draw_box(shown, {fitted.transform.apply(item.box), item.label}, style);
  return shown;
}

cv::Mat draw_overlay(const cv::Mat& film, const cv::Mat& map, const Box& map_box,
                     const std::vector<Box>& boxes, const OverlayStyle& style) {
  std::vector<LabelledBox> labelled;
  for (const Box& box : boxes) labelled.push_back({box, ""});
  return draw_overlay(film, map, map_box, labelled, style);
}

}  // namespace radgen

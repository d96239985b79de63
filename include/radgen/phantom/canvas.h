// Drawing primitives of the phantom: smooth curves, tubes with an exact path-length profile, noise
// fields, polygons.
//
//   Canvas canvas = Canvas::for_film(512);
//   cv::Mat layer = canvas.layer();
//   // mm in, mm of path length out
//   stamp_tube(canvas, layer, {{100, 80}, {120, 140}}, {4, 3}, solid_tube);
//
// All geometry is in body millimetres: x to the image's right (the patient's left), y down, (0,
// 0) the film's top-left corner, 350 x 430 the film's field. A canvas is larger than the film by a
// margin, so that a tilted patient leaves no empty corner. Layers are CV_32FC1. Nothing here keeps
// state: the same input gives the same pixels.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <opencv2/core.hpp>
#include <vector>

#include "radgen/core/random.h"

namespace radgen::phantom {

inline constexpr double kFieldWidth_mm = 350;
inline constexpr double kFieldHeight_mm = 430;
inline constexpr double kMargin_mm = 24;

using Point = cv::Point2d;
using Path = std::vector<Point>;

struct Canvas {
  double px_per_mm = 1;
  int width = 0, height = 0;
  static Canvas for_film(int long_side_px, double field_scale = 1);
  cv::Mat layer() const { return cv::Mat::zeros(height, width, CV_32F); }
  double x_mm(double column) const { return (column + 0.5) / px_per_mm - kMargin_mm; }
  double y_mm(double row) const { return (row + 0.5) / px_per_mm - kMargin_mm; }
  double column(double x) const { return (x + kMargin_mm) * px_per_mm - 0.5; }
  double row(double y) const { return (y + kMargin_mm) * px_per_mm - 0.5; }
  cv::Rect rect(double x0, double y0, double x1,
                double y1) const;  // pixels of a rectangle in mm, clipped
};

// A monotone-preserving cubic through knots (Fritsch and Carlson 1980), flat beyond the ends. Knots
// sorted by x.
class Curve {
 public:
  Curve() = default;
  explicit Curve(std::vector<Point> knots);
  double at(double x) const;
  double slope(double x) const { return (at(x + 0.5) - at(x - 0.5)); }

 private:
  std::vector<Point> knots_;
  std::vector<double> tangents_;
};

// Path length through a tube (or disc) of radius 1 at distance q (0..1) from its axis, as a table:
// a call per pixel would cost more than all the rest.
class TubeProfile {
 public:
  static constexpr int kSteps = 256;
  template <class Function>
  requires std::invocable<Function, float> TubeProfile(
      Function depth) {  // NOLINT(google-explicit-constructor): a formula is a profile
    for (int i = 0; i <= kSteps; ++i)
      table_[static_cast<size_t>(i)] = static_cast<float>(depth(static_cast<float>(i) / kSteps));
  }
  float at(double q) const {  // 0 <= q < 1
    const double position = q * kSteps;
    const auto k = static_cast<size_t>(position);
    return table_[k] +
           static_cast<float>(position - static_cast<double>(k)) * (table_[k + 1] - table_[k]);
  }

 private:
  std::array<float, kSteps + 2> table_{};
};
inline const TubeProfile solid_tube([](float q) { return std::sqrt(1 - q * q); });
// `wall` is the wall's share of the radius, `filling` the density inside it.
TubeProfile hollow_tube(double wall, double filling = 0.12);

// Writes max(layer, path length) along a path. `radii` and `weights` (factor on the path length)
// are one a point, or one for all. Tubes thinner than a pixel are drawn a pixel wide with less
// contrast, so that their mass is right.
void stamp_tube(const Canvas& canvas, cv::Mat& layer, const Path& path,
                const std::vector<double>& radii, const TubeProfile& profile,
                const std::vector<double>& weights = {1});

// The path as evenly spaced points on a Catmull-Rom spline, `step_mm` apart.
Path smooth_path(const Path& knots, double step_mm = 3);

// Fills a polygon (0..1), edges softened by a Gaussian of `softness_mm`; writes max(layer, value).
void stamp_polygon(const Canvas& canvas, cv::Mat& layer, const Path& polygon, double softness_mm,
                   double value = 1);

// An ellipse whose value falls off by `profile` of the normalised radius 0..1 (solid_tube: an
// ellipsoid's path length).
void stamp_ellipse(const Canvas& canvas, cv::Mat& layer, Point center, double radius_x,
                   double radius_y, double angle_degrees, const TubeProfile& profile, double value);

// Smooth noise, mean 0, about unit variance, features of `scale_mm`. The same field whatever the
// resolution.
cv::Mat noise_field(const Canvas& canvas, Random random, double scale_mm);

inline double smooth_step(double low, double high, double x) {
  const double t = std::min(1.0, std::max(0.0, (x - low) / (high - low)));
  return t * t * (3 - 2 * t);
}

}  // namespace radgen::phantom

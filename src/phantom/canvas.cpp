#include "radgen/phantom/canvas.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace radgen::phantom {
namespace {

double at_or_last(const std::vector<double>& values, size_t i) {
  return values[std::min(i, values.size() - 1)];
}

}  // namespace

Canvas Canvas::for_film(int long_side_px, double field_scale) {
  Canvas canvas;
  canvas.px_per_mm = long_side_px / (kFieldHeight_mm * field_scale);
  canvas.width = static_cast<int>(std::ceil((kFieldWidth_mm + 2 * kMargin_mm) * canvas.px_per_mm));
  canvas.height =
      static_cast<int>(std::ceil((kFieldHeight_mm + 2 * kMargin_mm) * canvas.px_per_mm));
  return canvas;
}

cv::Rect Canvas::rect(double x0, double y0, double x1, double y1) const {
  const int left = std::clamp(static_cast<int>(std::floor(column(x0))), 0, width);
  const int top = std::clamp(static_cast<int>(std::floor(row(y0))), 0, height);
  const int right = std::clamp(static_cast<int>(std::ceil(column(x1))) + 1, left, width);
  const int bottom = std::clamp(static_cast<int>(std::ceil(row(y1))) + 1, top, height);
  return {left, top, right - left, bottom - top};
}

Curve::Curve(std::vector<Point> knots) : knots_(std::move(knots)), tangents_(knots_.size(), 0) {
  const size_t n = knots_.size();
  for (size_t i = 1; i + 1 < n; ++i) {
    const double h0 = knots_[i].x - knots_[i - 1].x, h1 = knots_[i + 1].x - knots_[i].x;
    const double s0 = (knots_[i].y - knots_[i - 1].y) / h0,
                 s1 = (knots_[i + 1].y - knots_[i].y) / h1;
    if (s0 * s1 > 0) tangents_[i] = (h0 + h1) * 3 / ((2 * h1 + h0) / s0 + (h1 + 2 * h0) / s1);
  }
  if (n > 1) {
    tangents_[0] = (knots_[1].y - knots_[0].y) / (knots_[1].x - knots_[0].x);
    tangents_[n - 1] = (knots_[n - 1].y - knots_[n - 2].y) / (knots_[n - 1].x - knots_[n - 2].x);
  }
}

double Curve::at(double x) const {
  if (x <= knots_.front().x) return knots_.front().y;
  if (x >= knots_.back().x) return knots_.back().y;
  size_t i = 0;
  while (knots_[i + 1].x < x) ++i;
  const double h = knots_[i + 1].x - knots_[i].x, t = (x - knots_[i].x) / h;
  const double t2 = t * t, t3 = t2 * t;
  return (2 * t3 - 3 * t2 + 1) * knots_[i].y + (t3 - 2 * t2 + t) * h * tangents_[i] +
         (3 * t2 - 2 * t3) * knots_[i + 1].y + (t3 - t2) * h * tangents_[i + 1];
}

TubeProfile hollow_tube(double wall, double filling) {
  const float inner = static_cast<float>(1 - wall), empty = static_cast<float>(1 - filling);
  return TubeProfile([inner, empty](float q) {
    const float outer = std::sqrt(1 - q * q);
    return q < inner ? outer - empty * std::sqrt(inner * inner - q * q) : outer;
  });
}

void stamp_tube(const Canvas& canvas, cv::Mat& layer, const Path& path,
                const std::vector<double>& radii, const TubeProfile& profile,
                const std::vector<double>& weights) {
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    const double x0 = canvas.column(path[i].x), y0 = canvas.row(path[i].y);
    const double dx = canvas.column(path[i + 1].x) - x0, dy = canvas.row(path[i + 1].y) - y0;
    const double r0 = at_or_last(radii, i) * canvas.px_per_mm;
    const double r1 = at_or_last(radii, i + 1) * canvas.px_per_mm;
    const double w0 = at_or_last(weights, i), w1 = at_or_last(weights, i + 1);
    constexpr double kLeastRadius_px = 0.9;
    const double reach = std::max({r0, r1, kLeastRadius_px});
    const double length2 = std::max(1e-9, dx * dx + dy * dy), length = std::sqrt(length2);
    const double unit_x = dx / length, unit_y = dy / length;
    const int top = std::max(0, static_cast<int>(std::ceil(std::min(y0, y0 + dy) - reach)));
    const int bottom =
        std::min(layer.rows - 1, static_cast<int>(std::floor(std::max(y0, y0 + dy) + reach)));
    for (int row = top; row <= bottom; ++row) {
      double low = std::min(x0, x0 + dx) - reach, high = std::max(x0, x0 + dx) + reach;
      if (std::abs(unit_y) > 0.05) {  // only the pixels near the line, not its whole bounding box
        const double middle = x0 + (row - y0) * unit_x / unit_y, half = reach / std::abs(unit_y);
        low = std::max(low, middle - half - 1), high = std::min(high, middle + half + 1);
      }
      float* pixels = layer.ptr<float>(row);
      const int left = std::max(0, static_cast<int>(std::ceil(low)));
      const int right = std::min(layer.cols - 1, static_cast<int>(std::floor(high)));
      for (int column = left; column <= right; ++column) {
        const double px = column - x0, py = row - y0;
        const double t = std::clamp((px * dx + py * dy) / length2, 0.0, 1.0);
        const double ex = px - t * dx, ey = py - t * dy;
        const double radius = r0 + (r1 - r0) * t, drawn = std::max(radius, kLeastRadius_px);
        const double q = std::sqrt(ex * ex + ey * ey) / drawn;
        if (q >= 1) continue;
        // Path length 2 r profile(q); a thin tube keeps its mass: area pi r^2 spread over the drawn
        // width.
        const double depth =
            2 * radius / canvas.px_per_mm * (radius / drawn) * (w0 + (w1 - w0) * t);
        const float value = static_cast<float>(depth) * profile.at(q);
        pixels[column] = std::max(pixels[column], value);
      }
    }
  }
}

Path smooth_path(const Path& knots, double step_mm) {
  Path path;
  const auto knot = [&](size_t i, int shift) {
    const auto last = static_cast<int>(knots.size()) - 1;
    return knots[static_cast<size_t>(std::clamp(static_cast<int>(i) + shift, 0, last))];
  };
  for (size_t i = 0; i + 1 < knots.size(); ++i) {
    const Point p0 = knot(i, -1), p1 = knot(i, 0), p2 = knot(i, 1), p3 = knot(i, 2);
    const int steps = std::max(1, static_cast<int>(std::ceil(cv::norm(p2 - p1) / step_mm)));
    for (int k = 0; k < steps; ++k) {
      const double t = static_cast<double>(k) / steps;
      path.push_back(0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t * t +
                            (3 * p1 - p0 - 3 * p2 + p3) * t * t * t));
    }
  }
  path.push_back(knots.back());
  return path;
}

void stamp_polygon(const Canvas& canvas, cv::Mat& layer, const Path& polygon, double softness_mm,
                   double value) {
  constexpr int kFraction = 4;
  double x0 = 1e9, y0 = 1e9, x1 = -1e9, y1 = -1e9;
  for (const Point& p : polygon) {
    x0 = std::min(x0, p.x), x1 = std::max(x1, p.x), y0 = std::min(y0, p.y), y1 = std::max(y1, p.y);
  }
  const double reach = 3 * softness_mm + 2;
  const cv::Rect area = canvas.rect(x0 - reach, y0 - reach, x1 + reach, y1 + reach);
  if (area.empty()) return;
  std::vector<cv::Point> points;
  for (const Point& p : polygon) {
    points.emplace_back(cvRound((canvas.column(p.x) - area.x) * (1 << kFraction)),
                        cvRound((canvas.row(p.y) - area.y) * (1 << kFraction)));
  }
  cv::Mat mask(area.size(), CV_8U, cv::Scalar(0)), soft;
  cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{points}, cv::Scalar(255), cv::LINE_AA,
               kFraction);
  mask.convertTo(soft, CV_32F, value / 255);
  const double sigma = softness_mm * canvas.px_per_mm;
  if (sigma > 0.3) cv::GaussianBlur(soft, soft, cv::Size(), sigma, sigma, cv::BORDER_REPLICATE);
  cv::Mat target = layer(area);
  cv::max(target, soft, target);
}

void stamp_ellipse(const Canvas& canvas, cv::Mat& layer, Point center, double radius_x,
                   double radius_y, double angle_degrees, const TubeProfile& profile,
                   double value) {
  const double reach = std::max(radius_x, radius_y);
  const cv::Rect area =
      canvas.rect(center.x - reach, center.y - reach, center.x + reach, center.y + reach);
  const double c = std::cos(angle_degrees * CV_PI / 180), s = std::sin(angle_degrees * CV_PI / 180);
  for (int row = area.y; row < area.y + area.height; ++row) {
    float* pixels = layer.ptr<float>(row);
    for (int column = area.x; column < area.x + area.width; ++column) {
      const double dx = canvas.x_mm(column) - center.x, dy = canvas.y_mm(row) - center.y;
      const double u = (c * dx + s * dy) / radius_x, v = (c * dy - s * dx) / radius_y;
      const double q = std::sqrt(u * u + v * v);
      if (q >= 1) continue;
      pixels[column] = std::max(pixels[column], static_cast<float>(value) * profile.at(q));
    }
  }
}

cv::Mat noise_field(const Canvas& canvas, Random random, double scale_mm) {
  const double step = scale_mm * 0.5;
  const int columns = static_cast<int>((kFieldWidth_mm + 2 * kMargin_mm) / step) + 4;
  const int rows = static_cast<int>((kFieldHeight_mm + 2 * kMargin_mm) / step) + 4;
  cv::Mat coarse(rows, columns, CV_32F);
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns;
         ++c) {  // variance 1 by the sum of three uniforms: fast, and no tails
      const uint64_t bits = random.bits();
      const double sum = static_cast<double>(bits & 0x1fffff) +
                         static_cast<double>((bits >> 21) & 0x1fffff) +
                         static_cast<double>(bits >> 43);
      coarse.at<float>(r, c) = static_cast<float>((sum / 0x200000 - 1.5) * 2);
    }
  }
  cv::GaussianBlur(coarse, coarse, cv::Size(), 0.8, 0.8, cv::BORDER_REPLICATE);
  cv::Mat fine;
  const double k = 1 / (step * canvas.px_per_mm);  // fine pixel -> coarse cell
  const cv::Mat map = (cv::Mat_<double>(2, 3) << k, 0, 1, 0, k, 1);
  cv::warpAffine(coarse, fine, map, cv::Size(canvas.width, canvas.height),
                 cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
  return fine * 2.6;  // the blur took most of the variance
}

}  // namespace radgen::phantom

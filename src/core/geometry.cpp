#include "radgen/core/geometry.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "radgen/core/error.h"

namespace radgen {

Box intersect(const Box& a, const Box& b) {
  const double x0 = std::max(a.x, b.x), y0 = std::max(a.y, b.y);
  const double x1 = std::min(a.x + a.w, b.x + b.w), y1 = std::min(a.y + a.h, b.y + b.h);
  if (x1 <= x0 || y1 <= y0) return {x0, y0, 0, 0};
  return {x0, y0, x1 - x0, y1 - y0};
}

Box clip(const Box& box, double width, double height) {
  const double x0 = std::clamp(box.x, 0.0, width), x1 = std::clamp(box.x + box.w, 0.0, width);
  const double y0 = std::clamp(box.y, 0.0, height), y1 = std::clamp(box.y + box.h, 0.0, height);
  return {x0, y0, std::max(0.0, x1 - x0), std::max(0.0, y1 - y0)};
}

Affine Affine::scale_shift(double sx, double sy, double tx, double ty) {
  return {{sx, 0, tx, 0, sy, ty}};
}

Affine Affine::then(const Affine& next) const {
  const auto& n = next.m;
  return {{n[0] * m[0] + n[1] * m[3], n[0] * m[1] + n[1] * m[4], n[0] * m[2] + n[1] * m[5] + n[2],
           n[3] * m[0] + n[4] * m[3], n[3] * m[1] + n[4] * m[4], n[3] * m[2] + n[4] * m[5] + n[5]}};
}

Affine Affine::inverse() const {
  const double det = m[0] * m[4] - m[1] * m[3];
  RADGEN_CHECK(std::isfinite(det) && det != 0, "a transform without an inverse");
  const double a = m[4] / det, b = -m[1] / det, d = -m[3] / det, e = m[0] / det;
  return {{a, b, -(a * m[2] + b * m[5]), d, e, -(d * m[2] + e * m[5])}};
}

std::array<double, 2> Affine::apply(double x, double y) const {
  return {m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]};
}

Box Affine::apply(const Box& box) const {
  const auto p = apply(box.x, box.y);
  const auto q = apply(box.x + box.w, box.y + box.h);
  return {std::min(p[0], q[0]), std::min(p[1], q[1]), std::abs(q[0] - p[0]), std::abs(q[1] - p[1])};
}

void to_json(nlohmann::json& j, const Box& box) {
  j = {{"x", box.x}, {"y", box.y}, {"w", box.w}, {"h", box.h}};
}

void from_json(const nlohmann::json& j, Box& box) {
  box = {j.at("x").get<double>(), j.at("y").get<double>(), j.at("w").get<double>(),
         j.at("h").get<double>()};
}

void to_json(nlohmann::json& j, const Affine& a) { j = a.m; }

void from_json(const nlohmann::json& j, Affine& a) { a.m = j.get<std::array<double, 6>>(); }

}  // namespace radgen

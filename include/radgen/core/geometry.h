// Boxes in images and the maps between image spaces (stored film, upright film, prepared
// image, patch grid).
//
// A Box has its origin in the top-left corner of the top-left pixel; x, y, w, h are in pixels,
// edges not centres: the whole of an image of W x H is Box{0, 0, W, H}.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>

namespace radgen {

struct Box {
  double x = 0, y = 0, w = 0, h = 0;
  double area() const { return w > 0 && h > 0 ? w * h : 0; }
  bool operator==(const Box&) const = default;
};

Box intersect(const Box& a, const Box& b);  // w = h = 0 when disjoint
double iou(const Box& a, const Box& b);     // 0 when both are empty
Box clip(const Box& box, double width, double height);

// x' = m[0] x + m[1] y + m[2];  y' = m[3] x + m[4] y + m[5]. Only quarter turns, mirrors, scale and
// shift are used, so boxes stay boxes.
struct Affine {
  std::array<double, 6> m{1, 0, 0, 0, 1, 0};
  static Affine scale_shift(double sx, double sy, double tx, double ty);
  Affine then(const Affine& next) const;  // first this, then `next`
  Affine inverse() const;
  std::array<double, 2> apply(double x, double y) const;
  Box apply(const Box& box) const;  // the axis-parallel box of the image
  bool operator==(const Affine&) const = default;
};

void to_json(nlohmann::json& j, const Box& box);  // {"x":..,"y":..,"w":..,"h":..}
void from_json(const nlohmann::json& j, Box& box);
void to_json(nlohmann::json& j, const Affine& a);  // array of six
void from_json(const nlohmann::json& j, Affine& a);

}  // namespace radgen

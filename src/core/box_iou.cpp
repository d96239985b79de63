#include "radgen/core/box_iou.h"

#include <algorithm>

namespace radgen {

double union_iou(const std::vector<Box>& a, const std::vector<Box>& b) {
  std::vector<double> xs, ys;
  for (const std::vector<Box>* set : {&a, &b})
    for (const Box& box : *set) {
      xs.insert(xs.end(), {box.x, box.x + box.w});
      ys.insert(ys.end(), {box.y, box.y + box.h});
    }
  std::sort(xs.begin(), xs.end());
  std::sort(ys.begin(), ys.end());
  auto covers = [](const std::vector<Box>& boxes, double x, double y) {
    return std::any_of(boxes.begin(), boxes.end(), [&](const Box& box) {
      return x >= box.x && x < box.x + box.w && y >= box.y && y < box.y + box.h;
    });
  };
  double both = 0, any = 0;
  for (size_t i = 0; i + 1 < xs.size(); ++i)
    for (size_t j = 0; j + 1 < ys.size(); ++j) {
      const double area = (xs[i + 1] - xs[i]) * (ys[j + 1] - ys[j]);
      if (area <= 0) continue;
      const double x = (xs[i] + xs[i + 1]) / 2, y = (ys[j] + ys[j + 1]) / 2;
      const bool in_a = covers(a, x, y), in_b = covers(b, x, y);
      if (in_a && in_b) both += area;
      if (in_a || in_b) any += area;
    }
  return any > 0 ? both / any : 0;
}

double iou(const Box& a, const Box& b) { return union_iou({a}, {b}); }

}  // namespace radgen

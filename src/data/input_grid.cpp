#include "radgen/data/input_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "radgen/core/error.h"

namespace radgen {
namespace {

constexpr int kPointsPerSide = 8;

bool is_inside(const Box& box, double x, double y) {
  return x >= box.x && x < box.x + box.w && y >= box.y && y < box.y + box.h;
}

// Patches that an axis-parallel box in the input touches: first and one behind the last.
std::pair<int64_t, int64_t> touched(double begin, double length, int64_t patch_px, int64_t count) {
  const double side = static_cast<double>(patch_px), most = static_cast<double>(count);
  return {static_cast<int64_t>(std::clamp(std::floor(begin / side), 0.0, most)),
          static_cast<int64_t>(std::clamp(std::ceil((begin + length) / side), 0.0, most))};
}

}  // namespace

InputGrid make_input_grid(int64_t width_px, int64_t height_px, int64_t patch_px) {
  if (patch_px <= 0 || width_px % patch_px != 0 || height_px % patch_px != 0) {
    throw Error(ErrorCode::kConfig,
                fmt::format("data: an input of {} x {} px cannot be cut into patches of {} px",
                            width_px, height_px, patch_px),
                "model_input.width_px and model_input.height_px must be multiples of patch_px");
  }
  return {height_px / patch_px, width_px / patch_px, patch_px};
}

void cover_patches(const InputGrid& grid, const std::vector<Box>& boxes,
                   const Affine& image_to_input, std::span<float> out) {
  RADGEN_CHECK(out.size() == grid.size(), "one value a patch");
  std::ranges::fill(out, 0.0f);
  const Affine input_to_image = image_to_input.inverse();
  const double step = static_cast<double>(grid.patch_px) / kPointsPerSide;
  std::vector<char> is_counted(grid.size(), 0);
  for (const Box& box : boxes) {
    const Box hull = image_to_input.apply(box);
    const auto [top, bottom] = touched(hull.y, hull.h, grid.patch_px, grid.rows);
    const auto [left, right] = touched(hull.x, hull.w, grid.patch_px, grid.columns);
    for (int64_t row = top; row < bottom; ++row) {
      for (int64_t column = left; column < right; ++column) {
        const auto n = static_cast<size_t>(row * grid.columns + column);
        if (is_counted[n]) continue;  // the points below ask all boxes at once
        is_counted[n] = 1;
        int inside = 0;
        for (int i = 0; i < kPointsPerSide * kPointsPerSide; ++i) {
          const double x =
              static_cast<double>(column * grid.patch_px) + (i % kPointsPerSide + 0.5) * step;
          const double y =
              static_cast<double>(row * grid.patch_px) + (i / kPointsPerSide + 0.5) * step;
          const auto point = input_to_image.apply(x, y);
          inside += std::ranges::any_of(
              boxes, [&](const Box& b) { return is_inside(b, point[0], point[1]); });
        }
        out[n] = static_cast<float>(inside) / (kPointsPerSide * kPointsPerSide);
      }
    }
  }
}

}  // namespace radgen

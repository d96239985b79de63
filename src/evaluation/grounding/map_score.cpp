// Scores of one map: the raster, and the maps that the ceiling and strangers' boxes are scored by.
#include <algorithm>
#include <cmath>

#include "radgen/evaluation/grounding/grounding.h"

namespace radgen::evaluation {
namespace {

// Where a raster coordinate falls between the cells of a map, along one axis.
struct Tap {
  int low = -1, high = -1;  // -1: outside the map's rectangle
  float share = 0;          // of `high`
};

std::vector<Tap> taps(int raster, double length_px, double map_begin, double map_length,
                      int cells) {
  std::vector<Tap> result(static_cast<size_t>(raster));
  for (int i = 0; i < raster; ++i) {
    const double position = (i + 0.5) * length_px / raster;
    const double along = (position - map_begin) / map_length * cells;
    if (along < 0 || along > cells) continue;
    const double centred = std::clamp(along - 0.5, 0.0, static_cast<double>(cells - 1));
    Tap& tap = result[static_cast<size_t>(i)];
    tap.low = std::min(static_cast<int>(centred), cells - 1);
    tap.high = std::min(tap.low + 1, cells - 1);
    tap.share = static_cast<float>(centred - tap.low);
  }
  return result;
}

double overlap(double a_begin, double a_end, double b_begin, double b_end) {
  return std::max(0.0, std::min(a_end, b_end) - std::max(a_begin, b_begin));
}

// Share of every cell of a rows x columns grid over `area` that the union of the boxes covers
// (boxes that overlap each other inside one cell are counted up to 1).
std::vector<float> coverage(const std::vector<Box>& boxes, int rows, int columns, const Box& area) {
  std::vector<float> result(static_cast<size_t>(rows) * static_cast<size_t>(columns), 0.0f);
  const double cell_w = area.w / columns, cell_h = area.h / rows;
  for (const Box& box : boxes) {
    std::vector<float> across(static_cast<size_t>(columns));
    for (int x = 0; x < columns; ++x) {
      const double begin = area.x + x * cell_w;
      across[static_cast<size_t>(x)] =
          static_cast<float>(overlap(begin, begin + cell_w, box.x, box.x + box.w) / cell_w);
    }
    for (int y = 0; y < rows; ++y) {
      const double begin = area.y + y * cell_h;
      const float down =
          static_cast<float>(overlap(begin, begin + cell_h, box.y, box.y + box.h) / cell_h);
      if (down <= 0) continue;
      float* row = &result[static_cast<size_t>(y) * static_cast<size_t>(columns)];
      for (int x = 0; x < columns; ++x) {
        row[x] = std::min(1.0f, row[x] + down * across[static_cast<size_t>(x)]);
      }
    }
  }
  return result;
}

// What one pass over the raster collects.
struct Tally {
  // By level that a pixel reaches (0: below the first threshold): covered area and pixels.
  std::array<double, kLevels + 1> covered{}, pixels{};
  double covered_all = 0, sum = 0, sum_inside = 0;
  double squares = 0, squares_inside = 0, all = 0;
  double sum_right = 0, covered_right = 0;  // in the right half of the image
  float peak = -1;
  double peaks = 0, peaks_inside = 0;

  void add(float value, float cover, bool is_right) {
    const size_t reached = static_cast<size_t>(
        std::clamp(static_cast<int>(value * (kLevels + 1) + 1e-4f), 0, kLevels));
    pixels[reached] += 1;
    covered[reached] += cover;
    all += 1;
    sum += value;
    sum_inside += value * cover;
    squares += value * value;
    squares_inside += value * value * cover;
    if (is_right) {
      sum_right += value;
      covered_right += cover;
    }
    if (value > peak + 1e-6f) {
      peak = value;
      peaks = peaks_inside = 0;
    }
    if (value >= peak - 1e-6f) {
      peaks += 1;
      if (cover > 0) peaks_inside += 1;
    }
  }
};

// (mean inside - mean outside) / sqrt(variance inside + variance outside); NaN where the boxes
// cover all or nothing, or nothing varies.
float contrast(const Tally& tally) {
  const double inside = tally.covered_all, outside = tally.all - tally.covered_all;
  if (inside <= 0 || outside <= 0) return static_cast<float>(kUndefined);
  const double mean_in = tally.sum_inside / inside;
  const double mean_out = (tally.sum - tally.sum_inside) / outside;
  const double variance_in = tally.squares_inside / inside - mean_in * mean_in;
  const double variance_out =
      (tally.squares - tally.squares_inside) / outside - mean_out * mean_out;
  const double noise = std::max(0.0, variance_in) + std::max(0.0, variance_out);
  return static_cast<float>(noise > 1e-12 ? (mean_in - mean_out) / std::sqrt(noise) : kUndefined);
}

MapScore from_tally(const Tally& tally) {
  MapScore score;
  double inside = 0, marked = 0;
  for (int level = kLevels - 1; level >= 0; --level) {
    inside += tally.covered[static_cast<size_t>(level) + 1];
    marked += tally.pixels[static_cast<size_t>(level) + 1];
    const double all = marked + tally.covered_all - inside;
    score.iou[static_cast<size_t>(level)] = all > 0 ? static_cast<float>(inside / all) : 0.0f;
    if (level == kDefaultLevel) {
      score.both_px = static_cast<float>(inside);
      score.either_px = static_cast<float>(all);
      score.area = static_cast<float>(marked / tally.all);
    }
  }
  score.cnr = contrast(tally);
  if (tally.sum > 0) score.right_share = static_cast<float>(tally.sum_right / tally.sum);
  if (tally.covered_all > 0) {
    score.box_right_share = static_cast<float>(tally.covered_right / tally.covered_all);
  }
  score.pointing = static_cast<float>(tally.peaks > 0 ? tally.peaks_inside / tally.peaks : 0);
  score.mass = static_cast<float>(tally.sum > 0 ? tally.sum_inside / tally.sum : 0);
  return score;
}

}  // namespace

MapScore score_map(const AttentionMap& map, const Box& map_box, const std::vector<Box>& boxes,
                   int width, int height) {
  const size_t cells =
      static_cast<size_t>(std::max(map.rows, 0)) * static_cast<size_t>(std::max(map.columns, 0));
  if (cells == 0 || map.values.size() != cells || map_box.area() <= 0 || width < 1 || height < 1) {
    return {};
  }
  std::vector<float> values = map.values;
  for (float& v : values) v = std::isfinite(v) && v > 0 ? v : 0.0f;
  const float maximum = *std::max_element(values.begin(), values.end());
  if (maximum <= 0) return {};
  double attention = 0;
  for (const float v : values) attention += v;
  for (float& v : values) v /= maximum;

  const double scale = std::min(1.0, static_cast<double>(kRasterPx) / std::max(width, height));
  const int raster_w = std::max(1, static_cast<int>(std::lround(width * scale)));
  const int raster_h = std::max(1, static_cast<int>(std::lround(height * scale)));
  const std::vector<float> cover = coverage(
      boxes, raster_h, raster_w, {0, 0, static_cast<double>(width), static_cast<double>(height)});
  const std::vector<Tap> across = taps(raster_w, width, map_box.x, map_box.w, map.columns);
  const std::vector<Tap> down = taps(raster_h, height, map_box.y, map_box.h, map.rows);

  Tally tally;
  for (const float c : cover) tally.covered_all += c;
  std::vector<float> line(static_cast<size_t>(map.columns));
  for (int y = 0; y < raster_h; ++y) {
    const Tap& v = down[static_cast<size_t>(y)];
    const float* cover_row = &cover[static_cast<size_t>(y) * static_cast<size_t>(raster_w)];
    if (v.low >= 0) {
      const float* top = &values[static_cast<size_t>(v.low) * line.size()];
      const float* bottom = &values[static_cast<size_t>(v.high) * line.size()];
      for (size_t x = 0; x < line.size(); ++x) line[x] = top[x] + v.share * (bottom[x] - top[x]);
    }
    for (int x = 0; x < raster_w; ++x) {
      const Tap& h = across[static_cast<size_t>(x)];
      if (v.low < 0 || h.low < 0) {
        tally.add(0, cover_row[x], 2 * x + 1 > raster_w);
        continue;
      }
      const float left = line[static_cast<size_t>(h.low)],
                  right = line[static_cast<size_t>(h.high)];
      tally.add(left + h.share * (right - left), cover_row[x], 2 * x + 1 > raster_w);
    }
  }
  MapScore score = from_tally(tally);
  score.attention = static_cast<float>(attention);
  score.raw_peak = maximum;
  return score;
}

AttentionMap coverage_map(const std::vector<Box>& boxes, int rows, int columns,
                          const Box& map_box) {
  return {rows, columns, coverage(boxes, rows, columns, map_box)};
}

AttentionMap boxes_as_map(const std::vector<Box>& boxes, int width, int height) {
  const double scale = std::min(1.0, static_cast<double>(kRasterPx) / std::max({width, height, 1}));
  const int columns = std::max(1, static_cast<int>(std::lround(width * scale)));
  const int rows = std::max(1, static_cast<int>(std::lround(height * scale)));
  return coverage_map(boxes, rows, columns,
                      {0, 0, static_cast<double>(width), static_cast<double>(height)});
}

}  // namespace radgen::evaluation

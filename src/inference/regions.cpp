#include "radgen/inference/regions.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "radgen/core/error.h"

namespace radgen {

namespace {

// of the grid on which parts are cut: an eighth of a patch is fine enough
constexpr int kUpsampledCellsPerPatch = 8;

cv::Mat upsample(const AttentionMap& map, int cells_per_patch) {
  const cv::Mat grid(map.rows, map.columns, CV_32F, const_cast<float*>(map.values.data()));
  cv::Mat fine;
  cv::resize(grid, fine, {map.columns * cells_per_patch, map.rows * cells_per_patch}, 0, 0,
             cv::INTER_LINEAR);
  return fine;
}

}  // namespace

AttentionMap mean_map(const std::vector<std::vector<float>>& token_maps,
                      const std::vector<size_t>& tokens, int rows, int columns) {
  AttentionMap map;
  if (tokens.empty()) return map;
  map.rows = rows;
  map.columns = columns;
  map.values.assign(static_cast<size_t>(rows) * columns, 0.0f);
  for (size_t token : tokens) {
    RADGEN_CHECK(token_maps.at(token).size() == map.values.size(),
                 "a token's map has another grid");
    for (size_t j = 0; j < map.values.size(); ++j) map.values[j] += token_maps[token][j];
  }
  for (float& value : map.values) value /= static_cast<float>(tokens.size());
  return map;
}

double map_mass(const AttentionMap& map) {
  return std::accumulate(map.values.begin(), map.values.end(), 0.0);
}

double map_entropy(const AttentionMap& map) {
  const double mass = map_mass(map);
  if (mass <= 0) return 0;
  double entropy = 0;
  for (float value : map.values) {
    const double p = value / mass;
    if (p > 0) entropy -= p * std::log(p);
  }
  return entropy;
}

double map_concentration(const AttentionMap& map) {
  if (map.values.size() < 2 || map_mass(map) <= 0) return 0;
  const double spread = map_entropy(map) / std::log(static_cast<double>(map.values.size()));
  return std::clamp(1 - spread, 0.0, 1.0);
}

std::vector<Box> find_regions(const AttentionMap& map, const Box& map_box, double threshold_of_max,
                              size_t most) {
  if (map.empty()) return {};
  const cv::Mat fine = upsample(map, kUpsampledCellsPerPatch);
  double peak = 0;
  cv::minMaxLoc(fine, nullptr, &peak);
  if (peak <= 0) return {};
  cv::Mat labels, stats, centroids;
  const int parts = cv::connectedComponentsWithStats(fine >= threshold_of_max * peak, labels, stats,
                                                     centroids, 8);

  std::vector<double> mass(static_cast<size_t>(parts), 0.0);
  for (int y = 0; y < fine.rows; ++y)
    for (int x = 0; x < fine.cols; ++x) mass[labels.at<int>(y, x)] += fine.at<float>(y, x);
  std::vector<int> order;
  for (int part = 1; part < parts; ++part) order.push_back(part);
  std::sort(order.begin(), order.end(), [&](int a, int b) { return mass[a] > mass[b]; });

  const Affine to_map_box =
      Affine::scale_shift(map_box.w / fine.cols, map_box.h / fine.rows, map_box.x, map_box.y);
  std::vector<Box> boxes;
  for (int part : order) {
    if (boxes.size() >= most || mass[part] < 0.1 * mass[order.front()]) break;
    const int* s = stats.ptr<int>(part);
    boxes.push_back(
        to_map_box.apply(Box{double(s[cv::CC_STAT_LEFT]), double(s[cv::CC_STAT_TOP]),
                             double(s[cv::CC_STAT_WIDTH]), double(s[cv::CC_STAT_HEIGHT])}));
  }
  return boxes;
}

std::vector<size_t> tokens_within(const std::vector<std::pair<size_t, size_t>>& spans, size_t begin,
                                  size_t end) {
  std::vector<size_t> tokens;
  for (size_t i = 0; i < spans.size(); ++i)
    if (spans[i].first < end && spans[i].second > begin) tokens.push_back(i);
  return tokens;
}

}  // namespace radgen

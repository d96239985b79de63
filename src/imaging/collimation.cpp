#include "imaging/collimation.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "radgen/core/error.h"

namespace radgen {
namespace {

constexpr double kBorderShare = 0.95;    // of a line's pixels that are black
constexpr double kBlackOfBright = 0.04;  // "black" as a share of the bright end
constexpr double kBrightPercentile = 0.99;
constexpr double kMinKept = 0.5;

double percentile(const cv::Mat& image, double share) {
  std::vector<size_t> histogram(65536, 0);
  for (int y = 0; y < image.rows; ++y) {
    const auto* row = image.ptr<uint16_t>(y);
    for (int x = 0; x < image.cols; ++x) ++histogram[row[x]];
  }
  auto left = static_cast<double>(image.total()) * share;
  for (size_t value = 0; value < histogram.size(); ++value) {
    left -= static_cast<double>(histogram[value]);
    if (left <= 0) return static_cast<double>(value);
  }
  return 65535;
}

// First and one past the last line that is no border.
std::pair<int, int> kept_lines(const std::vector<int>& black, int length) {
  const auto is_border = [&](int count) { return count >= kBorderShare * length; };
  int first = 0, last = static_cast<int>(black.size());
  while (first < last && is_border(black[static_cast<size_t>(first)])) ++first;
  while (last > first && is_border(black[static_cast<size_t>(last - 1)])) --last;
  if (last - first < kMinKept * static_cast<double>(black.size())) {
    return {0, static_cast<int>(black.size())};
  }
  return {first, last};
}

}  // namespace

cv::Rect exposed_field(const cv::Mat& image) {
  RADGEN_CHECK(image.type() == CV_16UC1 && !image.empty(), "a film is CV_16UC1");
  const double black = percentile(image, kBrightPercentile) * kBlackOfBright;
  std::vector<int> in_rows(static_cast<size_t>(image.rows), 0);
  for (int y = 0; y < image.rows; ++y) {
    const auto* row = image.ptr<uint16_t>(y);
    for (int x = 0; x < image.cols; ++x) in_rows[static_cast<size_t>(y)] += row[x] <= black;
  }
  const auto [top, bottom] = kept_lines(in_rows, image.cols);
  // Columns are judged between the border rows: a wide one must not make every column look dark.
  std::vector<int> in_columns(static_cast<size_t>(image.cols), 0);
  for (int y = top; y < bottom; ++y) {
    const auto* row = image.ptr<uint16_t>(y);
    for (int x = 0; x < image.cols; ++x) in_columns[static_cast<size_t>(x)] += row[x] <= black;
  }
  const auto [left, right] = kept_lines(in_columns, bottom - top);
  return {left, top, right - left, bottom - top};
}

}  // namespace radgen

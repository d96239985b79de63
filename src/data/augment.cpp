#include "radgen/data/augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "radgen/core/error.h"
#include "radgen/core/random.h"

namespace radgen {
namespace {

constexpr uint64_t kAugmentationStream = 0x617567;
constexpr int kTableShift = 4;  // the grey curve is tabulated for every 16th value
constexpr double kWhite = 65535;

// Around the middle of the input: turn and size, then shift.
Affine turn_about_middle(double degrees, double scale, double dx, double dy, double width,
                         double height) {
  const double angle = degrees * std::numbers::pi / 180;
  const double c = scale * std::cos(angle), s = scale * std::sin(angle);
  const double x = width / 2, y = height / 2;
  Affine turn;
  turn.m = {c, -s, x - c * x + s * y + dx, s, c, y - s * x - c * y + dy};
  return turn;
}

// OpenCV counts from the middle of the first pixel, we from its corner: half a pixel either way.
cv::Matx23d opencv_matrix(const Affine& a) {
  const auto& m = a.m;
  return {m[0], m[1], m[2] + (m[0] + m[1]) / 2 - 0.5, m[3], m[4], m[5] + (m[3] + m[4]) / 2 - 0.5};
}

void change_grey(cv::Mat& image, const Augmentation& a) {
  std::array<uint16_t, (65536 >> kTableShift)> table;
  for (size_t i = 0; i < table.size(); ++i) {
    const double grey = std::pow(static_cast<double>(i) / (table.size() - 1), a.gamma);
    const double value = (grey - 0.5) * a.contrast + 0.5 + a.brightness;
    table[i] = static_cast<uint16_t>(std::lround(std::clamp(value, 0.0, 1.0) * kWhite));
  }
  for (int y = 0; y < image.rows; ++y) {
    auto* row = image.ptr<uint16_t>(y);
    for (int x = 0; x < image.cols; ++x) row[x] = row[x] == 0 ? 0 : table[row[x] >> kTableShift];
  }
}

// The sum of four uniform numbers (Irwin-Hall) is normal enough for noise and costs one random word
// a pixel.
void add_noise(cv::Mat& image, double sd, uint64_t seed) {
  Random random(seed);
  const double unit_sd = 65536 * std::sqrt(4.0 / 12);
  const auto factor = static_cast<float>(sd * kWhite / unit_sd);
  for (int y = 0; y < image.rows; ++y) {
    auto* row = image.ptr<uint16_t>(y);
    for (int x = 0; x < image.cols; ++x) {
      const uint64_t bits = random.bits();
      const auto sum = static_cast<int>((bits & 0xFFFF) + ((bits >> 16) & 0xFFFF) +
                                        ((bits >> 32) & 0xFFFF) + (bits >> 48));
      const float value = row[x] + factor * static_cast<float>(sum - 2 * 65535);
      row[x] = static_cast<uint16_t>(std::clamp(value, 0.0f, static_cast<float>(kWhite)));
    }
  }
}

Box draw_erased(const AugmentConfig& config, Random& random, double width, double height) {
  const double share = random.uniform(0.2, 1) * config.erase_share;
  const double aspect = random.log_uniform(0.5, 2);
  const double w = std::min(width, std::sqrt(share * width * height * aspect));
  const double h = std::min(height, std::sqrt(share * width * height / aspect));
  return {random.uniform(0, 1) * (width - w), random.uniform(0, 1) * (height - h), w, h};
}

}  // namespace

Augmentation draw_augmentation(const AugmentConfig& config, int width_px, int height_px,
                               uint64_t seed, uint64_t epoch, uint64_t sample) {
  Augmentation a;
  if (!config.enabled) return a;
  Random random(seed, {epoch, sample, kAugmentationStream});
  const auto either_way = [&](double most) { return (2 * random.uniform() - 1) * most; };
  const double degrees = either_way(config.rotate_degrees), scale = 1 + either_way(config.scale);
  const double dx = either_way(config.shift) * width_px, dy = either_way(config.shift) * height_px;
  a.input_to_augmented = turn_about_middle(degrees, scale, dx, dy, width_px, height_px);
  a.gamma = std::exp(either_way(config.gamma));
  a.contrast = 1 + either_way(config.contrast);
  a.brightness = either_way(config.brightness);
  a.noise_sd = random.uniform() * config.noise_sd;
  a.noise_seed = random.bits();
  if (random.chance(config.erase_probability)) {
    a.erased = draw_erased(config, random, width_px, height_px);
  }
  return a;
}

cv::Mat apply_augmentation(const cv::Mat& input, const Augmentation& a) {
  RADGEN_CHECK(input.type() == CV_16UC1, "augmentation works on 16-bit grey");
  cv::Mat image;
  if (a.input_to_augmented == Affine()) {
    image = input.clone();
  } else {
    cv::warpAffine(input, image, opencv_matrix(a.input_to_augmented), input.size(),
                   cv::INTER_LINEAR, cv::BORDER_CONSTANT, cv::Scalar(0));
  }
  if (a.gamma != 1 || a.contrast != 1 || a.brightness != 0) change_grey(image, a);
  if (a.noise_sd > 0) add_noise(image, a.noise_sd, a.noise_seed);
  if (a.erased.area() > 0) {
    const cv::Rect area(static_cast<int>(a.erased.x), static_cast<int>(a.erased.y),
                        static_cast<int>(a.erased.w), static_cast<int>(a.erased.h));
    image(area & cv::Rect(0, 0, image.cols, image.rows)).setTo(cv::Scalar(kWhite / 2));
  }
  return image;
}

}  // namespace radgen

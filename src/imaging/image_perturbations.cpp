#include "radgen/imaging/image_perturbations.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "radgen/core/error.h"
#include "radgen/core/random.h"
#include "radgen/imaging/image.h"

namespace radgen {
namespace {

constexpr int kBlurRasterPx = 80;    // a blur of a tenth of the image needs no finer raster
constexpr double kBlurShare = 0.1;   // of the long side: the Gaussian's deviation
constexpr double kEdgeShare = 0.02;  // of the long side: the soft edge of a hidden region
// of the 99th percentile: what is brighter is no air around the patient
constexpr double kBodyShare = 0.1;
constexpr double kLeastBody = 0.1;  // of the image
constexpr int kBodyRasterPx = 256;

void check_image(const cv::Mat& image) {
  RADGEN_CHECK(image.type() == CV_16UC1 && !image.empty(), "a 16-bit grey picture is altered");
}

int long_side(const cv::Mat& image) { return std::max(image.rows, image.cols); }

// Weight of the blurred image at the pixel centres 0.5, 1.5, ... of one axis: 1 in [begin, end),
// falling outside.
std::vector<float> soft_weights(int count, double begin, double end, double edge) {
  std::vector<float> weights;
  for (int i = 0; i < count; ++i) {
    const double at = i + 0.5, outside = std::max({begin - at, at - end, 0.0});
    const double t = std::clamp(1 - outside / edge, 0.0, 1.0);
    weights.push_back(static_cast<float>(t * t * (3 - 2 * t)));
  }
  return weights;
}

double bright_value(const cv::Mat& image) {
  std::vector<uint16_t> values;
  for (int y = 0; y < image.rows; ++y) {
    const auto* row = image.ptr<uint16_t>(y);
    values.insert(values.end(), row, row + image.cols);
  }
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() * 99 / 100);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

cv::Mat blank_image(const cv::Mat& image) {
  check_image(image);
  return cv::Mat(image.size(), CV_16UC1, cv::mean(image));
}

cv::Mat noise_image(const cv::Mat& image, uint64_t seed) {
  check_image(image);
  cv::Scalar mean, deviation;
  cv::meanStdDev(image, mean, deviation);
  Random random(seed);
  cv::Mat noise(image.size(), CV_16UC1);
  for (int y = 0; y < noise.rows; ++y)
    for (int x = 0; x < noise.cols; ++x)
      noise.at<uint16_t>(y, x) = cv::saturate_cast<uint16_t>(random.normal(mean[0], deviation[0]));
  return noise;
}

cv::Mat mirrored_image(const cv::Mat& image) {
  check_image(image);
  cv::Mat mirrored;
  cv::flip(image, mirrored, /*flipCode=*/1);
  return mirrored;
}

cv::Mat strongly_blurred(const cv::Mat& image) {
  check_image(image);
  cv::Mat small, blurred;
  resize_long_side(image, kBlurRasterPx).image.convertTo(small, CV_32F);
  const double sigma = kBlurShare * long_side(small);
  cv::GaussianBlur(small, small, {}, sigma, sigma, cv::BORDER_REPLICATE);
  cv::resize(small, small, image.size(), 0, 0, cv::INTER_LINEAR);
  small.convertTo(blurred, CV_16U);
  return blurred;
}

cv::Mat with_hidden_region(const cv::Mat& image, const cv::Mat& blurred, const Box& box) {
  check_image(image);
  RADGEN_CHECK(blurred.type() == image.type() && blurred.size() == image.size(),
               "the blurred picture is another one");
  const double edge = std::max(1.0, kEdgeShare * long_side(image));
  const std::vector<float> across = soft_weights(image.cols, box.x, box.x + box.w, edge);
  const std::vector<float> down = soft_weights(image.rows, box.y, box.y + box.h, edge);
  cv::Mat hidden = image.clone();
  for (int y = 0; y < image.rows; ++y) {
    if (down[y] == 0) continue;
    for (int x = 0; x < image.cols; ++x) {
      const float weight = down[y] * across[x];
      hidden.at<uint16_t>(y, x) =
          cv::saturate_cast<uint16_t>(weight * static_cast<float>(blurred.at<uint16_t>(y, x)) +
                                      (1 - weight) * static_cast<float>(image.at<uint16_t>(y, x)));
    }
  }
  return hidden;
}

cv::Mat body_mask(const cv::Mat& image) {
  check_image(image);
  const cv::Mat small = resize_long_side(image, kBodyRasterPx).image;
  const cv::Mat bright = small > kBodyShare * bright_value(small);
  std::vector<std::vector<cv::Point>> outlines;
  cv::findContours(bright, outlines, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_NONE);
  const auto largest = std::max_element(
      outlines.begin(), outlines.end(),
      [](const auto& a, const auto& b) { return cv::contourArea(a) < cv::contourArea(b); });
  cv::Mat body = cv::Mat::zeros(small.size(), CV_8UC1);
  if (largest != outlines.end())
    cv::drawContours(body, outlines, static_cast<int>(largest - outlines.begin()), cv::Scalar(255),
                     cv::FILLED);
  if (cv::countNonZero(body) < kLeastBody * static_cast<double>(body.total())) body.setTo(255);
  cv::resize(body, body, image.size(), 0, 0, cv::INTER_NEAREST);
  return body;
}

}  // namespace radgen

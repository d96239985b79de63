#include "data/image_hash.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "radgen/core/error.h"

namespace radgen {
namespace {

constexpr int kHashSide = 64, kFrequencies = 16;
constexpr int kCompareSide = 192;

// Equalised, so that window and photometric convention do not matter; 0..1.
cv::Mat small_equalised(const cv::Mat& image, int side) {
  cv::Mat small, grey;
  cv::resize(image, small, cv::Size(side, side), 0, 0, cv::INTER_AREA);
  double low = 0, high = 0;
  cv::minMaxLoc(small, &low, &high);
  const double scale = high > low ? 255 / (high - low) : 0;
  small.convertTo(grey, CV_8U, scale, -low * scale);
  cv::equalizeHist(grey, grey);
  cv::Mat result;
  grey.convertTo(result, CV_32F, 1.0 / 255);
  return result;
}

}  // namespace

ImageHash image_hash(const cv::Mat& image) {
  RADGEN_CHECK(image.type() == CV_16UC1 && !image.empty(), "a picture is CV_16UC1");
  cv::Mat frequencies;
  cv::dct(small_equalised(image, kHashSide), frequencies);
  std::vector<float> values;
  for (int y = 0; y < kFrequencies; ++y) {
    for (int x = 0; x < kFrequencies; ++x) values.push_back(frequencies.at<float>(y, x));
  }
  values[0] = 0;  // the mean says nothing about the image
  std::vector<float> sorted = values;
  std::nth_element(sorted.begin(), sorted.begin() + 128, sorted.end());
  ImageHash hash{};
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] > sorted[128]) hash[i / 64] |= uint64_t{1} << (i % 64);
  }
  return hash;
}

int hash_distance(const ImageHash& a, const ImageHash& b) {
  int bits = 0;
  for (size_t i = 0; i < a.size(); ++i) bits += std::popcount(a[i] ^ b[i]);
  return bits;
}

std::string hash_hex(const ImageHash& hash) {
  return fmt::format("{:016x}{:016x}{:016x}{:016x}", hash[0], hash[1], hash[2], hash[3]);
}

std::optional<ImageHash> hash_from_hex(const std::string& text) {
  ImageHash hash{};
  if (text.size() != 16 * hash.size()) return std::nullopt;
  for (size_t i = 0; i < hash.size(); ++i) {
    const char* begin = text.data() + 16 * i;
    const auto [end, error] = std::from_chars(begin, begin + 16, hash[i], 16);
    if (error != std::errc() || end != begin + 16) return std::nullopt;
  }
  return hash;
}

double image_similarity(const cv::Mat& a, const cv::Mat& b) {
  const auto fine = [](const cv::Mat& image) {
    const cv::Mat whole = small_equalised(image, kCompareSide);
    cv::Mat coarse, slight;
    cv::GaussianBlur(whole, coarse, cv::Size(), kCompareSide / 24.0);
    cv::GaussianBlur(whole, slight, cv::Size(), 1.0);  // grain and compression
    cv::Mat result = slight - coarse;
    result -= cv::mean(result);
    return result;
  };
  const cv::Mat x = fine(a), y = fine(b);
  const double norm = cv::norm(x) * cv::norm(y);
  return norm > 0 ? x.dot(y) / norm : 0;
}

}  // namespace radgen

// Baseline and progressive JPEG by libjpeg-turbo, from and to memory.
#pragma once

#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace radgen {

// CV_8UC1; colour becomes its luminance. The caller has bounded the size. Nothing when the stream
// is damaged: what libjpeg fills in for bytes that are wrong or missing is no image.
std::optional<cv::Mat> decode_jpeg(std::string_view jpeg);

// CV_8UC1 or CV_8UC3 (BGR); `quality` 0..100.
std::string encode_jpeg_8bit(const cv::Mat& pixels, int quality);

}  // namespace radgen

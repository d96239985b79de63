// PNG (RFC 2083) with libdeflate. Preparing a data set spends most of its time here: zlib and
// libpng's choice of filters took two thirds of it.
#pragma once

#include <opencv2/core.hpp>
#include <string>

namespace radgen {

// CV_8UC1, CV_16UC1 or CV_8UC3 (BGR, as OpenCV has it), not empty; compression 0..9 as zlib counts.
std::string encode_png_fast(const cv::Mat& image, int compression);

}  // namespace radgen

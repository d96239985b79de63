// PNG and JPEG images as grey: their size is read and bounded before they are decoded, and a file
// that was cut is refused.
#pragma once

#include <opencv2/core.hpp>
#include <string_view>

#include "radgen/core/error.h"

namespace radgen {

bool looks_like_png(std::string_view bytes);
bool looks_like_jpeg(std::string_view bytes);

// CV_16UC1: 16-bit PNG as it is, 8 bit x 257, colour to grey, alpha dropped. A camera's EXIF turn
// is not applied: coordinates are those of the stored pixels. Failures: too_large, truncated_file,
// corrupt_compressed_data, flat_image. A JPEG's entropy-coded bytes hold no checksum: flipped bits
// that decode are not seen.
Result<cv::Mat> read_png(std::string_view bytes, size_t max_pixels);
Result<cv::Mat> read_jpeg(std::string_view bytes, size_t max_pixels);

}  // namespace radgen

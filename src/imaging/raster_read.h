// PNG and JPEG images as grey: their size is read and bounded before they are decoded, and a file
// that was cut is refused.
#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "radgen/core/error.h"

namespace radgen {

bool looks_like_png(std::string_view bytes);
bool looks_like_jpeg(std::string_view bytes);

struct RasterImage {
  cv::Mat pixels;            // CV_16UC1, as stored: not turned
  int exif_orientation = 1;  // 1 to 8
  std::vector<std::string> warnings;
};

// 8 bits x 257, colour to grey, alpha dropped. 16 bits that hold 8 to 15 significant ones are
// stretched, with a warning "significant_bits_<n>": a raster has no window that would do it. Their
// number is what sBIT says when all values lie below it, else that of all but a thousandth of the
// pixels (a burned-in letter may be brighter). Failures: too_large, truncated_file,
// corrupt_compressed_data, flat_image. A JPEG's entropy-coded bytes hold no checksum: flipped bits
// that decode are not seen.
Result<RasterImage> read_png(std::string_view bytes, size_t max_pixels);
Result<RasterImage> read_jpeg(std::string_view bytes, size_t max_pixels);

}  // namespace radgen

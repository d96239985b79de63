// PNG decoding by libpng, from memory, to grey.
#pragma once

#include <opencv2/core.hpp>
#include <optional>
#include <string_view>

namespace radgen {

struct PngPixels {
  cv::Mat gray;                         // CV_8UC1, or CV_16UC1 of a file with 16 bits
  std::optional<int> significant_bits;  // what an sBIT chunk says of a sample
};

struct PngSize {
  uint32_t width = 0, height = 0;
};

// What the header says, before anything is allocated; nothing when there is none.
std::optional<PngSize> png_size(std::string_view png);

// The content of the first chunk of this type; empty: none.
std::string_view png_chunk(std::string_view png, std::string_view type);

// Palettes are looked up, colour becomes grey (.299, .587, .114), alpha is dropped, 1 to 4 bits
// become 8, interlaced rows are put in order. The caller has bounded the size. Nothing when the
// file is damaged.
std::optional<PngPixels> decode_png(std::string_view png);

}  // namespace radgen

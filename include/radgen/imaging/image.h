// Images: 16-bit PNG in and out, CLAHE, resize that keeps the aspect with its box transform.
#pragma once

#include <filesystem>
#include <opencv2/core.hpp>

#include "radgen/core/error.h"
#include "radgen/core/geometry.h"

namespace radgen {

Result<cv::Mat> read_png16(const std::filesystem::path& path);  // CV_16UC1
// Lossless, renamed into place but not synced (Durability::kRenamed); `compression` 0..9.
void write_png(const std::filesystem::path& path, const cv::Mat& image, int compression = 1);
std::string encode_png(const cv::Mat& image, int compression = 6);  // bytes, for pages
// Bytes, for pages with many films: a fifth of a PNG. 16-bit grey becomes 8-bit; `quality` 0..100.
std::string encode_jpeg(const cv::Mat& image, int quality = 82);

// An image fitted into a given size (letterbox), and the way coordinates go (inverse(): the way
// back).
struct Fitted {
  cv::Mat image;
  Affine transform;  // source pixels -> letterbox pixels
  Box content;       // the source's rectangle in the letterbox; the rest is padding (0)
};
// Long side to `long_side_px`, aspect kept, no padding; never enlarges unless `may_enlarge`. Area
// averaging downwards.
Fitted resize_long_side(const cv::Mat& image, int long_side_px, bool may_enlarge = false);
// Into width x height, aspect kept, centred, padded with 0.
Fitted fit_letterbox(const cv::Mat& image, int width_px, int height_px);

// Contrast limited adaptive histogram equalisation (Zuiderveld 1994) on 16-bit grey.
cv::Mat clahe(const cv::Mat& image, double clip_limit = 2.0, int tiles = 8);

}  // namespace radgen

#include "radgen/imaging/image.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "imaging/jpeg_codec.h"
#include "imaging/png_codec.h"
#include "imaging/png_encoder.h"
#include "radgen/core/files.h"

namespace radgen {
namespace {

// Of prepared images; more is refused before anything is allocated.
constexpr uint32_t kMaxSidePx = 65535;
constexpr uint64_t kMaxPngPixels = 100'000'000;

// Area averaging downwards (no aliasing, keeps the mean), linear upwards.
cv::Mat resized(const cv::Mat& image, int width, int height) {
  if (image.cols == width && image.rows == height) return image.clone();
  const bool shrinks = width <= image.cols && height <= image.rows;
  cv::Mat result;
  cv::resize(image, result, cv::Size(width, height), 0, 0,
             shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  return result;
}

int scaled_side(int side, double scale) {
  return std::max(1, static_cast<int>(std::lround(side * scale)));
}

std::string encode(const cv::Mat& image, int compression) {
  RADGEN_CHECK(!image.empty(), "an empty picture cannot be written");
  RADGEN_CHECK(compression >= 0 && compression <= 9, "PNG compression is 0 to 9");
  return encode_png_fast(image, compression);
}

}  // namespace

Result<cv::Mat> read_png16(const std::filesystem::path& path) {
  std::string bytes;
  try {
    bytes = read_file(path);
  } catch (const Error& error) {
    return Failure{"unreadable_file", error.what()};
  }
  if (bytes.size() < 33 || bytes.compare(0, 8, "\x89PNG\r\n\x1a\n", 8) != 0)
    return Failure{"not_a_png", fmt::format("{}: not a PNG file", path.string())};
  const std::optional<PngSize> size = png_size(bytes);
  if (!size || size->width == 0 || size->height == 0 || size->width > kMaxSidePx ||
      size->height > kMaxSidePx || uint64_t{size->width} * size->height > kMaxPngPixels)
    return Failure{"too_large",
                   fmt::format("{}: a PNG file of no size that is read", path.string())};
  std::optional<PngPixels> png = decode_png(bytes);
  if (!png) return Failure{"corrupt_png", fmt::format("{}: a damaged PNG file", path.string())};
  if (png->gray.depth() == CV_8U) png->gray.convertTo(png->gray, CV_16U, 257);
  return png->gray;
}

void write_png(const std::filesystem::path& path, const cv::Mat& image, int compression) {
  write_file_atomic(path, encode(image, compression), Durability::kRenamed);
}

std::string encode_png(const cv::Mat& image, int compression) { return encode(image, compression); }

std::string encode_jpeg(const cv::Mat& image, int quality) {
  RADGEN_CHECK(!image.empty(), "an empty picture cannot be written");
  RADGEN_CHECK(quality >= 0 && quality <= 100, "JPEG quality is 0 to 100");
  cv::Mat eight = image;
  if (image.depth() == CV_16U) image.convertTo(eight, CV_8U, 1 / 257.0);
  return encode_jpeg_8bit(eight, quality);
}

Fitted resize_long_side(const cv::Mat& image, int long_side_px, bool may_enlarge) {
  RADGEN_CHECK(!image.empty() && long_side_px > 0,
               "resize_long_side needs a picture and a size above 0");
  const int longest = std::max(image.cols, image.rows);
  const int target = may_enlarge ? long_side_px : std::min(long_side_px, longest);
  const double scale = static_cast<double>(target) / longest;
  const int width = image.cols == longest ? target : scaled_side(image.cols, scale);
  const int height = image.rows == longest ? target : scaled_side(image.rows, scale);
  Fitted fitted;
  fitted.image = resized(image, width, height);
  // The true scales: rounding the short side to whole pixels makes them differ a little.
  fitted.transform = Affine::scale_shift(static_cast<double>(width) / image.cols,
                                         static_cast<double>(height) / image.rows, 0, 0);
  fitted.content = Box{0, 0, static_cast<double>(width), static_cast<double>(height)};
  return fitted;
}

Fitted fit_letterbox(const cv::Mat& image, int width_px, int height_px) {
  RADGEN_CHECK(!image.empty() && width_px > 0 && height_px > 0,
               "fit_letterbox needs an image and a size above 0");
  const double scale = std::min(static_cast<double>(width_px) / image.cols,
                                static_cast<double>(height_px) / image.rows);
  const int width = std::min(width_px, scaled_side(image.cols, scale));
  const int height = std::min(height_px, scaled_side(image.rows, scale));
  const int left = (width_px - width) / 2, top = (height_px - height) / 2;
  Fitted fitted;
  if (width == width_px && height == height_px) {
    fitted.image = resized(image, width, height);
  } else {
    fitted.image = cv::Mat::zeros(height_px, width_px, image.type());
    resized(image, width, height).copyTo(fitted.image(cv::Rect(left, top, width, height)));
  }
  fitted.transform = Affine::scale_shift(static_cast<double>(width) / image.cols,
                                         static_cast<double>(height) / image.rows, left, top);
  fitted.content = Box{static_cast<double>(left), static_cast<double>(top),
                       static_cast<double>(width), static_cast<double>(height)};
  return fitted;
}

cv::Mat clahe(const cv::Mat& image, double clip_limit, int tiles) {
  RADGEN_CHECK(image.type() == CV_16UC1 || image.type() == CV_8UC1,
               "CLAHE works on grey of 8 or 16 bits");
  RADGEN_CHECK(clip_limit > 0 && tiles > 0,
               "CLAHE needs a clip limit and a number of tiles above 0");
  cv::Mat result;
  cv::createCLAHE(clip_limit, cv::Size(tiles, tiles))->apply(image, result);
  return result;
}

}  // namespace radgen

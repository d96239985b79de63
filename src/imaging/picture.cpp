#include "radgen/imaging/picture.h"

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

// Of prepared pictures; more is refused before anything is allocated.
constexpr uint32_t kMaxSidePx = 65535;
constexpr uint64_t kMaxPngPixels = 100'000'000;

// Area averaging downwards (no aliasing, keeps the mean), linear upwards.
cv::Mat resized(const cv::Mat& picture, int width, int height) {
  if (picture.cols == width && picture.rows == height) return picture.clone();
  const bool shrinks = width <= picture.cols && height <= picture.rows;
  cv::Mat result;
  cv::resize(picture, result, cv::Size(width, height), 0, 0,
             shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  return result;
}

int scaled_side(int side, double scale) {
  return std::max(1, static_cast<int>(std::lround(side * scale)));
}

std::string encode(const cv::Mat& picture, int compression) {
  RADGEN_CHECK(!picture.empty(), "an empty picture cannot be written");
  RADGEN_CHECK(compression >= 0 && compression <= 9, "PNG compression is 0 to 9");
  return encode_png_fast(picture, compression);
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

void write_png(const std::filesystem::path& path, const cv::Mat& picture, int compression) {
  write_file_atomic(path, encode(picture, compression), Durability::kRenamed);
}

std::string encode_png(const cv::Mat& picture, int compression) {
  return encode(picture, compression);
}

std::string encode_jpeg(const cv::Mat& picture, int quality) {
  RADGEN_CHECK(!picture.empty(), "an empty picture cannot be written");
  RADGEN_CHECK(quality >= 0 && quality <= 100, "JPEG quality is 0 to 100");
  cv::Mat eight = picture;
  if (picture.depth() == CV_16U) picture.convertTo(eight, CV_8U, 1 / 257.0);
  return encode_jpeg_8bit(eight, quality);
}

Fitted resize_long_side(const cv::Mat& picture, int long_side_px, bool may_enlarge) {
  RADGEN_CHECK(!picture.empty() && long_side_px > 0,
               "resize_long_side needs a picture and a size above 0");
  const int longest = std::max(picture.cols, picture.rows);
  const int target = may_enlarge ? long_side_px : std::min(long_side_px, longest);
  const double scale = static_cast<double>(target) / longest;
  const int width = picture.cols == longest ? target : scaled_side(picture.cols, scale);
  const int height = picture.rows == longest ? target : scaled_side(picture.rows, scale);
  Fitted fitted;
  fitted.picture = resized(picture, width, height);
  // The true scales: rounding the short side to whole pixels makes them differ a little.
  fitted.transform = Affine::scale_shift(static_cast<double>(width) / picture.cols,
                                         static_cast<double>(height) / picture.rows, 0, 0);
  fitted.content = Box{0, 0, static_cast<double>(width), static_cast<double>(height)};
  return fitted;
}

Fitted fit_frame(const cv::Mat& picture, int width_px, int height_px) {
  RADGEN_CHECK(!picture.empty() && width_px > 0 && height_px > 0,
               "fit_frame needs a picture and a frame above 0");
  const double scale = std::min(static_cast<double>(width_px) / picture.cols,
                                static_cast<double>(height_px) / picture.rows);
  const int width = std::min(width_px, scaled_side(picture.cols, scale));
  const int height = std::min(height_px, scaled_side(picture.rows, scale));
  const int left = (width_px - width) / 2, top = (height_px - height) / 2;
  Fitted fitted;
  if (width == width_px && height == height_px) {
    fitted.picture = resized(picture, width, height);
  } else {
    fitted.picture = cv::Mat::zeros(height_px, width_px, picture.type());
    resized(picture, width, height).copyTo(fitted.picture(cv::Rect(left, top, width, height)));
  }
  fitted.transform = Affine::scale_shift(static_cast<double>(width) / picture.cols,
                                         static_cast<double>(height) / picture.rows, left, top);
  fitted.content = Box{static_cast<double>(left), static_cast<double>(top),
                       static_cast<double>(width), static_cast<double>(height)};
  return fitted;
}

cv::Mat clahe(const cv::Mat& picture, double clip_limit, int tiles) {
  RADGEN_CHECK(picture.type() == CV_16UC1 || picture.type() == CV_8UC1,
               "CLAHE works on grey of 8 or 16 bits");
  RADGEN_CHECK(clip_limit > 0 && tiles > 0,
               "CLAHE needs a clip limit and a number of tiles above 0");
  cv::Mat result;
  cv::createCLAHE(clip_limit, cv::Size(tiles, tiles))->apply(picture, result);
  return result;
}

}  // namespace radgen

#include "radgen/imaging/image.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "imaging/png_encoder.h"
#include "radgen/core/files.h"

namespace radgen {
namespace {

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
  RADGEN_CHECK(image.depth() == CV_8U || image.depth() == CV_16U, "PNG holds 8 or 16 bits");
  RADGEN_CHECK(compression >= 0 && compression <= 9, "PNG compression is 0 to 9");
  if (image.channels() == 1 || image.type() == CV_8UC3) return encode_png_fast(image, compression);
  std::vector<unsigned char> bytes;
  if (!cv::imencode(".png", image, bytes, {cv::IMWRITE_PNG_COMPRESSION, compression}))
    throw Error(ErrorCode::kInternal, "a picture could not be encoded as PNG");
  return {bytes.begin(), bytes.end()};
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
  const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8UC1, bytes.data());
  cv::Mat image;
  try {
    image = cv::imdecode(encoded, cv::IMREAD_GRAYSCALE | cv::IMREAD_ANYDEPTH);
  } catch (const cv::Exception&) {
    image.release();
  }
  if (image.empty())
    return Failure{"corrupt_png", fmt::format("{}: a damaged PNG file", path.string())};
  if (image.depth() == CV_8U) image.convertTo(image, CV_16U, 257);
  return image;
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
  RADGEN_CHECK(eight.depth() == CV_8U, "JPEG holds 8 bits");
  std::vector<unsigned char> bytes;
  if (!cv::imencode(".jpg", eight, bytes, {cv::IMWRITE_JPEG_QUALITY, quality}))
    throw Error(ErrorCode::kInternal, "a picture could not be encoded as JPEG");
  return {bytes.begin(), bytes.end()};
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

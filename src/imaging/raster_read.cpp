#include "imaging/raster_read.h"

#include <fmt/core.h>

#include <opencv2/imgcodecs.hpp>

#include "imaging/dicom_bytes.h"
#include "imaging/jpeg_markers.h"

namespace radgen {
namespace {

constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n";

Failure too_large(uint64_t width, uint64_t height, size_t max_pixels) {
  return {"too_large",
          fmt::format("{} x {} pixels, at most {} are read", width, height, max_pixels)};
}

// Every chunk must be there up to the end chunk (PNG specification, 5.3); zlib and CRC errors are
// found by the decoder.
bool has_all_chunks(std::string_view bytes) {
  size_t at = kPngSignature.size();
  while (at + 12 <= bytes.size()) {
    const uint32_t length = read_u32(bytes, at, true);
    if (length > bytes.size() - at - 12) return false;
    if (bytes.substr(at + 4, 4) == "IEND") return true;
    at += 12 + static_cast<size_t>(length);
  }
  return false;
}

Result<cv::Mat> decode(std::string_view bytes) {
  const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8UC1,
                        const_cast<char*>(bytes.data()));
  cv::Mat image;
  try {
    image = cv::imdecode(
        encoded, cv::IMREAD_GRAYSCALE | cv::IMREAD_ANYDEPTH | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception&) {
    image.release();
  }
  if (image.empty())
    return Failure{"corrupt_compressed_data", "the picture is damaged and cannot be decoded"};
  double low = 0, high = 0;
  cv::minMaxLoc(image, &low, &high);
  if (low == high) return Failure{"flat_image", "all pixels have the same value"};
  if (image.depth() == CV_8U) image.convertTo(image, CV_16U, 257);
  return image;
}

}  // namespace

bool looks_like_png(std::string_view bytes) { return bytes.starts_with(kPngSignature); }
bool looks_like_jpeg(std::string_view bytes) { return bytes.starts_with("\xFF\xD8\xFF"); }

Result<cv::Mat> read_png(std::string_view bytes, size_t max_pixels) {
  if (bytes.size() < 33 || bytes.substr(12, 4) != "IHDR")
    return Failure{"truncated_file", "the PNG file has no header"};
  const uint64_t width = read_u32(bytes, 16, true), height = read_u32(bytes, 20, true);
  if (width == 0 || height == 0 || width > (1u << 20) || height > (1u << 20) ||
      width * height > max_pixels)
    return too_large(width, height, max_pixels);
  if (!has_all_chunks(bytes)) return Failure{"truncated_file", "the PNG file ends early"};
  return decode(bytes);
}

Result<cv::Mat> read_jpeg(std::string_view bytes, size_t max_pixels) {
  const std::optional<JpegFrame> frame = find_jpeg_frame(bytes);
  if (!frame) return Failure{"truncated_file", "the JPEG file has no frame header"};
  const uint64_t width = static_cast<uint64_t>(frame->width),
                 height = static_cast<uint64_t>(frame->height);
  if (width == 0 || height == 0 || width * height > max_pixels)
    return too_large(width, height, max_pixels);
  if (!holds_jpeg_end(bytes))
    return Failure{"truncated_file", "the JPEG file has no end marker: it was cut"};
  return decode(bytes);
}

}  // namespace radgen

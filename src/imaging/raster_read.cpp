#include "imaging/raster_read.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include "imaging/dicom_bytes.h"
#include "imaging/exif.h"
#include "imaging/jpeg_codec.h"
#include "imaging/jpeg_markers.h"
#include "imaging/png_codec.h"

namespace radgen {
namespace {

constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n";
constexpr int kLeastBits = 8;  // of 16: an image with fewer is dark, whatever made it
// Share of the pixels that may lie above the significant bits.
constexpr double kOutlierShare = 0.001;

Failure too_large(uint64_t width, uint64_t height, size_t max_pixels) {
  return {"too_large",
          fmt::format("{} x {} pixels, at most {} are read", width, height, max_pixels)};
}

Failure damaged_raster() {
  return {"corrupt_compressed_data", "the picture is damaged and cannot be decoded"};
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

bool has_one_value(const cv::Mat& image) {
  double low = 0, high = 0;
  cv::minMaxLoc(image, &low, &high);
  return low == high;
}

// How many of 16 bits the values use.
int significant_bits(const cv::Mat& image, std::optional<int> stated) {
  std::vector<size_t> of_width(17, 0);
  std::for_each(image.begin<uint16_t>(), image.end<uint16_t>(), [&](uint16_t value) {
    ++of_width[static_cast<size_t>(std::bit_width(static_cast<unsigned>(value)))];
  });
  int widest = 16;
  while (widest > 1 && of_width[static_cast<size_t>(widest)] == 0) --widest;
  if (stated && *stated >= kLeastBits && *stated <= 16 && widest <= *stated) return *stated;
  const double allowed = kOutlierShare * static_cast<double>(image.total());
  double above = 0;
  for (int bits = 16; bits > kLeastBits; --bits) {
    above += static_cast<double>(of_width[static_cast<size_t>(bits)]);
    if (above > allowed) return bits;
  }
  return kLeastBits;
}

void stretch(RasterImage& image, std::optional<int> stated) {
  const int bits = significant_bits(image.pixels, stated);
  if (bits == 16) return;
  image.pixels.convertTo(image.pixels, CV_16U, 65535 / (std::ldexp(1.0, bits) - 1));
  image.warnings.push_back(fmt::format("significant_bits_{}", bits));
}

}  // namespace

bool looks_like_png(std::string_view bytes) { return bytes.starts_with(kPngSignature); }
bool looks_like_jpeg(std::string_view bytes) { return bytes.starts_with("\xFF\xD8\xFF"); }

Result<RasterImage> read_png(std::string_view bytes, size_t max_pixels) {
  const std::optional<PngSize> size = png_size(bytes);
  if (!size) return Failure{"truncated_file", "the PNG file has no header"};
  const uint64_t width = size->width, height = size->height;
  if (width == 0 || height == 0 || width > (1U << 20) || height > (1U << 20) ||
      width * height > max_pixels)
    return too_large(width, height, max_pixels);
  if (!has_all_chunks(bytes)) return Failure{"truncated_file", "the PNG file ends early"};
  std::optional<PngPixels> png = decode_png(bytes);
  if (!png) return damaged_raster();
  if (has_one_value(png->gray)) return Failure{"flat_image", "all pixels have the same value"};
  RasterImage image;
  image.exif_orientation = exif_orientation(png_chunk(bytes, "eXIf"));
  if (png->gray.depth() == CV_8U) {
    png->gray.convertTo(image.pixels, CV_16U, 257);
    return image;
  }
  image.pixels = std::move(png->gray);
  stretch(image, png->significant_bits);
  return image;
}

Result<RasterImage> read_jpeg(std::string_view bytes, size_t max_pixels) {
  const std::optional<JpegFrame> frame = find_jpeg_frame(bytes);
  if (!frame) return Failure{"truncated_file", "the JPEG file has no frame header"};
  const uint64_t width = static_cast<uint64_t>(frame->width),
                 height = static_cast<uint64_t>(frame->height);
  if (width == 0 || height == 0 || width * height > max_pixels)
    return too_large(width, height, max_pixels);
  if (!holds_jpeg_end(bytes))
    return Failure{"truncated_file", "the JPEG file has no end marker: it was cut"};
  const std::optional<cv::Mat> gray = decode_jpeg(bytes);
  // A second frame header may say another size than the one that was bounded.
  if (!gray || gray->cols != frame->width || gray->rows != frame->height) return damaged_raster();
  if (has_one_value(*gray)) return Failure{"flat_image", "all pixels have the same value"};
  RasterImage image;
  gray->convertTo(image.pixels, CV_16U, 257);
  image.exif_orientation = exif_orientation(find_exif(bytes));
  return image;
}

}  // namespace radgen

#include "imaging/png_codec.h"

#include <png.h>

#include <algorithm>
#include <bit>
#include <csetjmp>
#include <cstring>
#include <vector>

#include "imaging/dicom_bytes.h"

namespace radgen {
namespace {

constexpr size_t kSignatureBytes = 8, kHeaderBytesOfPng = 33;

// libpng leaves by longjmp: nothing that has a destructor may live in the functions that call it.
struct PngReader {
  explicit PngReader(std::string_view file) : bytes(file) {
    handle = png_create_read_struct(
        PNG_LIBPNG_VER_STRING, nullptr,
        [](png_structp png, png_const_charp) { png_longjmp(png, 1); },
        [](png_structp, png_const_charp) {});
    if (handle) info = png_create_info_struct(handle);
  }
  ~PngReader() { png_destroy_read_struct(&handle, &info, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  std::string_view bytes;
  size_t at = 0;
  png_structp handle = nullptr;
  png_infop info = nullptr;
};

void read_from_memory(png_structp png, png_bytep out, size_t count) {
  auto& reader = *static_cast<PngReader*>(png_get_io_ptr(png));
  if (count > reader.bytes.size() - reader.at) png_error(png, "the file ends early");
  std::memcpy(out, reader.bytes.data() + reader.at, count);
  reader.at += count;
}

// Reads the header and asks for grey; false: damaged.
bool start_gray(PngReader& reader) {
  png_structp png = reader.handle;
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_user_limits(png, 1U << 20, 1U << 20);
  png_set_read_fn(png, &reader, read_from_memory);
  png_read_info(png, reader.info);
  const int color = png_get_color_type(png, reader.info);
  const int depth = png_get_bit_depth(png, reader.info);
  if (depth == 16 && std::endian::native == std::endian::little) png_set_swap(png);
  png_set_strip_alpha(png);
  if (color == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (color == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
  if (color & PNG_COLOR_MASK_COLOR) png_set_rgb_to_gray(png, 1, 0.299, 0.587);
  png_set_interlace_handling(png);
  png_read_update_info(png, reader.info);
  return true;
}

bool read_rows(PngReader& reader, png_bytepp rows) {
  if (setjmp(png_jmpbuf(reader.handle))) return false;
  png_read_image(reader.handle, rows);
  png_read_end(reader.handle, nullptr);
  return true;
}

}  // namespace

std::optional<PngSize> png_size(std::string_view png) {
  if (png.size() < kHeaderBytesOfPng || png.substr(12, 4) != "IHDR") return std::nullopt;
  return PngSize{read_u32(png, 16, true), read_u32(png, 20, true)};
}

std::string_view png_chunk(std::string_view png, std::string_view type) {
  size_t at = kSignatureBytes;
  while (at + 12 <= png.size()) {
    const uint32_t length = read_u32(png, at, true);
    if (length > png.size() - at - 12) return {};
    if (png.substr(at + 4, 4) == type) return png.substr(at + 8, length);
    at += 12 + static_cast<size_t>(length);
  }
  return {};
}

std::optional<PngPixels> decode_png(std::string_view png) {
  PngReader reader(png);
  if (!reader.handle || !reader.info || !start_gray(reader)) return std::nullopt;
  const int depth = png_get_bit_depth(reader.handle, reader.info);
  const auto width = static_cast<int>(png_get_image_width(reader.handle, reader.info));
  const auto height = static_cast<int>(png_get_image_height(reader.handle, reader.info));
  const bool is_gray = png_get_channels(reader.handle, reader.info) == 1;
  if (!is_gray || (depth != 8 && depth != 16)) return std::nullopt;
  PngPixels pixels;
  pixels.gray.create(height, width, depth == 16 ? CV_16UC1 : CV_8UC1);
  std::vector<png_bytep> rows;
  for (int y = 0; y < height; ++y) rows.push_back(pixels.gray.ptr<png_byte>(y));
  if (!read_rows(reader, rows.data())) return std::nullopt;
  const std::string_view bits = png_chunk(png, "sBIT");
  if (!bits.empty())
    pixels.significant_bits = static_cast<uint8_t>(*std::ranges::max_element(bits));
  return pixels;
}

}  // namespace radgen

#include "imaging/png_encoder.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "radgen/core/error.h"

namespace radgen {
namespace {

using Row = std::vector<uint8_t>;
constexpr uint8_t kFilters = 5;  // none, sub, up, average, paeth: RFC 2083 section 6

void put_u32(std::string& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

void put_chunk(std::string& out, const std::string& type, const std::string& data) {
  put_u32(out, static_cast<uint32_t>(data.size()));
  const size_t begin = out.size();
  out += type;
  out += data;
  put_u32(out, libdeflate_crc32(0, out.data() + begin, out.size() - begin));
}

// The neighbour that is nearest to left + above - corner; all comparisons select, so that compilers
// can vectorise.
inline int paeth(int left, int above, int corner) {
  const int to_left = std::abs(above - corner), to_above = std::abs(left - corner),
            to_corner = std::abs(left + above - 2 * corner);
  const int other = to_above <= to_corner ? above : corner;
  return ((to_left <= to_above) & (to_left <= to_corner)) ? left : other;
}

// Both rows begin with a pixel of zeros, `step` bytes. One function a filter, so that each loop
// stands alone.
template <typename Predict>
uint64_t filter(const Row& row, const Row& above, size_t step, Row& out, const Predict& predict) {
  const uint8_t* x = row.data() + step;
  const uint8_t* left = row.data();
  const uint8_t* up = above.data() + step;
  const uint8_t* corner = above.data();
  uint8_t* to = out.data() + 1;
  const size_t count = row.size() - step;
  uint32_t sum = 0;  // of the distances from 0, which tell how well a row will pack (libpng's rule)
  for (size_t i = 0; i < count; ++i) {
    const auto value = static_cast<uint8_t>(x[i] - predict(left[i], up[i], corner[i]));
    to[i] = value;
    sum += static_cast<uint32_t>(std::abs(static_cast<int8_t>(value)));
  }
  return sum;
}

uint64_t apply(uint8_t kind, const Row& row, const Row& above, size_t step, Row& out) {
  out[0] = kind;
  switch (kind) {
    case 0:
      return filter(row, above, step, out, [](int, int, int) { return 0; });
    case 1:
      return filter(row, above, step, out, [](int left, int, int) { return left; });
    case 2:
      return filter(row, above, step, out, [](int, int up, int) { return up; });
    case 3:
      return filter(row, above, step, out, [](int left, int up, int) { return (left + up) >> 1; });
    default:
      return filter(row, above, step, out,
                    [](int left, int up, int corner) { return paeth(left, up, corner); });
  }
}

// The image's bytes, the higher one first, behind a pixel of zeros.
void load_row(const cv::Mat& image, int y, size_t step, Row& row) {
  if (step == 1) {
    std::copy_n(image.ptr<uint8_t>(y), image.cols, row.begin() + 1);
    return;
  }
  if (step == 3) {
    const uint8_t* bgr = image.ptr<uint8_t>(y);
    uint8_t* rgb = row.data() + step;
    for (int x = 0; x < 3 * image.cols; x += 3) {
      rgb[x] = bgr[x + 2];
      rgb[x + 1] = bgr[x + 1];
      rgb[x + 2] = bgr[x];
    }
    return;
  }
  const uint16_t* from = image.ptr<uint16_t>(y);
  uint8_t* to = row.data() + step;
  for (int x = 0; x < image.cols; ++x) {
    to[2 * x] = static_cast<uint8_t>(from[x] >> 8);
    to[2 * x + 1] = static_cast<uint8_t>(from[x] & 0xff);
  }
}

}  // namespace

std::string encode_png_fast(const cv::Mat& image, int compression) {
  const bool is_color = image.type() == CV_8UC3;
  RADGEN_CHECK(is_color || image.type() == CV_8UC1 || image.type() == CV_16UC1,
               "8 or 16 bits of grey, or 8-bit BGR");
  const size_t step = image.elemSize(), bytes = static_cast<size_t>(image.cols) * step;
  Row row(step + bytes, 0), above(step + bytes, 0), best(1 + bytes), trial(1 + bytes);
  std::vector<uint8_t> filtered;
  filtered.reserve((1 + bytes) * static_cast<size_t>(image.rows));
  for (int y = 0; y < image.rows; ++y) {
    load_row(image, y, step, row);
    uint64_t least = apply(0, row, above, step, best);
    for (uint8_t kind = 1; compression > 0 && kind < kFilters; ++kind) {
      const uint64_t cost = apply(kind, row, above, step, trial);
      if (cost >= least) continue;
      least = cost;
      best.swap(trial);
    }
    filtered.insert(filtered.end(), best.begin(), best.end());
    row.swap(above);
  }

  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(compression), &libdeflate_free_compressor);
  if (compressor == nullptr) throw std::bad_alloc();
  std::string packed(libdeflate_zlib_compress_bound(compressor.get(), filtered.size()), '\0');
  packed.resize(libdeflate_zlib_compress(compressor.get(), filtered.data(), filtered.size(),
                                         packed.data(), packed.size()));
  RADGEN_CHECK(!packed.empty(), "the bound of the compressed size was too small");

  std::string png = "\x89PNG\r\n\x1a\n", header;
  put_u32(header, static_cast<uint32_t>(image.cols));
  put_u32(header, static_cast<uint32_t>(image.rows));
  header += static_cast<char>(8 * image.elemSize1());
  header += static_cast<char>(is_color ? 2 : 0);
  header += std::string(3, '\0');  // deflate, the five filters, not interlaced
  put_chunk(png, "IHDR", header);
  put_chunk(png, "IDAT", packed);
  put_chunk(png, "IEND", "");
  return png;
}

}  // namespace radgen

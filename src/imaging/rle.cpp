#include "imaging/rle.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "imaging/dicom_bytes.h"

namespace radgen {
namespace {

constexpr size_t kHeaderBytes = 64;  // number of segments and fifteen offsets

// One byte plane (G.3.1): a control byte n, then n + 1 literal bytes (0..127) or one byte 257 - n
// times (129..255).
bool unpack(std::string_view segment, std::vector<uint8_t>& plane, size_t count) {
  plane.clear();
  size_t at = 0;
  while (plane.size() < count && at < segment.size()) {
    const auto control = static_cast<uint8_t>(segment[at++]);
    if (control == 128) continue;
    const size_t run = control < 128 ? size_t{control} + 1 : 257 - size_t{control};
    const size_t needed = control < 128 ? run : 1;
    if (needed > segment.size() - at) return false;
    // The last run may reach over the end by the byte that makes the plane's length even.
    const size_t kept = std::min(run, count - plane.size());
    if (control < 128) {
      plane.insert(plane.end(), segment.begin() + static_cast<ptrdiff_t>(at),
                   segment.begin() + static_cast<ptrdiff_t>(at + kept));
    } else {
      plane.insert(plane.end(), kept, static_cast<uint8_t>(segment[at]));
    }
    at += needed;
  }
  return plane.size() == count;
}

}  // namespace

Result<cv::Mat> decode_rle(std::string_view frame, const PixelFormat& format) {
  const auto corrupt = [](const std::string& message) {
    return Failure{"corrupt_compressed_data", message};
  };
  if (frame.size() < kHeaderBytes) return corrupt("the RLE data has no header");
  const size_t planes = static_cast<size_t>(format.bits_allocated) / 8;
  const uint32_t segments = read_u32(frame, 0, false);
  if (segments != planes)
    return corrupt(
        fmt::format("{} RLE segments, {} bits need {}", segments, format.bits_allocated, planes));
  std::vector<uint8_t> plane;
  cv::Mat words = cv::Mat::zeros(format.rows, format.columns, CV_16UC1);
  for (size_t i = 0; i < planes; ++i) {
    const size_t begin = read_u32(frame, 4 + 4 * i, false);
    const size_t end = i + 1 < planes ? read_u32(frame, 8 + 4 * i, false) : frame.size();
    if (begin < kHeaderBytes || end < begin || end > frame.size())
      return corrupt("an RLE segment lies outside of the data");
    if (!unpack(frame.substr(begin, end - begin), plane, format.pixel_count()))
      return corrupt("an RLE segment ends before the picture is full");
    // The most significant byte comes first (G.2).
    auto* word = words.ptr<uint16_t>();
    for (const uint8_t byte : plane) {
      *word = static_cast<uint16_t>(*word << 8 | byte);
      ++word;
    }
  }
  return words;
}

}  // namespace radgen

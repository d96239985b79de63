// libFuzzer target: PNG and JPEG. A PNG's check sums are put right before it is read, or nothing
// behind them would ever be reached; the bytes as they are go through read_film_fuzz.
#include <zlib.h>

#include <cstring>
#include <string>

#include "fuzz_support.h"
#include "imaging/dicom_bytes.h"
#include "imaging/raster_read.h"
#include "radgen/imaging/film.h"

namespace {

constexpr size_t kSignatureBytes = 8, kMostPixels = 1'000'000;

std::string with_right_sums(std::string png) {
  for (size_t at = kSignatureBytes; at + 12 <= png.size();) {
    const size_t length = radgen::read_u32(png, at, true);
    if (length > png.size() - at - 12) break;
    const auto* type = reinterpret_cast<const Bytef*>(png.data() + at + 4);
    const auto sum = static_cast<uint32_t>(::crc32(0, type, static_cast<uInt>(length + 4)));
    for (size_t i = 0; i < 4; ++i)
      png[at + 8 + length + i] = static_cast<char>(sum >> (24 - 8 * i) & 0xFF);
    at += 12 + length;
  }
  return png;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = radgen::fuzz::text_of(data, size);
  const auto image = radgen::looks_like_png(bytes)
                         ? radgen::read_png(with_right_sums(std::string(bytes)), kMostPixels)
                         : radgen::read_jpeg(bytes, kMostPixels);
  if (image ? image->pixels.type() != CV_16UC1 || image->pixels.empty() ||
                  image->exif_orientation < 1 || image->exif_orientation > 8
            : image.failure().reason.empty())
    std::abort();
  return 0;
}

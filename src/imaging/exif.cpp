#include "imaging/exif.h"

#include <cstdint>

#include "imaging/dicom_bytes.h"

namespace radgen {

int exif_orientation(std::string_view tiff) {
  constexpr uint16_t kOrientation = 0x0112, kShort = 3, kLong = 4;
  if (tiff.size() < 8) return 1;
  const bool is_big = tiff.starts_with("MM");
  if (!is_big && !tiff.starts_with("II")) return 1;
  if (read_u16(tiff, 2, is_big) != 42) return 1;
  const size_t directory = read_u32(tiff, 4, is_big);
  if (directory > tiff.size() - 2) return 1;
  const size_t entries = read_u16(tiff, directory, is_big);
  for (size_t i = 0; i < entries; ++i) {
    const size_t at = directory + 2 + 12 * i;
    if (at + 12 > tiff.size()) return 1;
    if (read_u16(tiff, at, is_big) != kOrientation) continue;
    const uint16_t type = read_u16(tiff, at + 2, is_big);
    if (type != kShort && type != kLong) return 1;
    const uint32_t value =
        type == kShort ? read_u16(tiff, at + 8, is_big) : read_u32(tiff, at + 8, is_big);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

bool is_mirrored_orientation(int orientation) {
  return orientation == 2 || orientation == 4 || orientation == 5 || orientation == 7;
}

Upright upright_of_exif(int orientation) {
  Upright upright;
  upright.kind = orientation == 1 ? Upright::Kind::kUpright : Upright::Kind::kTurned;
  // 3: half a turn; 6: a quarter clockwise; 8: a quarter the other way.
  upright.is_transposed = orientation == 6 || orientation == 8;
  upright.is_mirrored_x = orientation == 3 || orientation == 6;
  upright.is_mirrored_y = orientation == 3 || orientation == 8;
  return upright;
}

}  // namespace radgen

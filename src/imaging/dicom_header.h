// What the header of a DICOM film says, as plain values: tags, pixel format, grey transform,
// spacing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "imaging/dicom_outline.h"
#include "radgen/imaging/film.h"

namespace radgen {

// PS3.3 C.7.6.3. The values are checked by parse_dicom_header(): a stored value lies in bits
// [high_bit + 1 - bits_stored, high_bit] of a cell of 8 or 16 bits.
struct PixelFormat {
  int rows = 0, columns = 0;
  int bits_allocated = 16, bits_stored = 16, high_bit = 15;
  bool is_signed = false;
  std::optional<int> padding_low, padding_high;  // stored values that are no image (C.7.5.1.1.2)
  size_t pixel_count() const { return static_cast<size_t>(rows) * static_cast<size_t>(columns); }
};

// A look-up table (C.11.1.1, C.11.2.1.1): entry i is the output of input first + i; inputs outside
// take the end's.
struct LookUpTable {
  int first = 0;
  int bits = 16;                  // of the outputs
  std::vector<uint16_t> entries;  // never empty
};

struct Window {
  enum class Function { kLinear, kLinearExact, kSigmoid };
  double center = 0, width = 1;
  Function function = Function::kLinear;
};

// Stored value -> modality (table, or slope and intercept) -> VOI (the first table that tells
// something, else the first such window, else none) -> inverted or not.
struct GrayTransform {
  double slope = 1, intercept = 0;
  std::optional<LookUpTable> modality;
  std::vector<LookUpTable> voi;
  std::vector<Window> windows;
  bool is_inverse = false;  // low values are bright
};

struct DicomHeader {
  FilmTags tags;
  PixelFormat format;
  GrayTransform gray;
  double column_spacing_mm = 0,
         row_spacing_mm = 0;  // between columns (along x), between rows (along y)
  double pixel_aspect = 1;    // height of a pixel over its width
  SpacingKind spacing_kind = SpacingKind::kNone;
  std::vector<std::string> warnings;
};

// Failures: not_an_image, no_pixel_data, missing_rows, missing_columns, missing_photometric,
// not_grayscale, multi_frame, bad_bits, too_large, corrupt_header. Nothing is allocated by what the
// header claims.
Result<DicomHeader> parse_dicom_header(const DicomOutline& outline, size_t max_pixels);

// "045Y", "030M", "006W", "010D" (PS3.5 6.2, AS) as years; else the years from birth to study (both
// YYYYMMDD).
std::optional<double> age_in_years(const std::string& age, const std::string& birth_date,
                                   const std::string& study_date);

}  // namespace radgen

// Reading a film: DICOM (every transfer syntax a chest film comes in), PNG, JPEG, 16-bit PNG -> one
// upright grey image, the same whatever the storage: air dark and bone bright, patient's left on
// the image's right (L\F), full 16-bit range after modality LUT, VOI LUT or window, and
// photometric inversion.
//
//   Result<Film> film = read_film("film.dcm");
//   if (!film) std::cerr << film.failure().reason;       // "truncated_pixel_data", ...
//
// DICOM PS3.3 C.7.6.3 (image pixel), C.11.1 (modality LUT), C.11.2 (VOI LUT), C.7.6.1.1.1 (patient
// orientation).
#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "radgen/core/error.h"
#include "radgen/core/geometry.h"

namespace radgen {

enum class SpacingKind { kNone, kImager, kCalibrated };
const std::string& spacing_kind_name(SpacingKind kind);  // "none", "imager", "calibrated"

// What the header says; every field may be empty or wrong: never decide on one of them alone.
// Texts are UTF-8. docs/dicom.md lists every fact that is read and where it goes.
struct FilmTags {
  std::string modality, body_part, view_position, patient_orientation;
  // for references in results, never for file names or logs
  std::string sop_class, study_uid, series_uid, sop_uid;
  // Never in logs. The identifiers are empty when their character set cannot be decoded.
  std::string patient_id, patient_sex, accession, study_date, study_time;
  // For results that a PACS files, and nothing else; names as PN has them ("Doe^Jane").
  std::string patient_name, patient_birth_date, study_id, referring_physician;
  std::optional<double> patient_age_years;
  bool is_for_processing = false;  // the detector's raw image, not meant to be looked at
  bool is_synthetic = false;       // made by a program, as write_dicom_film() says in ImageComments
};

struct Film {
  cv::Mat pixels;            // CV_16UC1, upright, square pixels, 0 dark .. 65535 bright
  Affine stored_to_upright;  // stored pixel coordinates -> upright
  double spacing_x_mm = 0, spacing_y_mm = 0;  // of the upright image; 0: unknown
  SpacingKind spacing_kind = SpacingKind::kNone;
  FilmTags tags;
  bool is_dicom = false;
  std::string photometric = "voi";  // the convention that it was read with (ReadOptions)
  // "window_width_0", "for_processing", ...: read, but worth knowing (docs/dicom.md)
  std::vector<std::string> warnings;
};

struct ReadOptions {
  // more than this is refused (reason "too_large") before anything is allocated
  size_t max_pixels = 100'000'000;
  bool honour_orientation = true;  // turn and mirror to L\F; a raster as its EXIF says
  // "voi": modality and VOI LUT; "mimic-jpg": min-max to 8 bit, inverted for MONOCHROME1, histogram
  // equalised, as the authors of MIMIC-CXR-JPG made their images.
  std::string photometric = "voi";
};

// Reads by content, not by file name. Never throws for bad input, never uses more than 1 GiB.
Result<Film> read_film(const std::filesystem::path& path, const ReadOptions& options = {});
// The same from memory.
Result<Film> read_film_bytes(std::string_view bytes, const ReadOptions& options = {});

}  // namespace radgen

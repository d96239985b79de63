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
struct FilmTags {
  std::string modality, body_part, view_position, patient_orientation, study_description;
  std::string transfer_syntax, photometric, sop_class;
  // for references in results, never for file names or logs
  std::string study_uid, series_uid, sop_uid;
  // never in logs
  std::string patient_id, patient_birth_date, patient_sex, accession, study_date, study_time;
  std::optional<double> patient_age_years;
  std::string presentation_intent;
  bool is_synthetic = false;  // made by a program, as write_dicom_film() says in ImageComments
  int bits_stored = 0;
};

struct Film {
  cv::Mat pixels;                             // CV_16UC1, upright, 0 dark .. 65535 bright
  Affine stored_to_upright;                   // stored pixel coordinates -> upright
  double spacing_x_mm = 0, spacing_y_mm = 0;  // of the upright image; 0: unknown
  SpacingKind spacing_kind = SpacingKind::kNone;
  FilmTags tags;
  bool is_dicom = false;
  std::string photometric = "voi";  // the convention that it was read with (ReadOptions)
  // "window_width_0", "pixel_data_too_long": read, but worth knowing
  std::vector<std::string> warnings;
};

struct ReadOptions {
  // more than this is refused (reason "too_large") before anything is allocated
  size_t max_pixels = 100'000'000;
  bool honour_orientation = true;  // turn and mirror to L\F
  // "voi": modality and VOI LUT; "mimic-jpg": min-max to 8 bit, inverted for MONOCHROME1, histogram
  // equalised, as the authors of MIMIC-CXR-JPG made their images.
  std::string photometric = "voi";
};

// Reads by content, not by file name. Never throws for bad input, never uses more than 1 GiB.
Result<Film> read_film(const std::filesystem::path& path, const ReadOptions& options = {});
// The same from memory.
Result<Film> read_film_bytes(std::string_view bytes, const ReadOptions& options = {});

}  // namespace radgen

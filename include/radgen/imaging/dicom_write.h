// Writing a synthetic chest film as DICOM: Digital X-Ray Image Storage - For Presentation (PS3.3
// A.26), explicit little endian, uncompressed. For phantoms and tests: every file says SYNTHETIC in
// ImageComments and PatientComments.
//
//   FilmToWrite film;
//   film.stored = pixels;                         // CV_16UC1, values below 2^bits_stored
//   film.sop_uid = make_uid("study 12, film 1");
//   write_dicom_film("film.dcm", film);
//
// The same FilmToWrite always gives the same bytes: nothing is taken from the clock, the machine or
// the process.
#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace radgen {

struct FilmToWrite {
  cv::Mat stored;  // CV_16UC1, what goes into PixelData (for MONOCHROME1: already inverted by the
                   // caller)
  int bits_stored = 12;                               // 8..16; 16 bits are allocated
  bool is_monochrome1 = false;                        // low values are bright
  std::optional<double> window_center, window_width;  // both or none
  double spacing_mm = 0.15;                           // ImagerPixelSpacing of `stored`

  // Tags; an empty text is written as an empty element (what real films do), never left out.
  std::string modality = "DX";
  std::string view_position;  // "PA", "AP", ""
  std::string body_part = "CHEST";
  std::string patient_orientation = "L\\F";    // PS3.3 C.7.6.1.1.1
  std::string patient_id, patient_sex;         // sex: "M", "F", "O" or ""
  std::optional<double> patient_age_years;     // written as nnnY
  std::string patient_birth_date;              // YYYYMMDD or ""
  std::string study_uid, series_uid, sop_uid;  // "": made from patient_id and the pixels
  std::string study_id, accession;
  std::string study_date, study_time;  // YYYYMMDD, HHMMSS
  std::string study_description = "CHEST X-RAY";
  std::string manufacturer = "RadGen phantom";
  std::string station_name;
  bool has_burned_in_annotation = false;
};

// The file's bytes. Throws Error{kUsage} when `stored` is empty or of another type, when a value
// does not fit in bits_stored, or when a text is too long for its element or holds control
// characters.
std::string encode_dicom_film(const FilmToWrite& film);

// encode_dicom_film() written atomically; additionally throws Error{kResource} when the file cannot
// be written.
void write_dicom_film(const std::filesystem::path& path, const FilmToWrite& film);

// A UID under 2.25 (PS3.5 B.2: a UUID as decimal number) that depends on `seed` only: SHA-256,
// marked as a version 8 (own scheme) UUID of RFC 9562. Different seeds give different UIDs for all
// practical purposes.
std::string make_uid(std::string_view seed);

}  // namespace radgen

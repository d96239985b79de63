#include "imaging/dicom_header.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "imaging/dcmtk_setup.h"
#include "imaging/dicom_elements.h"
#include "radgen/core/calendar.h"

namespace radgen {
namespace {

// The detector's own image, before the vendor's processing: by its intent (PS3.3 C.8.11.1.1.1) or
// its storage class (PS3.4 B.5: digital X-ray, mammography, intra-oral, for processing).
bool is_for_processing(const FilmTags& tags, const std::string& intent) {
  static constexpr std::array<std::string_view, 3> kClasses = {"1.2.840.10008.5.1.4.1.1.1.1.1",
                                                               "1.2.840.10008.5.1.4.1.1.1.2.1",
                                                               "1.2.840.10008.5.1.4.1.1.1.3.1"};
  return intent == "FOR PROCESSING" ||
         std::find(kClasses.begin(), kClasses.end(), tags.sop_class) != kClasses.end();
}

// An identifier that cannot be decoded is left out: another one would be somebody else's.
std::string read_identifier(const DicomElements& elements, const DcmTagKey& key,
                            const char* warning, std::vector<std::string>& warnings) {
  const std::optional<std::string> value = elements.decoded(key);
  if (!value) warnings.emplace_back(warning);
  return value.value_or("");
}

FilmTags read_tags(const DicomElements& elements, std::vector<std::string>& warnings) {
  FilmTags tags;
  tags.modality = elements.code(DCM_Modality);
  tags.body_part = elements.code(DCM_BodyPartExamined);
  tags.view_position = elements.code(DCM_ViewPosition);
  tags.patient_orientation = elements.code(DCM_PatientOrientation);
  tags.sop_class = elements.text(DCM_SOPClassUID);
  tags.study_uid = elements.text(DCM_StudyInstanceUID);
  tags.series_uid = elements.text(DCM_SeriesInstanceUID);
  tags.sop_uid = elements.text(DCM_SOPInstanceUID);
  tags.patient_id = read_identifier(elements, DCM_PatientID, "patient_id_character_set", warnings);
  tags.accession =
      read_identifier(elements, DCM_AccessionNumber, "accession_character_set", warnings);
  // What names the patient or the study for people: left out alike, without a word.
  tags.patient_name = elements.decoded(DCM_PatientName).value_or("");
  tags.study_id = elements.decoded(DCM_StudyID).value_or("");
  tags.referring_physician = elements.decoded(DCM_ReferringPhysicianName).value_or("");
  tags.patient_birth_date = elements.text(DCM_PatientBirthDate);
  tags.patient_sex = elements.code(DCM_PatientSex);
  tags.study_date = elements.text(DCM_StudyDate);
  tags.study_time = elements.text(DCM_StudyTime);
  tags.is_for_processing = is_for_processing(tags, elements.code(DCM_PresentationIntentType));
  if (tags.is_for_processing) warnings.emplace_back("for_processing");
  // What write_dicom_film() says in ImageComments.
  tags.is_synthetic = elements.text(DCM_ImageComments).starts_with("SYNTHETIC");
  tags.patient_age_years =
      age_in_years(elements.text(DCM_PatientAge), tags.patient_birth_date, tags.study_date);
  return tags;
}

// Storage classes without an image of a body: reports, plans, doses, documents, waveforms,
// presentation states, raw data, segmentations and surfaces (PS3.4 B.5).
bool is_no_image_class(std::string_view sop_class) {
  static constexpr std::array<std::string_view, 7> kPrefixes = {
      "1.2.840.10008.5.1.4.1.1.481.", "1.2.840.10008.5.1.4.1.1.88.", "1.2.840.10008.5.1.4.1.1.104.",
      "1.2.840.10008.5.1.4.1.1.9.",   "1.2.840.10008.5.1.4.1.1.11.", "1.2.840.10008.5.1.4.1.1.66",
      "1.2.840.10008.5.1.4.1.1.67"};
  // RT Image is one.
  if (sop_class == "1.2.840.10008.5.1.4.1.1.481.1") return false;
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return sop_class.starts_with(prefix); });
}

std::optional<Failure> check_is_image(DicomElements& elements, const DicomOutline& outline,
                                      const FilmTags& tags) {
  if (is_no_image_class(tags.sop_class))
    return Failure{"not_an_image", "the object is a report, plan, dose or document, not a picture"};
  if (!outline.has_pixel_data) {
    if (outline.has_float_pixel_data)
      return Failure{"bad_bits", "floating point pixels, expected 8 or 16 bits"};
    return Failure{"no_pixel_data", "the file holds no pixel data"};
  }
  const auto rows = elements.number(DCM_Rows), columns = elements.number(DCM_Columns);
  if (!rows || *rows == 0) return Failure{"missing_rows", "Rows is absent or 0"};
  if (!columns || *columns == 0) return Failure{"missing_columns", "Columns is absent or 0"};
  const int samples = elements.number(DCM_SamplesPerPixel).value_or(1);
  const std::string photometric = elements.code(DCM_PhotometricInterpretation);
  if (photometric.empty())
    return Failure{"missing_photometric", "PhotometricInterpretation is absent"};
  if (samples != 1 || (photometric != "MONOCHROME1" && photometric != "MONOCHROME2"))
    return Failure{
        "not_grayscale",
        fmt::format("{} samples a pixel, expected one grey sample (MONOCHROME1 or 2)", samples)};
  const int frames = elements.integer_text(DCM_NumberOfFrames).value_or(1);
  if (frames > 1)
    return Failure{"multi_frame", fmt::format("{} frames, expected a single picture", frames)};
  return std::nullopt;
}

Result<PixelFormat> read_format(DicomElements& elements, size_t max_pixels) {
  PixelFormat format;
  format.rows = elements.number(DCM_Rows).value_or(0);
  format.columns = elements.number(DCM_Columns).value_or(0);
  if (format.pixel_count() > max_pixels)
    return Failure{"too_large", fmt::format("{} x {} pixels, at most {} are read", format.columns,
                                            format.rows, max_pixels)};
  format.bits_allocated = elements.number(DCM_BitsAllocated).value_or(0);
  format.bits_stored = elements.number(DCM_BitsStored).value_or(format.bits_allocated);
  format.high_bit = elements.number(DCM_HighBit).value_or(format.bits_stored - 1);
  format.is_signed = elements.number(DCM_PixelRepresentation).value_or(0) == 1;
  const bool is_sound = (format.bits_allocated == 8 || format.bits_allocated == 16) &&
                        format.bits_stored >= 1 && format.bits_stored <= format.bits_allocated &&
                        format.high_bit >= format.bits_stored - 1 &&
                        format.high_bit < format.bits_allocated;
  if (!is_sound)
    return Failure{"bad_bits",
                   fmt::format("BitsAllocated {}, BitsStored {}, HighBit {}: expected 8 or 16 "
                               "allocated bits that hold "
                               "the stored ones",
                               format.bits_allocated, format.bits_stored, format.high_bit)};
  const auto padding = elements.number(DCM_PixelPaddingValue, format.is_signed);
  if (padding) {
    const int limit =
        elements.number(DCM_PixelPaddingRangeLimit, format.is_signed).value_or(*padding);
    format.padding_low = std::min(*padding, limit);
    format.padding_high = std::max(*padding, limit);
  }
  return format;
}

// Window centres and widths are pairs, each one an alternative (C.11.2.1.2); a width of 0 or less
// than the function allows is none.
std::vector<Window> read_windows(const DicomElements& elements,
                                 std::vector<std::string>& warnings) {
  const auto centers = elements.decimals(DCM_WindowCenter);
  const auto widths = elements.decimals(DCM_WindowWidth);
  Window::Function function = Window::Function::kLinear;
  const std::string stated = elements.code(DCM_VOILUTFunction);
  if (stated == "LINEAR_EXACT") function = Window::Function::kLinearExact;
  if (stated == "SIGMOID") function = Window::Function::kSigmoid;
  const double smallest = function == Window::Function::kLinear ? 1.0 : 1e-9;
  std::vector<Window> windows;
  for (size_t i = 0; i < std::min(centers.size(), widths.size()); ++i)
    if (centers[i] && widths[i] && *widths[i] >= smallest)
      windows.push_back({*centers[i], *widths[i], function});
  if (windows.empty() && (!centers.empty() || !widths.empty())) {
    const bool is_zero = !widths.empty() && widths.front() == 0.0;
    warnings.push_back(is_zero ? "window_width_0" : "window_invalid");
  }
  return windows;
}

GrayTransform read_gray(DicomElements& elements, const PixelFormat& format,
                        std::vector<std::string>& warnings) {
  GrayTransform gray;
  const std::vector<LookUpTable> modality =
      elements.tables(DCM_ModalityLUTSequence, format.is_signed);
  if (!modality.empty()) gray.modality = modality.front();
  if (elements.has(DCM_ModalityLUTSequence) && !gray.modality)
    warnings.push_back("modality_lut_invalid");
  const double slope = elements.decimal(DCM_RescaleSlope).value_or(1);
  const double intercept = elements.decimal(DCM_RescaleIntercept).value_or(0);
  if (slope == 0) {
    warnings.push_back("rescale_slope_0");
  } else if (!gray.modality) {
    gray.slope = slope;
    gray.intercept = intercept;
  }
  // Values after the modality transform are signed when it can go below zero (C.11.2.1.1).
  const bool is_signed = !gray.modality && (format.is_signed || gray.intercept < 0);
  gray.voi = elements.tables(DCM_VOILUTSequence, is_signed);
  if (elements.has(DCM_VOILUTSequence) && gray.voi.empty()) warnings.push_back("voi_lut_invalid");
  gray.windows = read_windows(elements, warnings);
  // The shape INVERSE goes with MONOCHROME1 and says the same (C.8.11.3.1.2): they do not cancel.
  const bool has_inverse_shape = elements.code(DCM_PresentationLUTShape) == "INVERSE";
  const bool is_monochrome1 = elements.code(DCM_PhotometricInterpretation) == "MONOCHROME1";
  gray.is_inverse = is_monochrome1 || has_inverse_shape;
  if (has_inverse_shape && !is_monochrome1) warnings.push_back("presentation_lut_inverse");
  return gray;
}

// The height of a pixel over its width where there is no spacing: a pair of integers, vertical
// first (C.7.6.3.1.7). Nothing when they are no such pair.
std::optional<double> read_aspect(const DicomElements& elements) {
  const auto pair = elements.decimals(DCM_PixelAspectRatio);
  if (pair.size() < 2 || !pair[0] || !pair[1] || *pair[0] <= 0 || *pair[1] <= 0)
    return std::nullopt;
  return *pair[0] / *pair[1];
}

// Prefers what was calibrated to the patient (C.8.11.7, 10.7.1.3), then the detector's spacing.
void read_spacing(DicomElements& elements, DicomHeader& header) {
  const auto pair = [&](const DcmTagKey& key) -> std::optional<std::array<double, 2>> {
    const auto numbers = elements.decimals(key);
    const double row = numbers.empty() ? 0 : numbers[0].value_or(0);
    const double column = numbers.size() > 1 ? numbers[1].value_or(row) : row;
    if (row <= 0 || column <= 0 || row > 100 || column > 100) return std::nullopt;
    return std::array<double, 2>{row, column};
  };
  const auto imager = pair(DCM_ImagerPixelSpacing), pixel = pair(DCM_PixelSpacing);
  const auto scanned = pair(DCM_NominalScannedPixelSpacing);
  const bool is_calibrated =
      pixel && (elements.has(DCM_PixelSpacingCalibrationType) || (imager && *imager != *pixel));
  auto spacing = is_calibrated ? pixel : imager ? imager : pixel ? pixel : scanned;
  header.pixel_aspect = spacing ? (*spacing)[0] / (*spacing)[1] : read_aspect(elements).value_or(1);
  if (!spacing) return;
  double magnification = 1;
  if (!is_calibrated) {
    // Detector pixels are larger than what they show of the patient by this factor.
    const double stated =
        elements.decimal(DCM_EstimatedRadiographicMagnificationFactor).value_or(1);
    if (stated >= 1 && stated < 10) magnification = stated;
  }
  header.row_spacing_mm = (*spacing)[0] / magnification;
  header.column_spacing_mm = (*spacing)[1] / magnification;
  header.spacing_kind = is_calibrated ? SpacingKind::kCalibrated : SpacingKind::kImager;
}

}  // namespace

std::optional<double> age_in_years(const std::string& age, const std::string& birth_date,
                                   const std::string& study_date) {
  if (age.size() >= 2 && age.size() <= 4) {
    const std::string digits = age.substr(0, age.size() - 1);
    const bool are_digits = digits.find_first_not_of("0123456789") == std::string::npos;
    if (are_digits) {
      const double count = std::stoi(digits);
      switch (age.back()) {
        case 'Y':
          return count;
        case 'M':
          return count / 12;
        case 'W':
          return count / 52.1775;
        case 'D':
          return count / 365.2425;
        default:
          break;
      }
    }
  }
  const auto birth = calendar_day(birth_date), study = calendar_day(study_date);
  if (!birth || !study) return std::nullopt;
  const double days = (*study - *birth).count();
  if (days < 0 || days > 130 * 365.2425) return std::nullopt;
  return days / 365.2425;
}

Result<DicomHeader> parse_dicom_header(const DicomOutline& outline, size_t max_pixels) {
  set_up_dcmtk();
  DicomElements elements;
  if (!elements.parse(outline))
    return Failure{"corrupt_header", "an element that describes the picture is malformed"};
  DicomHeader header;
  header.tags = read_tags(elements, header.warnings);
  if (auto failure = check_is_image(elements, outline, header.tags)) return *failure;
  const Result<PixelFormat> format = read_format(elements, max_pixels);
  if (!format) return format.failure();
  header.format = *format;
  header.gray = read_gray(elements, header.format, header.warnings);
  read_spacing(elements, header);
  return header;
}

}  // namespace radgen

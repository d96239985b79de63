#include "imaging/dicom_header.h"

// DCMTK's configuration has to come first.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "imaging/dcmtk_setup.h"
#include "radgen/core/calendar.h"

namespace radgen {
namespace {

// Result texts go into JSON: valid UTF-8 stays, other bytes are taken for Latin-1 (ISO_IR 100, the
// usual alternative), control characters go.
bool is_utf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<uint8_t>(text[i]);
    const int more = lead < 0x80                   ? 0
                     : lead >= 0xC2 && lead < 0xE0 ? 1
                     : lead >= 0xE0 && lead < 0xF0 ? 2
                     : lead >= 0xF0 && lead < 0xF5 ? 3
                                                   : -1;
    if (more < 0 || i + static_cast<size_t>(more) >= text.size()) return false;
    for (int k = 1; k <= more; ++k)
      if ((static_cast<uint8_t>(text[i + static_cast<size_t>(k)]) & 0xC0) != 0x80) return false;
    const auto second = more > 0 ? static_cast<uint8_t>(text[i + 1]) : uint8_t{0x80};
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F))
      return false;
    i += static_cast<size_t>(more) + 1;
  }
  return true;
}

std::string clean_text(std::string_view text) {
  const bool as_is = is_utf8(text);
  std::string clean;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x20 || byte == 0x7F) continue;
    if (as_is || byte < 0x80) {
      clean.push_back(c);
    } else {
      clean.push_back(static_cast<char>(0xC0 | byte >> 6));
      clean.push_back(static_cast<char>(0x80 | (byte & 0x3F)));
    }
  }
  const size_t begin = clean.find_first_not_of(' ');
  if (begin == std::string::npos) return "";
  return clean.substr(begin, clean.find_last_not_of(' ') - begin + 1);
}

// Typed access to the few elements of the outline, parsed by DCMTK.
class Elements {
 public:
  // False when DCMTK cannot read them.
  bool parse(const DicomOutline& outline) {
    std::string bytes;
    for (const DicomElement& element : outline.elements) bytes.append(element.whole);
    if (bytes.empty()) return true;
    const E_TransferSyntax syntax =
        outline.encoding == DicomEncoding::kImplicitLittle ? EXS_LittleEndianImplicit
        : outline.encoding == DicomEncoding::kExplicitBig  ? EXS_BigEndianExplicit
                                                           : EXS_LittleEndianExplicit;
    DcmInputBufferStream stream;
    stream.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
    stream.setEos();
    data_set_.transferInit();
    const OFCondition status = data_set_.read(stream, syntax, EGL_noChange);
    data_set_.transferEnd();
    return status.good();
  }

  std::string text(const DcmTagKey& key) { return clean_text(raw_text(data_set_, key)); }
  std::optional<int> number(const DcmTagKey& key, bool is_signed = false) {
    return number_in(data_set_, key, 0, is_signed);
  }
  std::optional<double> decimal(const DcmTagKey& key, unsigned long position = 0) {
    Float64 value = 0;
    if (data_set_.findAndGetFloat64(key, value, position).bad() || !std::isfinite(value))
      return std::nullopt;
    return value;
  }
  std::optional<int> integer_text(const DcmTagKey& key) {  // VR IS
    Sint32 value = 0;
    if (data_set_.findAndGetSint32(key, value).bad()) return std::nullopt;
    return value;
  }
  bool has(const DcmTagKey& key) { return data_set_.tagExistsWithValue(key); }

  // The first item of a LUT sequence. `is_signed`: its first input value is.
  std::optional<LookUpTable> table(const DcmTagKey& sequence, bool is_signed) {
    DcmItem* item = nullptr;
    if (data_set_.findAndGetSequenceItem(sequence, item, 0).bad() || !item) return std::nullopt;
    const auto count_word = number_in(*item, DCM_LUTDescriptor, 0, false);
    const auto first = number_in(*item, DCM_LUTDescriptor, 1, is_signed);
    const auto bits = number_in(*item, DCM_LUTDescriptor, 2, false);
    const Uint16* words = nullptr;
    unsigned long word_count = 0;
    if (!count_word || !first || !bits || *bits < 1 || *bits > 16) return std::nullopt;
    if (item->findAndGetUint16Array(DCM_LUTData, words, &word_count).bad() || !words)
      return std::nullopt;
    const size_t count = *count_word == 0 ? 65536 : static_cast<size_t>(*count_word);
    LookUpTable table;
    table.first = *first;
    table.bits = *bits;
    if (word_count >= count) {
      table.entries.assign(words, words + count);
    } else if (word_count * 2 >= count && *bits <= 8) {  // two 8-bit entries in a word
      for (size_t i = 0; i < count; ++i)
        table.entries.push_back(
            static_cast<uint16_t>(i % 2 == 0 ? words[i / 2] & 0xFF : words[i / 2] >> 8));
    } else {
      return std::nullopt;
    }
    return table;
  }

 private:
  static std::string raw_text(DcmItem& item, const DcmTagKey& key) {
    OFString value;
    return item.findAndGetOFStringArray(key, value).good()
               ? std::string(value.c_str(), value.length())
               : "";
  }
  // US or SS, whichever the file calls it, reread as `is_signed`.
  static std::optional<int> number_in(DcmItem& item, const DcmTagKey& key, unsigned long position,
                                      bool is_signed) {
    Uint16 value = 0;
    Sint16 signed_value = 0;
    if (item.findAndGetUint16(key, value, position).good())
      return is_signed ? static_cast<int>(static_cast<int16_t>(value)) : value;
    if (item.findAndGetSint16(key, signed_value, position).good())
      return is_signed ? signed_value : static_cast<uint16_t>(signed_value);
    return std::nullopt;
  }

  DcmDataset data_set_;
};

FilmTags read_tags(Elements& elements, const std::string& transfer_syntax) {
  FilmTags tags;
  tags.modality = elements.text(DCM_Modality);
  tags.body_part = elements.text(DCM_BodyPartExamined);
  tags.view_position = elements.text(DCM_ViewPosition);
  tags.patient_orientation = elements.text(DCM_PatientOrientation);
  tags.study_description = elements.text(DCM_StudyDescription);
  tags.transfer_syntax = transfer_syntax;
  tags.photometric = elements.text(DCM_PhotometricInterpretation);
  tags.sop_class = elements.text(DCM_SOPClassUID);
  tags.study_uid = elements.text(DCM_StudyInstanceUID);
  tags.series_uid = elements.text(DCM_SeriesInstanceUID);
  tags.sop_uid = elements.text(DCM_SOPInstanceUID);
  tags.patient_id = elements.text(DCM_PatientID);
  tags.patient_birth_date = elements.text(DCM_PatientBirthDate);
  tags.patient_sex = elements.text(DCM_PatientSex);
  tags.accession = elements.text(DCM_AccessionNumber);
  tags.study_date = elements.text(DCM_StudyDate);
  tags.study_time = elements.text(DCM_StudyTime);
  tags.presentation_intent = elements.text(DCM_PresentationIntentType);
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

std::optional<Failure> check_is_image(Elements& elements, const DicomOutline& outline,
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
  if (tags.photometric.empty())
    return Failure{"missing_photometric", "PhotometricInterpretation is absent"};
  if (samples != 1 || (tags.photometric != "MONOCHROME1" && tags.photometric != "MONOCHROME2"))
    return Failure{
        "not_grayscale",
        fmt::format("{} samples a pixel, expected one grey sample (MONOCHROME1 or 2)", samples)};
  const int frames = elements.integer_text(DCM_NumberOfFrames).value_or(1);
  if (frames > 1)
    return Failure{"multi_frame", fmt::format("{} frames, expected a single picture", frames)};
  return std::nullopt;
}

Result<PixelFormat> read_format(Elements& elements, size_t max_pixels) {
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

// The first usable window of possibly several (C.11.2.1.2); a width of 0 or less than the function
// allows is none.
std::optional<Window> read_window(Elements& elements, std::vector<std::string>& warnings) {
  const auto center = elements.decimal(DCM_WindowCenter), width = elements.decimal(DCM_WindowWidth);
  if (!center && !width) return std::nullopt;
  Window window;
  const std::string function = elements.text(DCM_VOILUTFunction);
  if (function == "LINEAR_EXACT") window.function = Window::Function::kLinearExact;
  if (function == "SIGMOID") window.function = Window::Function::kSigmoid;
  const double smallest = window.function == Window::Function::kLinear ? 1.0 : 1e-9;
  if (!center || !width || *width < smallest) {
    warnings.push_back(width && *width == 0 ? "window_width_0" : "window_invalid");
    return std::nullopt;
  }
  window.center = *center;
  window.width = *width;
  return window;
}

GrayTransform read_gray(Elements& elements, const PixelFormat& format, const FilmTags& tags,
                        std::vector<std::string>& warnings) {
  GrayTransform gray;
  gray.modality = elements.table(DCM_ModalityLUTSequence, format.is_signed);
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
  gray.voi = elements.table(DCM_VOILUTSequence, is_signed);
  if (elements.has(DCM_VOILUTSequence) && !gray.voi) warnings.push_back("voi_lut_invalid");
  if (!gray.voi) gray.window = read_window(elements, warnings);
  // The shape INVERSE goes with MONOCHROME1 and says the same (C.8.11.3.1.2): they do not cancel.
  const bool has_inverse_shape = elements.text(DCM_PresentationLUTShape) == "INVERSE";
  gray.is_inverse = tags.photometric == "MONOCHROME1" || has_inverse_shape;
  if (has_inverse_shape && tags.photometric == "MONOCHROME2")
    warnings.push_back("presentation_lut_inverse");
  return gray;
}

// Prefers what was calibrated to the patient (C.8.11.7, 10.7.1.3), then the detector's spacing.
void read_spacing(Elements& elements, DicomHeader& header) {
  const auto pair = [&](const DcmTagKey& key) -> std::optional<std::array<double, 2>> {
    const auto row = elements.decimal(key, 0);
    const auto column = elements.decimal(key, 1).value_or(row.value_or(0));
    if (!row || *row <= 0 || column <= 0 || *row > 100 || column > 100) return std::nullopt;
    return std::array<double, 2>{*row, column};
  };
  const auto imager = pair(DCM_ImagerPixelSpacing), pixel = pair(DCM_PixelSpacing);
  const auto scanned = pair(DCM_NominalScannedPixelSpacing);
  const bool is_calibrated =
      pixel && (elements.has(DCM_PixelSpacingCalibrationType) || (imager && *imager != *pixel));
  auto spacing = is_calibrated ? pixel : imager ? imager : pixel ? pixel : scanned;
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
  Elements elements;
  if (!elements.parse(outline))
    return Failure{"corrupt_header", "an element that describes the picture is malformed"};
  DicomHeader header;
  header.tags = read_tags(elements, outline.transfer_syntax);
  if (auto failure = check_is_image(elements, outline, header.tags)) return *failure;
  const Result<PixelFormat> format = read_format(elements, max_pixels);
  if (!format) return format.failure();
  header.format = *format;
  header.tags.bits_stored = format->bits_stored;
  header.gray = read_gray(elements, header.format, header.tags, header.warnings);
  read_spacing(elements, header);
  return header;
}

}  // namespace radgen

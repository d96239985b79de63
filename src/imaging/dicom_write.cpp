#include "radgen/imaging/dicom_write.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "radgen/core/error.h"
#include "radgen/core/files.h"

namespace radgen {
namespace {

constexpr const char* kDigitalXRayForPresentation = "1.2.840.10008.5.1.4.1.1.1.1";
constexpr const char* kExplicitLittleEndian = "1.2.840.10008.1.2.1";
// Fixed, so that files do not change with the library's version.
constexpr const char* kImplementationUid = "2.25.302486723946120842350957412345678901234";
constexpr const char* kImplementationName = "RADGEN_PHANTOM";
constexpr const char* kSynthetic =
    "SYNTHETIC: made by a program, not a picture of a person. Not for clinical use.";

// Appends explicit little endian data elements (PS3.5 7.1.2). The caller keeps the order of tags.
class ElementWriter {
 public:
  explicit ElementWriter(size_t reserve_bytes) { bytes_.reserve(reserve_bytes); }

  void text(uint16_t group, uint16_t element, const char* vr, std::string_view value,
            size_t max_length = 64) {
    if (value.size() > max_length)
      throw Error(ErrorCode::kUsage,
                  fmt::format("DICOM element ({:04x},{:04x}) holds at most {} characters, not {}",
                              group, element, max_length, value.size()));
    if (std::any_of(value.begin(), value.end(),
                    [](char c) { return static_cast<unsigned char>(c) < 32; }))
      throw Error(ErrorCode::kUsage,
                  fmt::format("DICOM element ({:04x},{:04x}) may not hold control characters",
                              group, element));
    const size_t padded = value.size() + value.size() % 2;
    short_header(group, element, vr, static_cast<uint16_t>(padded));
    bytes_.append(value);
    if (padded != value.size()) bytes_.push_back(std::strcmp(vr, "UI") == 0 ? '\0' : ' ');
  }
  void number(uint16_t group, uint16_t element, uint16_t value) {
    short_header(group, element, "US", 2);
    put16(value);
  }
  void signed_number(uint16_t group, uint16_t element, int16_t value) {
    short_header(group, element, "SS", 2);
    put16(static_cast<uint16_t>(value));
  }
  void decimal(uint16_t group, uint16_t element, double value) {
    text(group, element, "DS", fmt::format("{:.8g}", value), 16);
  }
  void long_header(uint16_t group, uint16_t element, const char* vr, uint32_t length) {
    put16(group);
    put16(element);
    bytes_.append(vr, 2);
    put16(0);
    put32(length);
  }
  // A sequence of one coded item (PS3.3 8.8), or an empty one when `code` is empty.
  void code_sequence(uint16_t group, uint16_t element, std::string_view code,
                     std::string_view scheme, std::string_view meaning) {
    if (code.empty()) {
      long_header(group, element, "SQ", 0);
      return;
    }
    ElementWriter item(128);
    item.text(0x0008, 0x0100, "SH", code, 16);
    item.text(0x0008, 0x0102, "SH", scheme, 16);
    item.text(0x0008, 0x0104, "LO", meaning);
    long_header(group, element, "SQ", static_cast<uint32_t>(item.bytes_.size() + 8));
    put16(0xFFFE);
    put16(0xE000);
    put32(static_cast<uint32_t>(item.bytes_.size()));
    bytes_.append(item.bytes_);
  }
  void raw(std::string_view bytes) { bytes_.append(bytes); }
  void put32(uint32_t value) {
    put16(static_cast<uint16_t>(value & 0xFFFF));
    put16(static_cast<uint16_t>(value >> 16));
  }
  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  void put16(uint16_t value) {
    bytes_.push_back(static_cast<char>(value & 0xFF));
    bytes_.push_back(static_cast<char>(value >> 8));
  }
  void short_header(uint16_t group, uint16_t element, const char* vr, uint16_t length) {
    put16(group);
    put16(element);
    bytes_.append(vr, 2);
    put16(length);
  }
  std::string bytes_;
};

struct Uids {
  std::string study, series, sop;
};

Uids complete_uids(const FilmToWrite& film) {
  Uids uids{film.study_uid, film.series_uid, film.sop_uid};
  if (!uids.study.empty() && !uids.series.empty() && !uids.sop.empty()) return uids;
  const std::string_view pixels(
      reinterpret_cast<const char*>(film.stored.data),
      film.stored.isContinuous() ? film.stored.total() * 2 : film.stored.cols * size_t{2});
  const std::string seed = film.patient_id + '/' + film.study_id + '/' + sha256_hex(pixels);
  if (uids.study.empty()) uids.study = make_uid(seed + "/study");
  if (uids.series.empty()) uids.series = make_uid(uids.study + "/series");
  if (uids.sop.empty()) uids.sop = make_uid(uids.series + seed + "/sop");
  return uids;
}

void check_film(const FilmToWrite& film) {
  if (film.stored.empty() || film.stored.type() != CV_16UC1 || film.stored.rows > 65535 ||
      film.stored.cols > 65535)
    throw Error(ErrorCode::kUsage,
                "a film to write must be a CV_16UC1 picture of 1 to 65535 pixels a side");
  if (film.bits_stored < 8 || film.bits_stored > 16)
    throw Error(ErrorCode::kUsage,
                fmt::format("bits_stored must be 8 to 16, not {}", film.bits_stored));
  double highest = 0;
  cv::minMaxLoc(film.stored, nullptr, &highest);
  if (highest >= std::ldexp(1.0, film.bits_stored))
    throw Error(ErrorCode::kUsage, fmt::format("a pixel value of {} does not fit in {} stored bits",
                                               highest, film.bits_stored));
  if (film.window_center.has_value() != film.window_width.has_value())
    throw Error(ErrorCode::kUsage, "window centre and width belong together: give both or none");
  if (!(film.spacing_mm > 0)) throw Error(ErrorCode::kUsage, "spacing_mm must be above 0");
}

std::string meta_header(const std::string& sop_uid) {
  ElementWriter meta(256);
  meta.long_header(0x0002, 0x0001, "OB", 2);
  meta.raw(std::string_view("\0\1", 2));
  meta.text(0x0002, 0x0002, "UI", kDigitalXRayForPresentation);
  meta.text(0x0002, 0x0003, "UI", sop_uid);
  meta.text(0x0002, 0x0010, "UI", kExplicitLittleEndian);
  meta.text(0x0002, 0x0012, "UI", kImplementationUid);
  meta.text(0x0002, 0x0013, "SH", kImplementationName, 16);
  std::string head(128, '\0');
  head += "DICM";
  // (0002,0000) UL: the group's length.
  head.append("\x02\x00\x00\x00UL\x04\x00", 8);
  const auto length = static_cast<uint32_t>(meta.bytes().size());
  for (int byte = 0; byte < 4; ++byte)
    head.push_back(static_cast<char>(length >> (8 * byte) & 0xFF));
  return head + meta.bytes();
}

// Patient, study, series, equipment and acquisition (groups 0008 to 0020).
void write_identification(ElementWriter& out, const FilmToWrite& film, const Uids& uids) {
  out.text(0x0008, 0x0005, "CS", "ISO_IR 192", 16);
  out.text(0x0008, 0x0008, "CS", "DERIVED\\PRIMARY");
  out.text(0x0008, 0x0016, "UI", kDigitalXRayForPresentation);
  out.text(0x0008, 0x0018, "UI", uids.sop);
  out.text(0x0008, 0x0020, "DA", film.study_date, 8);
  out.text(0x0008, 0x0022, "DA", film.study_date, 8);
  out.text(0x0008, 0x0023, "DA", film.study_date, 8);
  out.text(0x0008, 0x0030, "TM", film.study_time, 14);
  out.text(0x0008, 0x0032, "TM", film.study_time, 14);
  out.text(0x0008, 0x0033, "TM", film.study_time, 14);
  out.text(0x0008, 0x0050, "SH", film.accession, 16);
  out.text(0x0008, 0x0060, "CS", film.modality, 16);
  out.text(0x0008, 0x0068, "CS", "FOR PRESENTATION", 16);
  out.text(0x0008, 0x0070, "LO", film.manufacturer);
  out.text(0x0008, 0x0090, "PN", "");
  out.text(0x0008, 0x1010, "SH", film.station_name, 16);
  out.text(0x0008, 0x1030, "LO", film.study_description);
  out.text(0x0008, 0x2111, "ST", "Synthetic chest film", 1024);
  const bool is_chest = !film.body_part.empty();
  out.code_sequence(0x0008, 0x2218, is_chest ? "51185008" : "", "SCT", "Chest");
  out.text(0x0010, 0x0010, "PN", film.patient_id.empty() ? "" : "Synthetic^" + film.patient_id, 64);
  out.text(0x0010, 0x0020, "LO", film.patient_id);
  out.text(0x0010, 0x0030, "DA", film.patient_birth_date, 8);
  out.text(0x0010, 0x0040, "CS", film.patient_sex, 16);
  if (film.patient_age_years) {
    const int years = static_cast<int>(std::clamp(*film.patient_age_years, 0.0, 999.0));
    out.text(0x0010, 0x1010, "AS", fmt::format("{:03d}Y", years), 4);
  }
  out.text(0x0010, 0x4000, "LT", kSynthetic, 10240);
  out.text(0x0018, 0x0015, "CS", film.body_part, 16);
  out.text(0x0018, 0x1020, "LO", "RadGen phantom 1");
  out.text(0x0018, 0x1164, "DS", fmt::format("{0:.6g}\\{0:.6g}", film.spacing_mm));
  out.text(0x0018, 0x5101, "CS", film.view_position, 16);
  out.text(0x0018, 0x7004, "CS", "DIRECT", 16);
  out.text(0x0020, 0x000D, "UI", uids.study);
  out.text(0x0020, 0x000E, "UI", uids.series);
  out.text(0x0020, 0x0010, "SH", film.study_id, 16);
  out.text(0x0020, 0x0011, "IS", "1");
  out.text(0x0020, 0x0013, "IS", "1");
  out.text(0x0020, 0x0020, "CS", film.patient_orientation, 33);
  out.text(0x0020, 0x0062, "CS", "U");
  out.text(0x0020, 0x4000, "LT", kSynthetic, 10240);
}

// Image pixel, DX image and VOI LUT modules (group 0028), acquisition context and presentation LUT
// shape.
void write_image(ElementWriter& out, const FilmToWrite& film) {
  out.number(0x0028, 0x0002, 1);
  out.text(0x0028, 0x0004, "CS", film.is_monochrome1 ? "MONOCHROME1" : "MONOCHROME2", 16);
  out.number(0x0028, 0x0010, static_cast<uint16_t>(film.stored.rows));
  out.number(0x0028, 0x0011, static_cast<uint16_t>(film.stored.cols));
  out.number(0x0028, 0x0100, 16);
  out.number(0x0028, 0x0101, static_cast<uint16_t>(film.bits_stored));
  out.number(0x0028, 0x0102, static_cast<uint16_t>(film.bits_stored - 1));
  out.number(0x0028, 0x0103, 0);
  out.text(0x0028, 0x0301, "CS", film.has_burned_in_annotation ? "YES" : "NO");
  out.text(0x0028, 0x1040, "CS", "LOG");
  out.signed_number(0x0028, 0x1041, film.is_monochrome1 ? 1 : -1);
  if (film.window_center) {
    out.decimal(0x0028, 0x1050, *film.window_center);
    out.decimal(0x0028, 0x1051, *film.window_width);
  }
  out.text(0x0028, 0x1052, "DS", "0");
  out.text(0x0028, 0x1053, "DS", "1");
  out.text(0x0028, 0x1054, "LO", "US");
  out.text(0x0028, 0x2110, "CS", "00");
  out.code_sequence(0x0040, 0x0555, "", "", "");
  out.text(0x2050, 0x0020, "CS", film.is_monochrome1 ? "INVERSE" : "IDENTITY", 16);
}

}  // namespace

std::string make_uid(std::string_view seed) {
  const std::string hash = sha256_hex(seed);
  std::array<uint8_t, 16> uuid{};
  for (size_t i = 0; i < uuid.size(); ++i)
    uuid[i] = static_cast<uint8_t>(std::stoul(hash.substr(2 * i, 2), nullptr, 16));
  // Version 8 and the variant bits (RFC 9562, 5.8).
  uuid[6] = static_cast<uint8_t>((uuid[6] & 0x0F) | 0x80);
  uuid[8] = static_cast<uint8_t>((uuid[8] & 0x3F) | 0x80);
  // The 128-bit number in decimal, by long division.
  std::string digits;
  while (std::any_of(uuid.begin(), uuid.end(), [](uint8_t byte) { return byte != 0; })) {
    int remainder = 0;
    for (uint8_t& byte : uuid) {
      const int value = remainder * 256 + byte;
      byte = static_cast<uint8_t>(value / 10);
      remainder = value % 10;
    }
    digits.insert(digits.begin(), static_cast<char>('0' + remainder));
  }
  return "2.25." + digits;
}

std::string encode_dicom_film(const FilmToWrite& film) {
  check_film(film);
  const Uids uids = complete_uids(film);
  const size_t pixel_bytes = film.stored.total() * 2;
  ElementWriter out(pixel_bytes + 4096);
  out.raw(meta_header(uids.sop));
  write_identification(out, film, uids);
  write_image(out, film);
  out.long_header(0x7FE0, 0x0010, "OW", static_cast<uint32_t>(pixel_bytes));
  // The host is little endian (checked below), as the file is.
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  for (int row = 0; row < film.stored.rows; ++row)
    out.raw({film.stored.ptr<char>(row), static_cast<size_t>(film.stored.cols) * 2});
  return out.take();
}

void write_dicom_film(const std::filesystem::path& path, const FilmToWrite& film) {
  write_file_atomic(path, encode_dicom_film(film), Durability::kRenamed);
}

}  // namespace radgen

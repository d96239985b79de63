// The outline of a DICOM file: where its top-level elements and its pixel data lie, found in one
// pass over the bytes without recursion and without trusting any length. It is what protects
// DCMTK's parser from foreign bytes: only the few elements that a film needs are handed to it,
// after their structure was checked here.
//
//   Result<DicomOutline> outline = outline_dicom(bytes, {.max_inflated_bytes = 1 << 28});
//   outline->find(0x0028, 0x0010)->value;            // Rows, raw bytes
//
// Reads Part 10 files, files whose preamble is missing, and bare data sets; implicit and explicit
// little endian, explicit big endian, deflated. PS3.5 chapter 7, annexes A.4 and A.5; PS3.10
// chapter 7.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "radgen/core/error.h"

namespace radgen {

enum class DicomEncoding { kImplicitLittle, kExplicitLittle, kExplicitBig };

// A fact that is read of the header, and the VR that its element has by the standard.
struct HeaderFact {
  uint32_t tag = 0;
  std::string_view vr;
};
std::span<const HeaderFact> header_facts();        // all of them, sorted by tag
const HeaderFact* find_header_fact(uint32_t tag);  // null: not read

// PixelData and the elements of header_facts(); all others are stepped over.
struct DicomElement {
  uint16_t group = 0, element = 0;
  std::string_view vr;     // as it stands there, also when it is none; empty in implicit VR
  std::string_view whole;  // header and value, as they stand in the file
  std::string_view value;  // value only; for encapsulated pixel data the item stream
};

struct DicomOutline {
  std::string transfer_syntax;  // as stated, or what the bytes turned out to be
  DicomEncoding encoding = DicomEncoding::kExplicitLittle;
  // the data set of a deflated file; the views below then point into it
  std::vector<char> inflated;
  std::vector<DicomElement> elements;
  bool has_pixel_data = false;
  bool has_float_pixel_data = false;
  bool is_encapsulated = false;
  DicomElement pixel_data;                  // valid when has_pixel_data
  std::vector<std::string_view> fragments;  // encapsulated: without the basic offset table
  std::vector<std::string> warnings;

  const DicomElement* find(uint16_t group, uint16_t element) const;

  // The views point into `inflated` or the caller's bytes, so an outline moves but is never copied.
  DicomOutline() = default;
  DicomOutline(DicomOutline&&) = default;
  DicomOutline& operator=(DicomOutline&&) = default;
  DicomOutline(const DicomOutline&) = delete;
  DicomOutline& operator=(const DicomOutline&) = delete;
};

struct OutlineLimits {
  size_t max_inflated_bytes = size_t{256} << 20;  // a deflated file may not become larger than this
  int max_nesting = 64;                           // sequences in sequences
};

// `bytes` must outlive the outline. Failures: not_dicom, truncated_file, truncated_pixel_data,
// corrupt_header, nesting_too_deep, too_large (inflated), corrupt_compressed_data (deflate stream).
Result<DicomOutline> outline_dicom(std::string_view bytes, const OutlineLimits& limits = {});

}  // namespace radgen

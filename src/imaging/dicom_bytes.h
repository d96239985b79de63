// Reading one data element header from raw bytes, in any of DICOM's three encodings (PS3.5 7.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "imaging/dicom_outline.h"

namespace radgen {

constexpr uint32_t kUndefinedLength = 0xFFFFFFFF;

inline uint16_t read_u16(std::string_view bytes, size_t at, bool is_big) {
  const auto a = static_cast<uint8_t>(bytes[at]), b = static_cast<uint8_t>(bytes[at + 1]);
  return static_cast<uint16_t>(is_big ? a << 8 | b : b << 8 | a);
}

inline uint32_t read_u32(std::string_view bytes, size_t at, bool is_big) {
  const uint32_t a = read_u16(bytes, at, is_big), b = read_u16(bytes, at + 2, is_big);
  return is_big ? a << 16 | b : b << 16 | a;
}

struct ElementHeader {
  uint16_t group = 0, element = 0;
  std::string_view vr;  // empty: implicit VR or an item
  uint32_t length = 0;  // kUndefinedLength: ended by a delimiter
  size_t value_at = 0;  // where the value begins
  uint32_t tag() const { return static_cast<uint32_t>(group) << 16 | element; }
};

constexpr uint32_t kItem = 0xFFFEE000, kItemEnd = 0xFFFEE00D, kSequenceEnd = 0xFFFEE0DD;

enum class HeaderProblem { kNone, kTruncated, kMalformed };

// Reads the header at `at`, which must lie before `end` <= bytes.size(). An element of a VR that
// the standard does not know is stepped over where what follows it shows where it ends.
HeaderProblem read_element_header(std::string_view bytes, size_t at, size_t end,
                                  DicomEncoding encoding, ElementHeader& header);

// Whether the VR is one of PS3.5 table 6.2-1. Parsers differ on where the value of any other
// begins, so no other parser is given such a header.
bool is_known_vr(std::string_view vr);

// Steps over the items of a sequence that begins at `at` and is `length` bytes long or undefined.
// Nothing recurses; `depth` counts sequences inside sequences. A malformed content of a sequence
// whose length is known is stepped over by that length.
struct SequenceWalk {
  enum class Outcome { kDone, kTruncated, kMalformed, kTooDeep } outcome = Outcome::kDone;
  size_t end = 0;        // behind the sequence
  bool is_plain = true;  // nothing damaged, no unknown VR: every parser sees the same
  bool has_unknown_vr = false;
};
SequenceWalk walk_sequence(std::string_view bytes, size_t at, uint32_t length,
                           DicomEncoding encoding, int max_nesting);

}  // namespace radgen

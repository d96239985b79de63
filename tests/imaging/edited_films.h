// Films as strangers write them: the project's own file with elements added, replaced or taken
// away.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "imaging/synthetic_films.h"
#include "radgen/imaging/film.h"

namespace radgen::testing {

inline std::string little16(uint32_t value) {
  return {static_cast<char>(value & 0xFF), static_cast<char>(value >> 8 & 0xFF)};
}
inline std::string little32(uint32_t value) {
  return little16(value & 0xFFFF) + little16(value >> 16);
}
inline std::string words_of(const std::vector<uint16_t>& values) {
  std::string bytes;
  for (const uint16_t value : values) bytes += little16(value);
  return bytes;
}

inline bool has_32_bit_length(std::string_view vr) {
  return vr == "SQ" || vr == "OW" || vr == "OB" || vr == "UN" || vr == "UT";
}

// An explicit little endian element, its value padded to an even length.
inline std::string element_of(uint32_t tag, std::string_view vr, std::string value) {
  if (value.size() % 2) value.push_back(vr == "UI" || vr == "OB" || vr == "UN" ? '\0' : ' ');
  const std::string head = little16(tag >> 16) + little16(tag & 0xFFFF) + std::string(vr);
  const auto length = static_cast<uint32_t>(value.size());
  if (has_32_bit_length(vr)) return head + little16(0) + little32(length) + value;
  return head + little16(length) + value;
}

inline std::string item_of(const std::string& elements) {
  return std::string("\xFE\xFF\x00\xE0", 4) + little32(static_cast<uint32_t>(elements.size())) +
         elements;
}

// Where an element of a file of write_dicom_film() begins and ends; of an absent one, where it
// would stand.
struct ElementPlace {
  size_t begin = 0, end = 0;
  bool is_there = false;
};

inline ElementPlace place_of(const std::string& file, uint32_t tag) {
  const auto u16 = [&](size_t at) {
    return static_cast<uint32_t>(static_cast<uint8_t>(file[at])) |
           static_cast<uint32_t>(static_cast<uint8_t>(file[at + 1])) << 8;
  };
  size_t at = 132;
  while (at + 8 <= file.size()) {
    const uint32_t here = u16(at) << 16 | u16(at + 2);
    const bool is_long = has_32_bit_length(file.substr(at + 4, 2));
    const size_t end =
        is_long ? at + 12 + (u16(at + 8) | u16(at + 10) << 16) : at + 8 + u16(at + 6);
    if (here == tag) return {at, end, true};
    if (here > tag) return {at, at, false};
    at = end;
  }
  return {at, at, false};
}

// The file with these bytes in place of the element, or where it would stand.
inline std::string with_raw(std::string file, uint32_t tag, const std::string& bytes) {
  const ElementPlace place = place_of(file, tag);
  return file.replace(place.begin, place.end - place.begin, bytes);
}
inline std::string with(const std::string& file, uint32_t tag, std::string_view vr,
                        const std::string& value) {
  return with_raw(file, tag, element_of(tag, vr, value));
}
inline std::string without(const std::string& file, uint32_t tag) {
  EXPECT_TRUE(place_of(file, tag).is_there) << std::hex << tag;
  return with_raw(file, tag, "");
}

// A VOI or modality LUT sequence of one item.
inline std::string lut_item(const std::vector<uint16_t>& entries, uint32_t first, uint32_t bits) {
  return item_of(element_of(0x00283002, "US",
                            little16(static_cast<uint32_t>(entries.size() & 0xFFFF)) +
                                little16(first) + little16(bits)) +
                 element_of(0x00283006, "OW", words_of(entries)));
}

inline Film film_of(const std::string& file, const ReadOptions& options = {}) {
  Result<Film> film = read_film_bytes(file, options);
  if (film) return std::move(*film);
  ADD_FAILURE() << film.failure().reason << ": " << film.failure().message;
  return {};
}

inline bool warns_of(const Film& film, std::string_view code) {
  for (const std::string& warning : film.warnings)
    if (warning == code) return true;
  return false;
}

inline std::string small_file() { return encode_dicom_film(small_film()); }

inline double difference(const Film& a, const Film& b) {
  return a.pixels.size() == b.pixels.size() ? cv::norm(a.pixels, b.pixels, cv::NORM_INF) : 1e9;
}

}  // namespace radgen::testing

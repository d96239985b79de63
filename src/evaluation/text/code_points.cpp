#include "evaluation/text/code_points.h"

#include <cstdint>

namespace radgen::evaluation {
namespace {

// Length of the sequence that starts with this byte; 0: none does.
size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

}  // namespace

std::u32string code_points(std::string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const unsigned char lead = static_cast<unsigned char>(text[i]);
    const size_t length = sequence_length(lead);
    bool is_valid = length > 0 && i + length <= text.size();
    uint32_t value = length <= 1 ? lead : lead & (0xFFu >> (length + 1));
    for (size_t k = 1; is_valid && k < length; ++k) {
      const unsigned char next = static_cast<unsigned char>(text[i + k]);
      is_valid = (next & 0xC0) == 0x80;
      value = (value << 6) | (next & 0x3Fu);
    }
    result.push_back(is_valid ? value : lead);
    i += is_valid ? length : 1;
  }
  return result;
}

std::string utf8(std::u32string_view text) {
  std::string result;
  result.reserve(text.size());
  const auto put = [&](uint32_t value) { result.push_back(static_cast<char>(value)); };
  for (const char32_t c : text) {
    const uint32_t value = c;
    if (value < 0x80) {
      put(value);
    } else if (value < 0x800) {
      put(0xC0 | (value >> 6));
      put(0x80 | (value & 0x3F));
    } else if (value < 0x10000) {
      put(0xE0 | (value >> 12));
      put(0x80 | ((value >> 6) & 0x3F));
      put(0x80 | (value & 0x3F));
    } else {
      put(0xF0 | (value >> 18));
      put(0x80 | ((value >> 12) & 0x3F));
      put(0x80 | ((value >> 6) & 0x3F));
      put(0x80 | (value & 0x3F));
    }
  }
  return result;
}

char32_t lower_case(char32_t c) {
  if (c >= U'A' && c <= U'Z') return c + 32;
  if (c < 0xC0) return c;
  if (c <= 0xDE) return c == 0xD7 ? c : c + 32;
  // Latin Extended-A: pairs, upper case even but for two runs where it is odd.
  if (c >= 0x100 && c <= 0x137) return c % 2 == 0 ? c + 1 : c;
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) return c % 2 == 1 ? c + 1 : c;
  if (c >= 0x14A && c <= 0x177) return c % 2 == 0 ? c + 1 : c;
  if (c == 0x178) return 0xFF;
  if (c >= 0x391 && c <= 0x3A9) return c + 32;
  if (c >= 0x410 && c <= 0x42F) return c + 32;
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  return c;
}

bool is_white(char32_t c) {
  return c == U' ' || (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x1F) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

}  // namespace radgen::evaluation

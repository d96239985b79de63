#include "radgen/core/utf8.h"

#include <array>
#include <cstdint>

namespace radgen {
namespace {

// 0x80 to 0x9F; above, Windows-1252 is Latin-1.
constexpr std::array<uint16_t, 32> kWindows1252{
    0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};

bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// Bytes up to the first that is part of no UTF-8 character.
size_t valid_length(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    if (!is_high(text[at])) {
      ++at;
      continue;
    }
    const Utf8Character c = utf8_character(text, at);
    if (!c.is_valid) break;
    at += c.length;
  }
  return at;
}

}  // namespace

// Well-formed byte sequences: The Unicode Standard 14.0, table 3-7.
Utf8Character utf8_character(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return {lead, 1, true};
  if (lead < 0xC2 || lead > 0xF4) return {};
  const size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t code = lead & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    // The second byte has a narrower range behind four of the leads: overlong forms, surrogates,
    // above U+10FFFF.
    const unsigned char low = i == 1 && lead == 0xE0 ? 0xA0 : i == 1 && lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = i == 1 && lead == 0xED ? 0x9F : i == 1 && lead == 0xF4 ? 0x8F : 0xBF;
    if (at + i >= text.size() || byte(at + i) < low || byte(at + i) > high) return {0, i, false};
    code = (code << 6) | (byte(at + i) & 0x3F);
  }
  return {code, length, true};
}

bool is_utf8(std::string_view text) { return valid_length(text) == text.size(); }

void append_utf8(std::string& text, char32_t code) {
  const auto put = [&](char32_t byte) { text += static_cast<char>(byte); };
  const auto rest = [&](int shift) { put(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    rest(0);
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    rest(6);
    rest(0);
  } else {
    put(0xF0 | (code >> 18));
    rest(12);
    rest(6);
    rest(0);
  }
}

char32_t windows_1252_character(unsigned char byte) {
  return byte >= 0x80 && byte < 0xA0 ? kWindows1252[byte - 0x80u] : char32_t{byte};
}

std::string to_utf8(std::string text) {
  const size_t valid = valid_length(text);
  if (valid == text.size()) return text;
  std::string out = text.substr(0, valid);
  for (size_t at = valid; at < text.size();) {
    const Utf8Character c = utf8_character(text, at);
    append_utf8(out,
                c.is_valid ? c.code : windows_1252_character(static_cast<unsigned char>(text[at])));
    at += c.is_valid ? c.length : 1;
  }
  return out;
}

std::string windows_1252_to_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) append_utf8(out, windows_1252_character(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace radgen

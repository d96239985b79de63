// UTF-8 as it comes from strangers' files.
//
//   std::string text = to_utf8(read_file("report.txt"));   // whatever the hospital's system wrote
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace radgen {

// The character at `at`: its code point and how many bytes it has. Where the bytes are no UTF-8:
// is_valid is false and length counts the longest start of a character there, at least 1.
struct Utf8Character {
  char32_t code = 0;
  size_t length = 1;
  bool is_valid = false;
};
Utf8Character utf8_character(std::string_view text, size_t at);
bool is_utf8(std::string_view text);
void append_utf8(std::string& text, char32_t code);

// What a byte from 0x80 stands for in Windows-1252 (the WHATWG Encoding Standard's index); U+FFFD
// where it stands for nothing.
char32_t windows_1252_character(unsigned char byte);
// Valid UTF-8 stays; bytes that are none are read as Windows-1252, which is what Excel and old
// hospital systems write.
std::string to_utf8(std::string text);
// Every byte from 0x80 read as Windows-1252, for a text that says it is that or Latin-1.
std::string windows_1252_to_utf8(std::string_view text);

}  // namespace radgen

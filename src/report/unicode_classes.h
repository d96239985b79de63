// The classes of code points that GPT-2's pattern asks for: General_Category L*, N* and White_Space
// of Unicode 14.0 (UnicodeData.txt, PropList.txt). Surrogates and everything unassigned are in none
// of them.
#pragma once

#include <cstddef>
#include <string_view>

namespace radgen {

bool is_unicode_letter(char32_t code);
bool is_unicode_number(char32_t code);
bool is_unicode_space(char32_t code);

// The character at `at`: its code point and how many bytes it has. Where the bytes are no UTF-8:
// is_valid is false and length counts the longest start of a character there, at least 1.
struct Utf8Character {
  char32_t code = 0;
  size_t length = 1;
  bool is_valid = false;
};
Utf8Character utf8_character(std::string_view text, size_t at);

}  // namespace radgen

// UTF-8 as code points, for the metrics that the original tools compute on Unicode text.
#pragma once

#include <string>
#include <string_view>

namespace radgen::evaluation {

// Bytes that are no UTF-8 become one code point each, with the value of the byte.
std::u32string code_points(std::string_view text);
std::string utf8(std::u32string_view text);
// Lower case of ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic letters; anything else as is.
char32_t lower_case(char32_t c);
// What Unicode counts as white space among the characters that reports hold.
bool is_white(char32_t c);

}  // namespace radgen::evaluation

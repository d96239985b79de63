// The classes of code points that GPT-2's pattern asks for: General_Category L*, N* and White_Space
// of Unicode 14.0 (UnicodeData.txt, PropList.txt). Surrogates and everything unassigned are in none
// of them.
#pragma once

namespace radgen {

bool is_unicode_letter(char32_t code);
bool is_unicode_number(char32_t code);
bool is_unicode_space(char32_t code);

}  // namespace radgen

// Whether a line break of a plain text (plain_text.h) ends a sentence. Report files are wrapped at
// some column: such a break is white space. It ends one where an empty line, a list item or what
// begins a sentence follows.
#pragma once

#include <cstddef>
#include <string_view>

namespace radgen {

class LineBreaks {
 public:
  explicit LineBreaks(std::string_view plain);
  // Of the line break at `at` behind which the sentence has not ended yet.
  bool ends_sentence(size_t at) const;

 private:
  enum class Case { kMixed, kOne };
  bool is_full(size_t line_end, size_t next) const;

  std::string_view text_;
  size_t longest_ = 0;       // bytes of the longest line
  bool is_wrapped_ = false;  // most lines had no room for the word behind them
  Case case_ = Case::kMixed;
};

// A list item's mark at `at`: "2.", "2)", "(2)", "b)" before white space or a letter, "-" or "*"
// before one. Its length with the white space behind it, or 0. `number` gets that of a numbered
// one.
size_t list_mark_length(std::string_view text, size_t at, int* number = nullptr);

}  // namespace radgen

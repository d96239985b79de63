// Report text as the rules of this layer read it: what a word processor, a PDF, a web page or a
// language model puts in place of plain characters is undone once, before anything is matched, and
// every byte remembers where it stood.
//
//   const PlainText plain("\u2022 No\u00a0e\ufb00usion");      // "\n- No effusion"
//   text.substr(plain.begin(3), plain.end(6) - plain.begin(3))   // "No" of the original
//
// Compatibility forms (NFKC: no-break spaces, ligatures, full-width letters), dashes, bullets,
// quotes; marks of no width are left out. Bytes that are no UTF-8 are read as Windows-1252
// (core/utf8.h). A text of ASCII alone stays as it is and costs nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace radgen {

class PlainText {
 public:
  explicit PlainText(std::string_view original);  // must outlive this
  PlainText(const PlainText&) = delete;
  PlainText& operator=(const PlainText&) = delete;

  std::string_view text() const { return is_same_ ? original_ : std::string_view(text_); }
  // Where the plain bytes [first, last) come from, in bytes of the original: begin(first) to
  // end(last). Of a range that holds at least one byte.
  size_t begin(size_t first) const {
    return is_same_ || first >= begins_.size() ? first_of(first) : begins_[first];
  }
  size_t end(size_t last) const {
    return is_same_ || last == 0 || last > ends_.size() ? first_of(last) : ends_[last - 1];
  }

 private:
  size_t first_of(size_t at) const { return is_same_ ? at : at == 0 ? 0 : original_.size(); }
  void append(std::string_view plain, size_t begin, size_t end);
  void append_cluster(size_t begin, size_t end);

  std::string_view original_;
  bool is_same_ = false;
  std::string text_;
  std::vector<uint32_t> begins_, ends_;  // of the original's character, a plain byte each
};

std::string plain_text(std::string_view original);

}  // namespace radgen

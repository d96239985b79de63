#include "radgen/report/plain_text.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

#include "radgen/core/utf8.h"

namespace radgen {
namespace {

bool is_ascii(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080u;
  size_t at = 0;
  for (; at + sizeof(uint64_t) <= text.size(); at += sizeof(uint64_t)) {
    uint64_t eight = 0;
    std::memcpy(&eight, text.data() + at, sizeof(eight));
    if ((eight & kHighBits) != 0) return false;
  }
  for (; at < text.size(); ++at) {
    if (static_cast<unsigned char>(text[at]) >= 0x80) return false;
  }
  return true;
}

struct CodePoint {
  uint32_t value = 0;
  size_t length = 1;  // bytes
};

CodePoint code_point(std::string_view text, size_t at) {
  const Utf8Character c = utf8_character(text, at);
  if (c.is_valid) return {c.code, c.length};
  return {windows_1252_character(static_cast<unsigned char>(text[at])), 1};
}

// What stands for a character in plain text; nothing where NFKC decides. Public names of the
// characters: Unicode 15, General Punctuation and the blocks of shapes and dingbats.
std::optional<std::string_view> plain_form(uint32_t c) {
  switch (c) {
    case 0x00AD:
    case 0x034F:
    case 0x061C:
    case 0x180E:
    case 0xFEFF:  // soft hyphen, joiners, BOM
      return "";
    case 0x0085:
    case 0x2028:
    case 0x2029:  // next line, line and paragraph separators
      return "\n";
    case 0x1680:
    case 0x2800:  // ogham space, empty braille
      return " ";
    case 0x2014:
    case 0x2015:
    case 0x2E3A:
    case 0x2E3B:
    case 0xFE31:
    case 0xFE58:  // long dashes
      return " - ";
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2043:
    case 0x2212:
    case 0x02D7:
    case 0xFE32:
    case 0xFE63:
    case 0xFF0D:
      return "-";
    case 0x2022:
    case 0x2023:
    case 0x2219:
    case 0x25A0:
    case 0x25A1:
    case 0x25AA:
    case 0x25AB:
    case 0x25B6:
    case 0x25B8:
    case 0x25BA:
    case 0x25C6:
    case 0x25C7:
    case 0x25CB:
    case 0x25CF:
    case 0x25E6:
    case 0x2605:
    case 0x2666:
    case 0x2756:
    case 0x27A2:
    case 0x27A4:
    case 0x2B25:
    case 0xF0A7:
    case 0xF0B7:
    case 0xF0D8:
    case 0xF0FC:  // Word's, in its private symbol font
      return "\n- ";
    case 0x2018:
    case 0x2019:
    case 0x201A:
    case 0x201B:
    case 0x02B9:
    case 0x02BC:
    case 0x02C8:
    case 0x2032:
    case 0x2039:
    case 0x203A:
    case 0x00B4:
    case 0xFF07:
      return "'";
    case 0x201C:
    case 0x201D:
    case 0x201E:
    case 0x201F:
    case 0x00AB:
    case 0x00BB:
    case 0x2033:
    case 0x301D:
    case 0x301E:
      return "\"";
    case 0x2044:
    case 0x2215:
    case 0x29F8:
      return "/";
    case 0x00D7:
    case 0x2715:
      return "x";
    case 0x3002:
    case 0xFF61:
      return ". ";
    case 0x3001:
    case 0xFF64:
    case 0x060C:
      return ", ";
    case 0x00BF:
      return "?";
    case 0x00C6:
    case 0x00E6:
      return "ae";
    case 0x0152:
    case 0x0153:
      return "oe";
    default:
      break;
  }
  const bool is_without_width = (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
                                (c >= 0x2060 && c <= 0x206F) || (c >= 0xFE00 && c <= 0xFE0F) ||
                                (c >= 0xE0000 && c <= 0xE0FFF);
  if (is_without_width) return "";
  return std::nullopt;
}

struct Free {
  void operator()(utf8proc_uint8_t* bytes) const { std::free(bytes); }
};

// Unicode's compatibility composition. Empty where the text cannot be mapped.
std::string compatibility_form(const std::string& text) {
  utf8proc_uint8_t* bytes = nullptr;
  const auto length = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
      static_cast<utf8proc_ssize_t>(text.size()), &bytes,
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT));
  const std::unique_ptr<utf8proc_uint8_t, Free> owner(bytes);
  if (length < 0) return "";
  return std::string(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
}

}  // namespace

PlainText::PlainText(std::string_view original) : original_(original) {
  is_same_ = is_ascii(original);
  if (is_same_) return;
  text_.reserve(original.size());
  begins_.reserve(original.size());
  ends_.reserve(original.size());
  // Characters that users take for one (a letter and its accents) are composed together.
  utf8proc_int32_t state = 0;
  size_t cluster = 0;
  for (size_t at = 0; at < original.size();) {
    const CodePoint c = code_point(original, at);
    const size_t next = at + c.length;
    bool is_end = next == original.size();
    if (!is_end) {
      const CodePoint after = code_point(original, next);
      if (c.value < 0x80 && after.value < 0x80) {
        is_end = true;
        state = 0;
      } else {
        is_end =
            utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(c.value),
                                             static_cast<utf8proc_int32_t>(after.value), &state);
      }
    }
    if (is_end) {
      append_cluster(cluster, next);
      cluster = next;
    }
    at = next;
  }
}

void PlainText::append(std::string_view plain, size_t begin, size_t end) {
  text_ += plain;
  begins_.insert(begins_.end(), plain.size(), static_cast<uint32_t>(begin));
  ends_.insert(ends_.end(), plain.size(), static_cast<uint32_t>(end));
}

void PlainText::append_cluster(size_t begin, size_t end) {
  if (end == begin + 1 && static_cast<unsigned char>(original_[begin]) < 0x80) {
    append(original_.substr(begin, 1), begin, end);
    return;
  }
  const auto put = [&](uint32_t code) {
    if (const auto form = plain_form(code)) return append(*form, begin, end);
    std::string bytes;
    append_utf8(bytes, code);
    append(bytes, begin, end);
  };
  std::string kept;  // what NFKC decides
  const auto flush = [&] {
    const std::string form = compatibility_form(kept);
    for (size_t i = 0; i < form.size();) {  // a fraction's slash comes out of NFKC
      const CodePoint c = code_point(form, i);
      put(c.value);
      i += c.length;
    }
    kept.clear();
  };
  for (size_t at = begin; at < end;) {
    const CodePoint c = code_point(original_, at);
    if (const auto form = plain_form(c.value)) {
      flush();
      append(*form, begin, end);
    } else {
      append_utf8(kept, c.value);
    }
    at += c.length;
  }
  flush();
}

std::string plain_text(std::string_view original) {
  return std::string(PlainText(original).text());
}

}  // namespace radgen

#include "imaging/dicom_text.h"

// DCMTK's configuration has to come first.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcspchrs.h>
#include <dcmtk/ofstd/ofchrenc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace radgen {
namespace {

bool is_utf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<uint8_t>(text[i]);
    const int more = lead < 0x80                   ? 0
                     : lead >= 0xC2 && lead < 0xE0 ? 1
                     : lead >= 0xE0 && lead < 0xF0 ? 2
                     : lead >= 0xF0 && lead < 0xF5 ? 3
                                                   : -1;
    if (more < 0 || i + static_cast<size_t>(more) >= text.size()) return false;
    for (int k = 1; k <= more; ++k)
      if ((static_cast<uint8_t>(text[i + static_cast<size_t>(k)]) & 0xC0) != 0x80) return false;
    const auto second = more > 0 ? static_cast<uint8_t>(text[i + 1]) : uint8_t{0x80};
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F))
      return false;
    i += static_cast<size_t>(more) + 1;
  }
  return true;
}

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

// C0, DEL, C1 (C2 80 to C2 9F) and the mark of what could not be decoded (EF BF BD), in UTF-8.
bool holds_control_characters(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<uint8_t>(text[i + 1]) < 0xA0)
      return true;
  }
  return text.find("\xEF\xBF\xBD") != std::string_view::npos;
}

// Padding is a space, in UIDs a NUL (PS3.5 6.2); some writers pad every text with NULs.
std::string_view without_padding(std::string_view text) {
  const auto is_padding = [](char c) { return c == ' ' || c == '\0'; };
  while (!text.empty() && is_padding(text.back())) text.remove_suffix(1);
  while (!text.empty() && is_padding(text.front())) text.remove_prefix(1);
  return text;
}

std::vector<std::string_view> values_of(std::string_view text) {
  std::vector<std::string_view> values;
  for (size_t bar = text.find('\\'); bar != std::string_view::npos; bar = text.find('\\')) {
    values.push_back(text.substr(0, bar));
    text.remove_prefix(bar + 1);
  }
  values.push_back(text);
  return values;
}

// "iso-ir 100 " -> "ISO_IR 100"; what is no defined term stays and is then not known.
std::string defined_term(std::string_view value, bool is_extended) {
  std::string letters, digits;
  for (const char c : without_padding(value)) {
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if (c >= 'a' && c <= 'z') {
      letters += static_cast<char>(c - 'a' + 'A');
    } else if (c >= 'A' && c <= 'Z') {
      letters += c;
    } else if (c != ' ' && c != '_' && c != '-') {
      return std::string(value);
    }
  }
  if (letters.empty() && digits.empty()) return "";
  if (letters == "ISOIR" && digits.starts_with("2022")) digits.erase(0, 4);  // "ISO 2022 IR 87"
  if (letters == "UTF" && digits == "8") return "ISO_IR 192";
  if (letters == "GBK" && digits.empty()) return "GBK";
  if (letters == "GB" && digits == "18030") return "GB18030";
  if (letters != "ISOIR" || digits.empty()) return std::string(value);
  return (is_extended ? "ISO 2022 IR " : "ISO_IR ") + digits;
}

bool is_multi_byte(const std::string& term) {
  return term.ends_with(" 192") || term.starts_with("GB");
}

// The defined terms as the converter wants them. UTF-8, GB18030 and GBK allow no code extensions:
// where they stand among others, they are meant alone.
std::string normalised(std::string_view specific_character_set) {
  const std::vector<std::string_view> values = values_of(specific_character_set);
  const bool is_extended = values.size() > 1;
  std::string terms;
  for (size_t i = 0; i < values.size(); ++i) {
    if (is_multi_byte(defined_term(values[i], false))) return defined_term(values[i], false);
    terms += (i ? "\\" : "") + defined_term(values[i], is_extended);
  }
  // Sets of two bytes are never the first one: ASCII is, and they are switched to.
  for (const char* number : {" 58", " 87", " 149", " 159"})
    if (!is_extended && terms.ends_with(number)) return "\\ISO 2022 IR" + std::string(number);
  return terms;
}

// Whether all of them are the Japanese sets or ASCII. The C library's converter, which DCMTK uses
// on Debian, does not know ISO-IR 87 and 159 by themselves, but EUC-JP, which holds all four.
bool is_japanese(const std::string& terms) {
  bool has_kanji = false;
  for (const std::string_view term : values_of(terms)) {
    if (term.ends_with(" 87") || term.ends_with(" 159")) has_kanji = true;
    if (!term.empty() && !term.ends_with(" 6") && !term.ends_with(" 13") &&
        !term.ends_with(" 87") && !term.ends_with(" 159"))
      return false;
  }
  return has_kanji;
}

// The same text in EUC-JP: escape sequences choose what the lower half of the bytes is, and the
// upper half is JIS X 0201's katakana where the sets have it (PS3.3 table C.12-3).
std::optional<std::string> euc_jp_of(std::string_view bytes, bool has_katakana) {
  enum class Lower { kAscii, kJisRoman, kKanji, kMoreKanji } lower = Lower::kAscii;
  struct Escape {
    std::string_view sequence;
    std::optional<Lower> lower;  // none: the upper half, which is katakana anyway
  };
  static constexpr std::array<Escape, 6> kEscapes = {{{"\x1B(B", Lower::kAscii},
                                                      {"\x1B(J", Lower::kJisRoman},
                                                      {"\x1B)I", std::nullopt},
                                                      {"\x1B$B", Lower::kKanji},
                                                      {"\x1B$@", Lower::kKanji},
                                                      {"\x1B$(D", Lower::kMoreKanji}}};
  const auto upper = [](char c) { return static_cast<char>(static_cast<uint8_t>(c) | 0x80); };
  std::string euc;
  for (size_t i = 0; i < bytes.size();) {
    if (bytes[i] == '\x1B') {
      const auto escape = std::find_if(kEscapes.begin(), kEscapes.end(), [&](const Escape& e) {
        return bytes.substr(i).starts_with(e.sequence);
      });
      if (escape == kEscapes.end()) return std::nullopt;
      lower = escape->lower.value_or(lower);
      i += escape->sequence.size();
    } else if (static_cast<uint8_t>(bytes[i]) >= 0x80) {
      if (!has_katakana) return std::nullopt;
      euc += {'\x8E', bytes[i++]};
    } else if (lower == Lower::kAscii || lower == Lower::kJisRoman) {
      // JIS roman has a yen sign and an overline in two places, which no identifier needs.
      const bool differs = bytes[i] == '\\' || bytes[i] == '~';
      if (lower == Lower::kJisRoman && differs) return std::nullopt;
      euc += bytes[i++];
    } else {
      if (i + 1 >= bytes.size() || static_cast<uint8_t>(bytes[i + 1]) >= 0x80) return std::nullopt;
      if (lower == Lower::kMoreKanji) euc += '\x8F';
      euc += {upper(bytes[i]), upper(bytes[i + 1])};
      i += 2;
    }
  }
  return euc;
}

std::optional<std::string> decode_japanese(std::string_view bytes, const std::string& terms) {
  const auto euc = euc_jp_of(bytes, terms.find(" 13") != std::string::npos);
  OFCharacterEncoding converter;
  OFString decoded;
  if (!euc || converter.selectEncoding("EUC-JP", "UTF-8").bad() ||
      converter.convertString(euc->data(), euc->size(), decoded).bad())
    return std::nullopt;
  return std::string(decoded.c_str(), decoded.length());
}

std::optional<std::string> decode_by_dcmtk_converter(std::string_view bytes,
                                                     const std::string& terms) {
  DcmSpecificCharacterSet converter;
  OFString decoded;
  if (converter.selectCharacterSet(terms.c_str(), "ISO_IR 192").bad() ||
      converter.convertString(bytes.data(), bytes.size(), decoded).bad())
    return std::nullopt;
  return std::string(decoded.c_str(), decoded.length());
}

bool is_latin(const std::string& terms) {
  static constexpr std::array<std::string_view, 5> kLatin = {" 100", " 101", " 109", " 110",
                                                             " 148"};
  return terms.find('\\') == std::string::npos &&
         std::any_of(kLatin.begin(), kLatin.end(),
                     [&](std::string_view number) { return terms.ends_with(number); });
}

}  // namespace

TextDecoder::TextDecoder(std::string_view specific_character_set)
    : character_set_(normalised(without_padding(specific_character_set))) {}

std::optional<std::string> TextDecoder::decode(std::string_view bytes) const {
  bytes = without_padding(bytes);
  // In JIS X 0201 two of ASCII's places hold other signs.
  const bool is_jis = character_set_.ends_with(" 13");
  if (is_printable_ascii(bytes) && !(is_jis && bytes.find_first_of("\\~") != std::string::npos))
    return std::string(bytes);
  if (character_set_ == "ISO_IR 192") {
    if (!is_utf8(bytes) || holds_control_characters(bytes)) return std::nullopt;
    return std::string(bytes);
  }
  if (is_latin(character_set_) && is_utf8(bytes)) return std::nullopt;
  const std::optional<std::string> decoded = is_japanese(character_set_)
                                                 ? decode_japanese(bytes, character_set_)
                                                 : decode_by_dcmtk_converter(bytes, character_set_);
  if (!decoded) return std::nullopt;
  const std::string_view text = without_padding(*decoded);
  if (!is_utf8(text) || holds_control_characters(text)) return std::nullopt;
  return std::string(text);
}

void load_character_sets() {
  // PS3.3 tables C.12-2 to C.12-5. A converter stays loaded while one that was made is there.
  static constexpr std::array<const char*, 17> kSets = {
      "ISO_IR 6",   "ISO_IR 100", "ISO_IR 101", "ISO_IR 109",        "ISO_IR 110",
      "ISO_IR 144", "ISO_IR 127", "ISO_IR 126", "ISO_IR 138",        "ISO_IR 148",
      "ISO_IR 203", "ISO_IR 13",  "ISO_IR 166", "\\ISO 2022 IR 149", "\\ISO 2022 IR 58",
      "GB18030",    "GBK"};
  static std::array<DcmSpecificCharacterSet, kSets.size()> converters;
  static OFCharacterEncoding japanese;
  for (size_t i = 0; i < kSets.size(); ++i)  // what this C library has not, it refuses later, too
    (void)converters[i].selectCharacterSet(kSets[i], "ISO_IR 192");
  (void)japanese.selectEncoding("EUC-JP", "UTF-8");
}

}  // namespace radgen

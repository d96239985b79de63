#include "imaging/dicom_text.h"

// DCMTK's configuration has to come first.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcspchrs.h>

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
  const bool is_extended =
      values.size() > 1 || specific_character_set.find("2022") != std::string_view::npos;
  std::string terms;
  for (size_t i = 0; i < values.size(); ++i) {
    if (is_multi_byte(defined_term(values[i], false))) return defined_term(values[i], false);
    terms += (i ? "\\" : "") + defined_term(values[i], is_extended);
  }
  return terms;
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
  DcmSpecificCharacterSet converter;
  OFString decoded;
  if (converter.selectCharacterSet(character_set_.c_str(), "ISO_IR 192").bad() ||
      converter.convertString(bytes.data(), bytes.size(), decoded).bad())
    return std::nullopt;
  const std::string_view text = without_padding({decoded.c_str(), decoded.length()});
  if (!is_utf8(text) || holds_control_characters(text)) return std::nullopt;
  return std::string(text);
}

}  // namespace radgen

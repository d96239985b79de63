#include "imaging/dicom_elements.h"

#include <dcmtk/dcmdata/dcistrmb.h>

#include <charconv>
#include <cmath>
#include <string_view>

#include "imaging/dicom_bytes.h"

namespace radgen {
namespace {

// More look-up tables than any film holds are not tried.
constexpr unsigned long kMaxTables = 16;

// An element whose VR is none, with the VR that the standard gives it: one that DCMTK reads as we
// do. Only texts and numbers are here (dicom_outline.cpp), whose header is the short one.
std::string with_standard_vr(const DicomElement& element, DicomEncoding encoding) {
  const bool is_big = encoding == DicomEncoding::kExplicitBig;
  const auto number = [&](size_t value) {
    const char low = static_cast<char>(value & 0xFF), high = static_cast<char>(value >> 8);
    return is_big ? std::string{high, low} : std::string{low, high};
  };
  const uint32_t tag = static_cast<uint32_t>(element.group) << 16 | element.element;
  const HeaderFact* fact = find_header_fact(tag);
  if (!fact) return "";
  return number(element.group) + number(element.element) + std::string(fact->vr) +
         number(element.value.size()) + std::string(element.value);
}

// US or SS, whichever the file calls it, reread as `is_signed`.
std::optional<int> number_in(DcmItem& item, const DcmTagKey& key, unsigned long position,
                             bool is_signed) {
  Uint16 value = 0;
  Sint16 signed_value = 0;
  if (item.findAndGetUint16(key, value, position).good())
    return is_signed ? static_cast<int>(static_cast<int16_t>(value)) : value;
  if (item.findAndGetSint16(key, signed_value, position).good())
    return is_signed ? signed_value : static_cast<uint16_t>(signed_value);
  return std::nullopt;
}

std::optional<LookUpTable> table_of(DcmItem& item, bool is_signed) {
  const auto count_word = number_in(item, DCM_LUTDescriptor, 0, false);
  const auto first = number_in(item, DCM_LUTDescriptor, 1, is_signed);
  const auto bits = number_in(item, DCM_LUTDescriptor, 2, false);
  const Uint16* words = nullptr;
  unsigned long word_count = 0;
  if (!count_word || !first || !bits || *bits < 1 || *bits > 16) return std::nullopt;
  if (item.findAndGetUint16Array(DCM_LUTData, words, &word_count).bad() || !words)
    return std::nullopt;
  const size_t count = *count_word == 0 ? 65536 : static_cast<size_t>(*count_word);
  LookUpTable table;
  table.first = *first;
  table.bits = *bits;
  if (word_count >= count) {
    table.entries.assign(words, words + count);
  } else if (word_count * 2 >= count && *bits <= 8) {  // two 8-bit entries in a word
    for (size_t i = 0; i < count; ++i)
      table.entries.push_back(
          static_cast<uint16_t>(i % 2 == 0 ? words[i / 2] & 0xFF : words[i / 2] >> 8));
  } else {
    return std::nullopt;
  }
  return table;
}

std::string_view without_spaces(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\0'; };
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

std::vector<std::string_view> split_values(std::string_view text) {
  std::vector<std::string_view> values;
  while (true) {
    const size_t bar = text.find('\\');
    values.push_back(without_spaces(text.substr(0, bar)));
    if (bar == std::string_view::npos) return values;
    text.remove_prefix(bar + 1);
  }
}

std::string_view raw_value(const DicomOutline& outline, const DcmTagKey& key) {
  const DicomElement* element = outline.find(key.getGroup(), key.getElement());
  return element ? element->value : std::string_view();
}

}  // namespace

bool DicomElements::parse(const DicomOutline& outline) {
  outline_ = &outline;
  decoder_.emplace(raw_value(outline, DCM_SpecificCharacterSet));
  std::string bytes;
  for (const DicomElement& element : outline.elements) {
    const bool is_known = element.vr.empty() || is_known_vr(element.vr);
    bytes.append(is_known ? std::string(element.whole)
                          : with_standard_vr(element, outline.encoding));
  }
  if (bytes.empty()) return true;
  const E_TransferSyntax syntax =
      outline.encoding == DicomEncoding::kImplicitLittle ? EXS_LittleEndianImplicit
      : outline.encoding == DicomEncoding::kExplicitBig  ? EXS_BigEndianExplicit
                                                         : EXS_LittleEndianExplicit;
  DcmInputBufferStream stream;
  stream.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  stream.setEos();
  data_set_.transferInit();
  const OFCondition status = data_set_.read(stream, syntax, EGL_noChange);
  data_set_.transferEnd();
  return status.good();
}

std::optional<std::string> DicomElements::decoded(const DcmTagKey& key) const {
  return decoder_->decode(raw_value(*outline_, key));
}

std::string DicomElements::code(const DcmTagKey& key) const {
  const std::string whole = text(key);
  const std::vector<std::string_view> values = split_values(whole);
  std::string joined(values.front());
  for (size_t i = 1; i < values.size(); ++i) joined.append("\\").append(values[i]);
  return joined;
}

std::vector<std::optional<double>> DicomElements::decimals(const DcmTagKey& key) const {
  std::vector<std::optional<double>> numbers;
  const std::string_view raw = without_spaces(raw_value(*outline_, key));
  if (raw.empty()) return numbers;
  for (std::string_view value : split_values(raw)) {
    if (value.starts_with('+')) value.remove_prefix(1);
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool is_number = error == std::errc() && end == value.data() + value.size();
    numbers.push_back(is_number && std::isfinite(number) ? std::optional(number) : std::nullopt);
  }
  return numbers;
}

std::optional<double> DicomElements::decimal(const DcmTagKey& key) const {
  const auto numbers = decimals(key);
  return numbers.empty() ? std::nullopt : numbers.front();
}

std::optional<int> DicomElements::number(const DcmTagKey& key, bool is_signed) {
  return number_in(data_set_, key, 0, is_signed);
}

std::optional<int> DicomElements::integer_text(const DcmTagKey& key) {
  Sint32 value = 0;
  if (data_set_.findAndGetSint32(key, value).bad()) return std::nullopt;
  return value;
}

std::vector<LookUpTable> DicomElements::tables(const DcmTagKey& sequence, bool is_signed) {
  std::vector<LookUpTable> tables;
  for (unsigned long i = 0; i < kMaxTables; ++i) {
    DcmItem* item = nullptr;
    if (data_set_.findAndGetSequenceItem(sequence, item, static_cast<signed long>(i)).bad() ||
        !item)
      break;
    if (auto table = table_of(*item, is_signed)) tables.push_back(std::move(*table));
  }
  return tables;
}

}  // namespace radgen

#include "clinical/fhir_values.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "radgen/core/calendar.h"
#include "radgen/core/error.h"
#include "radgen/pages/page.h"

namespace radgen::fhir {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}
int number(std::string_view digits) {
  int value = 0;
  for (char c : digits) value = value * 10 + (c - '0');
  return value;
}

// Length of the UTF-8 character at `at` (RFC 3629: no overlong forms, surrogates or values above
// U+10FFFF); 0: none.
size_t character_length(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const unsigned lead = byte(at);
  const size_t length = lead < 0x80                   ? 1
                        : lead >= 0xC2 && lead < 0xE0 ? 2
                        : lead >= 0xE0 && lead < 0xF0 ? 3
                        : lead >= 0xF0 && lead < 0xF5 ? 4
                                                      : 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  }
  const unsigned second = byte(at + 1);
  const bool is_wrong = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
  return is_wrong ? 0 : length;
}

}  // namespace

std::string clean(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t length = character_length(text, i);
    const auto c = static_cast<unsigned char>(text[i]);
    const bool is_control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
    if (length == 0 || is_control)
      out += '?';
    else
      out += text.substr(i, length);
    i += std::max<size_t>(length, 1);
  }
  return out;
}

std::string narrative_text(std::string_view text) {
  std::string out;
  for (const char c : pages::escape_html(clean(text)))
    out += c == '\n' ? std::string("<br/>") : std::string(1, c);
  return out;
}

std::string date_time(const std::string& date, const std::string& time,
                      const std::string& utc_offset) {
  const auto day = calendar_day(date);
  if (!day) return "";
  const std::string day_text = iso_date(*day);
  const bool has_offset =
      utc_offset.size() == 5 && (utc_offset[0] == '+' || utc_offset[0] == '-') &&
      is_digits(utc_offset.substr(1)) && number(utc_offset.substr(1, 2)) <= 14 &&
      number(utc_offset.substr(3)) < 60;
  const std::string clock = time.substr(0, 6);
  const bool has_clock = clock.size() == 6 && is_digits(clock) && number(clock.substr(0, 2)) < 24 &&
                         number(clock.substr(2, 2)) < 60 && number(clock.substr(4)) < 60;
  if (!has_offset || !has_clock)
    return day_text;  // a FHIR time needs its offset, and we do not guess one
  return day_text + "T" + clock.substr(0, 2) + ":" + clock.substr(2, 2) + ":" + clock.substr(4) +
         utc_offset.substr(0, 3) + ":" + utc_offset.substr(3);
}

std::string instant(std::chrono::system_clock::time_point time) {
  const std::time_t now = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  const size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return std::string(text.data(), length);
}

bool is_instant(const std::string& text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00";
  if (text.size() <= kForm.size()) return false;
  for (size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == '0' ? !is_digits(text.substr(i, 1)) : text[i] != kForm[i]) return false;
  }
  std::string_view rest = std::string_view(text).substr(kForm.size());
  if (rest[0] == '.') {
    rest.remove_prefix(1);
    while (!rest.empty() && is_digits(rest.substr(0, 1))) rest.remove_prefix(1);
  }
  if (rest == "Z") return true;
  return rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') && is_digits(rest.substr(1, 2)) &&
         rest[3] == ':' && is_digits(rest.substr(4, 2));
}

bool is_uid(const std::string& text) {
  if (text.empty() || text.size() > 64) return false;
  bool at_start = true;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.') {
      if (at_start) return false;
      at_start = true;
    } else if (c < '0' || c > '9' ||
               (at_start && c == '0' && i + 1 < text.size() && text[i + 1] != '.')) {
      return false;
    } else {
      at_start = false;
    }
  }
  return !at_start;
}

std::string sha1_base64(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha1(), nullptr) != 1) {
    throw Error(ErrorCode::kInternal, "OpenSSL gives no SHA-1");
  }
  return pages::base64(std::string_view(reinterpret_cast<const char*>(digest.data()), length));
}

}  // namespace radgen::fhir

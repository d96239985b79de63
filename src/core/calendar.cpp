#include "radgen/core/calendar.h"

#include <fmt/format.h>

#include <algorithm>

namespace radgen {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

bool are_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

}  // namespace

std::optional<std::chrono::sys_days> calendar_day(std::string_view text) {
  text = trimmed(text);
  std::string digits(text);
  if (text.size() == 10 && text[4] == '.' && text[7] == '.') std::erase(digits, '.');
  if (digits.size() != 8 || !are_digits(digits)) return std::nullopt;
  const std::string_view all = digits;
  const int year = number(all.substr(0, 4));
  const std::chrono::year_month_day day{
      std::chrono::year(year), std::chrono::month(static_cast<unsigned>(number(all.substr(4, 2)))),
      std::chrono::day(static_cast<unsigned>(number(all.substr(6))))};
  if (year < 1 || !day.ok()) return std::nullopt;
  return std::chrono::sys_days(day);
}

std::string iso_date(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::optional<int> calendar_year(std::string_view text) {
  if (const auto day = calendar_day(text)) {
    return static_cast<int>(std::chrono::year_month_day(*day).year());
  }
  text = trimmed(text);
  if (text.ends_with(".0")) text.remove_suffix(2);
  if (text.size() != 4 || !are_digits(text) || number(text) < 1) return std::nullopt;
  return number(text);
}

}  // namespace radgen

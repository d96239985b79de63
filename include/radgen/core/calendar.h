// Dates as DICOM and the data sets' tables write them: a day of the calendar or nothing.
//
//   if (const auto day = calendar_day("20240229")) ...   // nothing for "20230229"
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace radgen {

// YYYYMMDD, also with the points of ACR-NEMA ("2024.02.29", DICOM PS3.5 6.2); blanks around it are
// passed over.
std::optional<std::chrono::sys_days> calendar_day(std::string_view text);
std::string iso_date(std::chrono::sys_days day);  // "2024-02-29"
// The year of such a date, or of a year alone ("1950", "1950.0" as tables of numbers have it).
std::optional<int> calendar_year(std::string_view text);

}  // namespace radgen

#include "radgen/core/calendar.h"

#include <gtest/gtest.h>

namespace radgen {
namespace {

TEST(CalendarDay, IsADayOfTheCalendarOrNothing) {
  EXPECT_EQ(iso_date(calendar_day("20240229").value()), "2024-02-29");
  EXPECT_EQ(iso_date(calendar_day(" 00991231 ").value()), "0099-12-31");
  EXPECT_EQ(iso_date(calendar_day("2024.02.29").value()), "2024-02-29");
  for (const char* text : {"20230229", "21000229", "20240431", "20241301", "20240100", "20240001",
                           "00000101", "2024-02-29", "2024", "202402290", "20240229 1", "", "x"}) {
    EXPECT_FALSE(calendar_day(text)) << text;
  }
}

TEST(CalendarDay, CountsDays) {
  EXPECT_EQ((calendar_day("20240301").value() - calendar_day("20240228").value()).count(), 2);
}

TEST(CalendarYear, IsThatOfADateOrOfAYearAlone) {
  EXPECT_EQ(calendar_year("20140915"), 2014);
  EXPECT_EQ(calendar_year("1950"), 1950);
  EXPECT_EQ(calendar_year("1950.0"), 1950);
  for (const char* text : {"20141315", "20140931", "19", "0000", "-195", "1950.5", ""}) {
    EXPECT_FALSE(calendar_year(text)) << text;
  }
}

}  // namespace
}  // namespace radgen

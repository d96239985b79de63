#include "radgen/core/csv.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <clocale>

#include "data/temporary_folder.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"

namespace radgen {
namespace {

class Csv : public ::testing::Test {
 protected:
  fs::path write(const std::string& bytes) {
    const fs::path path = folder_.path() / "table.csv";
    write_file_atomic(path, bytes);
    return path;
  }
  std::vector<std::vector<std::string>> rows(const std::string& bytes) {
    CsvReader reader(write(bytes));
    std::vector<std::vector<std::string>> all;
    while (reader.next()) {
      all.emplace_back();
      for (size_t i = 0; i < reader.columns().size(); ++i) all.back().push_back(reader.at(i));
    }
    return all;
  }
  std::string error_of(const std::string& bytes) {
    try {
      rows(bytes);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kData);
      return error.what();
    }
    return "no error";
  }
  TemporaryFolder folder_;
};

using Rows = std::vector<std::vector<std::string>>;

TEST_F(Csv, ReadsQuotesCommasAndLineBreaks) {
  EXPECT_EQ(rows("a,b\n\"x, y\",\"said \"\"no\"\"\"\n\"two\nlines\",\n"),
            (Rows{{"x, y", "said \"no\""}, {"two\nlines", ""}}));
}

TEST_F(Csv, AcceptsByteOrderMarkCrlfBlankLinesAndNoLastNewline) {
  EXPECT_EQ(rows("\xEF\xBB\xBF"
                 "a,b\r\n1,2\r\n\r\n\"3\",4"),
            (Rows{{"1", "2"}, {"3", "4"}}));
}

TEST_F(Csv, KeepsAQuoteInsideAnUnquotedField) {
  EXPECT_EQ(rows("a,b\n5\" tube,x\n"), (Rows{{"5\" tube", "x"}}));
}

TEST_F(Csv, KeepsAnEmptyQuotedFieldAndATrailingComma) {
  EXPECT_EQ(rows("a,b,c\n\"\",,\n"), (Rows{{"", "", ""}}));
}

TEST_F(Csv, ReadsGzip) {
  const fs::path path = folder_.path() / "table.csv.gz";
  gzFile file = gzopen(path.c_str(), "wb");
  std::string text = "id,n\n";
  for (int i = 0; i < 50000; ++i) text += "row" + std::to_string(i) + ",1\n";
  ASSERT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())),
            static_cast<int>(text.size()));
  gzclose(file);
  CsvReader reader(path);
  size_t count = 0;
  while (reader.next()) ++count;
  EXPECT_EQ(count, 50000u);
  EXPECT_EQ(reader.line(), 50001u);

  const std::string bytes = read_file(path);
  write_file_atomic(path, bytes.substr(0, bytes.size() / 2));
  CsvReader cut(path);
  EXPECT_THROW(while (cut.next()){}, Error);
}

TEST_F(Csv, GivesTheRowsBeforeTheCutOfASmallArchive) {
  const fs::path path = folder_.path() / "table.csv.gz";
  gzFile file = gzopen(path.c_str(), "wb");
  std::string text = "id,n\n";
  for (int i = 0; i < 400; ++i) text += "row" + std::to_string(i * 7919 % 400) + ",1\n";
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  const std::string bytes = read_file(path);
  write_file_atomic(path, bytes.substr(0, bytes.size() * 3 / 4));
  CsvReader cut(path);
  size_t count = 0;
  CsvReader::Step step = cut.step();
  for (; step == CsvReader::Step::kRow; step = cut.step()) ++count;
  EXPECT_EQ(static_cast<int>(step), static_cast<int>(CsvReader::Step::kBroken));
  EXPECT_GT(count, 100u);
  EXPECT_LT(count, 400u);
}

TEST_F(Csv, ErrorsNameTheLineAndNeverTheContents) {
  const std::string short_row = error_of("a,b\n\"x\ny\",1\nsecret\n");
  EXPECT_NE(short_row.find("line 4"), std::string::npos) << short_row;
  EXPECT_EQ(short_row.find("secret"), std::string::npos);
  EXPECT_NE(error_of("a,b\n1,\"open\n2,3\n").find("line 2"), std::string::npos);
  EXPECT_NE(error_of("a,b\n\"x\"y,1\n").find("closing quote"), std::string::npos);
  EXPECT_NE(error_of("").find("empty"), std::string::npos);
  EXPECT_NE(error_of("\n\n").find("empty"), std::string::npos);
}

TEST_F(Csv, AMissingColumnNamesThoseThatAreThere) {
  CsvReader reader(write("left,right\n1,2\n"));
  try {
    reader.column("middle");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("left, right"), std::string::npos);
  }
  EXPECT_FALSE(reader.find_column("middle"));
  EXPECT_THROW(CsvReader(folder_.path() / "nothing.csv"), Error);
  EXPECT_THROW(CsvReader(folder_.path()), Error);
}

TEST_F(Csv, ColumnsAtTheEndWithoutANameNeedNoFields) {
  EXPECT_EQ(rows("a,b,,\n1,2\n3,4,,\n"), (Rows{{"1", "2", "", ""}, {"3", "4", "", ""}}));
  EXPECT_NE(error_of("a,b,,\n1\n").find("line 2"), std::string::npos);
}

TEST_F(Csv, StepsOverBadRowsAndStopsWhereNothingMoreCanBeRead) {
  using Step = CsvReader::Step;
  CsvReader reader(write("a,b\n1,2\nx\n\"q\"z,9\n3,4\n\"open,5\n"));
  const std::vector<Step> expected{Step::kRow, Step::kBadRow, Step::kBadRow,
                                   Step::kRow, Step::kBroken, Step::kEnd};
  std::vector<std::string> first;
  for (const Step step : expected) {
    EXPECT_EQ(static_cast<int>(reader.step()), static_cast<int>(step)) << reader.problem();
    if (step == Step::kRow) first.push_back(reader.at(size_t{0}));
  }
  EXPECT_EQ(first, (std::vector<std::string>{"1", "3"}));
}

TEST_F(Csv, FieldsAreUtf8WhateverExcelWrote) {
  EXPECT_EQ(rows("a,\xfc\n\"patient\x92s\",5 \xb1 1\n"), (Rows{{"patient\u2019s", "5 \u00b1 1"}}));
  CsvReader reader(write("a,\xfc\n1,2\n"));
  EXPECT_TRUE(reader.find_column("\u00fc"));
}

TEST(ParseNumber, TakesWholeNumbersOnlyWhenNothingIsLeft) {
  EXPECT_EQ(parse_number("80556.875"), 80556.875);
  EXPECT_EQ(parse_number("-1.0"), -1.0);
  EXPECT_EQ(parse_number(" +.5"), 0.5);
  for (const char* bad : {"", "x", "1x", "nan", "inf", "1e999", "0x10", "1,5", "+-1", "+", " "})
    EXPECT_FALSE(parse_number(bad)) << bad;
}

// A program that uses the library may have set its user's locale.
TEST(ParseNumber, ReadsTheSameUnderALocaleWithDecimalCommas) {
  const std::string before = std::setlocale(LC_NUMERIC, nullptr);
  const char* set = nullptr;
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8", "nl_NL.UTF-8"})
    if (set == nullptr) set = std::setlocale(LC_NUMERIC, name);
  if (set == nullptr) GTEST_SKIP() << "no such locale on this machine";
  EXPECT_EQ(parse_number("80556.875"), 80556.875);
  EXPECT_FALSE(parse_number("80556,875"));
  std::setlocale(LC_NUMERIC, before.c_str());
}

}  // namespace
}  // namespace radgen

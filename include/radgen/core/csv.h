// Tables of foreign data sets: a streaming reader of comma-separated files (RFC 4180), plain or
// gzip-compressed.
//
//   CsvReader table("mimic-cxr-2.0.0-split.csv.gz");
//   const size_t split = table.column("split");      // throws, naming the columns that are there
//   while (table.next()) use(table.at(split), table.line());
//
// Quoted fields may hold commas, doubled quotes and line breaks; a byte order mark, CRLF and a
// missing last newline are accepted; empty lines are skipped; columns at the end that have no name
// need no fields (NIH's table of boxes). One row is in memory at a time.
// Errors are Error{kData} that name file and line, never the contents of a row.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace radgen {

class CsvReader {
 public:
  // Reads the header row. Throws when the file cannot be read or is empty.
  explicit CsvReader(const std::filesystem::path& path);
  ~CsvReader();
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;

  const std::vector<std::string>& columns() const;
  std::optional<size_t> find_column(const std::string& name) const;
  size_t column(const std::string& name) const;  // throws when there is none

  // The next row; false at the end. Throws for a row of another width than the header, an open
  // quote, a broken archive.
  bool next();

  // next() for tables that have to be used whatever is wrong with some of their rows: kBadRow is
  // one row that is passed over, kBroken the end of what can be read. problem() says what it was.
  enum class Step { kRow, kBadRow, kBroken, kEnd };
  Step step();
  const std::string& problem() const;

  const std::string& at(size_t column) const;
  std::string at(
      const std::optional<size_t>& column) const;  // empty for a column that is not there
  size_t line() const;                             // where the row began, from 1
  const std::filesystem::path& path() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Whole number or decimal of a field; nothing when the field is empty or something else.
std::optional<double> parse_number(const std::string& field);

}  // namespace radgen

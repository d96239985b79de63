// libFuzzer target: tables, plain and packed by gzip, row by row and as report tables.
#include "fuzz_support.h"
#include "radgen/core/csv.h"
#include "radgen/data/report_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace radgen;
  static const fuzz::Folder folder;
  const auto file = folder.write("table.csv.gz", fuzz::text_of(data, size));
  fuzz::expect_value_or_error([&] {
    CsvReader table(file);
    while (table.next())
      for (size_t i = 0; i < table.columns().size(); ++i) (void)parse_number(table.at(i));
  });
  fuzz::expect_value_or_error([&] {
    CsvReader table(file);
    for (auto step = table.step(); step != CsvReader::Step::kEnd; step = table.step()) {
      if (step == CsvReader::Step::kBroken) break;
      if (step == CsvReader::Step::kBadRow && table.problem().empty()) std::abort();
    }
  });
  fuzz::expect_value_or_error([&] {
    size_t bytes = 0;
    read_report_table(file, {}, [&](const TableReport& report) { bytes += report.text.size(); });
  });
  fuzz::expect_value_or_error([&] { (void)read_gold_table(file, {}); });
  return 0;
}

// Reports as rows of a table (.csv or .csv.gz), as label-radgen takes them.
//
//   const ReportTableCounts counts =
//       read_report_table("reports.csv.gz", {}, [&](TableReport report) { ... });
//
// A row that cannot be read is passed over, counted and logged with its line; where the file ends
// early (a packed one that was cut, a quote that is never closed) what stands before is used.
// Error{kData} when the file is not there or lacks a column that is needed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "radgen/report/labeler_agreement.h"
#include "radgen/report/text.h"

namespace radgen {

struct ReportTableOptions {
  std::string id_column = "study_id";               // needed
  std::string subject_column = "subject_id";        // empty where there is none
  std::vector<std::string> text_columns{"report"};  // needed; joined by line breaks
  LabelledPart part = LabelledPart::kReport;        // what of the text is given on
};

struct TableReport {
  std::string subject_id, study_id, text;
};

struct ReportTableCounts {
  size_t reports = 0, bad_rows = 0;
  bool is_cut = false;  // the file ended early
};

bool is_report_table(const std::filesystem::path& path);  // by its name

ReportTableCounts read_report_table(const std::filesystem::path& path,
                                    const ReportTableOptions& options,
                                    const std::function<void(TableReport)>& use);

// Gold labels: every column that holds numbers, under its name (labeler_agreement.h says which are
// compared).
std::vector<GoldReport> read_gold_table(const std::filesystem::path& path,
                                        const ReportTableOptions& options);

}  // namespace radgen

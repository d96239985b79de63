#include "radgen/data/report_table.h"

#include "radgen/core/csv.h"
#include "radgen/core/log.h"

namespace radgen {
namespace {

constexpr size_t kLoggedRows = 5;

// Calls use(reader) for every row that can be read.
template <class Use>
ReportTableCounts for_each_row(CsvReader& rows, const Use& use) {
  ReportTableCounts counts;
  while (true) {
    const CsvReader::Step step = rows.step();
    if (step == CsvReader::Step::kEnd) break;
    if (step == CsvReader::Step::kRow) {
      ++counts.reports;
      use();
      continue;
    }
    counts.is_cut = step == CsvReader::Step::kBroken;
    if (++counts.bad_rows <= kLoggedRows || counts.is_cut) {
      log::warning("{}; {}", rows.problem(),
                   counts.is_cut ? "what comes before is used" : "the row is passed over");
    }
    if (counts.is_cut) break;
  }
  if (counts.bad_rows > kLoggedRows) {
    log::warning("{}: {} rows cannot be read", rows.path().string(), counts.bad_rows);
  }
  return counts;
}

class TextColumns {
 public:
  TextColumns(const CsvReader& rows, const ReportTableOptions& options) : part_(options.part) {
    for (const std::string& name : options.text_columns) columns_.push_back(rows.column(name));
  }
  std::string text(const CsvReader& rows) const {
    std::string text;
    for (const size_t column : columns_) text += (text.empty() ? "" : "\n") + rows.at(column);
    return labelled_text(text, part_);
  }

 private:
  LabelledPart part_;
  std::vector<size_t> columns_;
};

}  // namespace

bool is_report_table(const std::filesystem::path& path) {
  return path.extension() == ".csv" ||
         (path.extension() == ".gz" && path.stem().extension() == ".csv");
}

ReportTableCounts read_report_table(const std::filesystem::path& path,
                                    const ReportTableOptions& options,
                                    const std::function<void(TableReport)>& use) {
  CsvReader rows(path);
  const TextColumns texts(rows, options);
  const size_t id = rows.column(options.id_column);
  const auto subject = rows.find_column(options.subject_column);
  return for_each_row(rows, [&] { use({rows.at(subject), rows.at(id), texts.text(rows)}); });
}

std::vector<GoldReport> read_gold_table(const std::filesystem::path& path,
                                        const ReportTableOptions& options) {
  CsvReader rows(path);
  const TextColumns texts(rows, options);
  const auto id = rows.find_column(options.id_column);
  std::vector<GoldReport> gold;
  for_each_row(rows, [&] {
    GoldReport report{rows.at(id), texts.text(rows), {}};
    for (size_t i = 0; i < rows.columns().size(); ++i) {
      if (const auto label = parse_number(rows.at(i))) {
        report.labels[rows.columns()[i]] = static_cast<int>(*label);
      }
    }
    gold.push_back(std::move(report));
  });
  return gold;
}

}  // namespace radgen

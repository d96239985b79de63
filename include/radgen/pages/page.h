// A self-contained HTML page: one look for every report that the project writes. No scripts of its
// own, no links to the outside, light and dark by the reader's setting, prints well.
//
//   Page page("Evaluation", "model 3f2a on split test, 500 studies");
//   page.callout(Tone::kAlarm, "One draft for all", "97 % of the drafts are the same text.");
//   page.section("Text", "Against the radiologist's report.");
//   page.table(Table({{"metric"}, {"value", true}}).row({"BLEU-4", "0.164"}));
//   page.figure(line_chart_svg(chart), "Loss on both splits.");
//   write_file_atomic(dir / "report.html", page.html());
//
// Every text is escaped; only add_html() and figure() take markup. The caller sees to it that no
// patient data gets in.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace radgen::pages {

std::string escape_html(std::string_view text);        // & < > " '
std::string base64(std::string_view bytes);            // RFC 4648, with padding
std::string png_data_uri(std::string_view png_bytes);  // "data:image/png;base64,..."
std::string jpeg_data_uri(std::string_view jpeg_bytes);

struct Column {
  std::string title;
  bool is_numeric = false;  // right-aligned, digits of equal width
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  Table& row(std::vector<std::string> cells);  // as many as there are columns
  Table& strong_row(
      std::vector<std::string> cells);  // the row that matters: totals, the model itself
  // A small line below the last row, across all columns: what the row means. Needs a row.
  Table& note(std::string text);
  Table& caption(std::string text);
  std::string html() const;

 private:
  struct Row {
    std::vector<std::string> cells;
    bool is_strong;
    std::string note;
  };
  std::vector<Column> columns_;
  std::vector<Row> rows_;
  std::string caption_;
};

enum class Tone { kNote, kGood, kWarning, kAlarm };

struct Fact {
  std::string value, label;  // "0.164", "BLEU-4"
  std::string note;          // small, below: "95 % interval 0.151 to 0.177"; may be empty
};

class Page {
 public:
  Page(std::string title, std::string subtitle);
  Page& section(const std::string& title, const std::string& lead = "");  // appears in the contents
  Page& paragraph(const std::string& text);
  Page& callout(Tone tone, const std::string& title, const std::string& text);
  Page& facts(const std::vector<Fact>& facts);  // a row of figures
  Page& table(const Table& table);
  Page& figure(const std::string& svg, const std::string& caption = "");  // markup of plot.h
  Page& image(std::string_view png_bytes, const std::string& alt, const std::string& caption = "");
  Page& add_html(std::string_view markup);  // trusted markup only
  std::string html() const;

 private:
  std::string title_, subtitle_, body_;
  std::vector<std::string> sections_;
};

}  // namespace radgen::pages

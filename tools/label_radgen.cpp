// label-radgen: mentions and CheXpert labels of report texts; a table in MIMIC-CXR's layout or JSON
// lines.
#include <cstdio>
#include <map>
#include <optional>
#include <string>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/parallel.h"
#include "radgen/core/tool.h"
#include "radgen/data/csv.h"
#include "radgen/report/label_table.h"
#include "radgen/report/labeler.h"
#include "radgen/report/labeler_agreement.h"
#include "radgen/report/prediction.h"
#include "radgen/report/text.h"

namespace radgen {
namespace {

struct Flags {
  fs::path input, mentions, evaluate;
  std::string id_column = "study_id", subject_column = "subject_id", part = "report";
  std::vector<std::string> text_columns{"report"};
};
const std::map<std::string, LabelledPart> kParts{{"report", LabelledPart::kReport},
                                                 {"mimic", LabelledPart::kMimic},
                                                 {"text", LabelledPart::kText}};

struct Row {
  std::string subject_id, study_id, text;
  std::vector<Decision> decisions;
  Labels labels;
};

nlohmann::ordered_json line_of(const Row& row) {
  Draft draft;  // the names and forms of labels and mentions are those of predictions.jsonl
  draft.labels = row.labels;
  for (const Decision& one : row.decisions) draft.mentions.push_back(one.mention);
  auto all = draft_to_json(draft);
  for (size_t i = 0; i < row.decisions.size(); ++i) {
    const Decision& one = row.decisions[i];
    auto& mention = all["mentions"][i];
    mention["words"] = row.text.substr(one.mention.begin, one.mention.end - one.mention.begin);
    if (one.cue_end == one.cue_begin) continue;  // nothing denies or hedges it
    mention["decided_by"] = {{"words", row.text.substr(one.cue_begin, one.cue_end - one.cue_begin)},
                             {"begin", one.cue_begin},
                             {"end", one.cue_end}};
  }
  return {{"study_id", row.study_id},
          {"text", row.text},
          {"labels", all["labels"]},
          {"mentions", all["mentions"]}};
}

// Labels rows some thousand at a time on all cores and writes them in order.
class Writer {
 public:
  Writer(const Tool& tool, const fs::path& output, const fs::path& mentions)
      : tool_(tool), output_(output), is_table_(output.extension() == ".csv") {
    if (!is_table_) lines_.emplace(output);
    if (!mentions.empty()) mentions_.emplace(mentions);
    if (is_table_) table_ = label_table_header();
  }
  void add(Row row) {
    rows_.push_back(std::move(row));
    if (rows_.size() == 4096) flush();
  }
  size_t finish() {
    flush();
    if (tool_.common.is_dry_run || count_ == 0) return count_;
    if (is_table_) write_file_atomic(output_, table_);
    if (lines_) lines_->commit();
    if (mentions_) mentions_->commit();
    return count_;
  }
  size_t empty() const { return empty_; }

 private:
  void flush() {
    parallel_for(rows_.size(), tool_.threads(), [&](size_t i) {
      Row& row = rows_[i];
      if (row.text.find_first_not_of(" \t\r\n") == std::string::npos) return;  // nothing is said
      row.decisions = labeler_.decisions(row.text);
      row.labels = labeler_.labels(row.text);
    });
    for (const Row& row : rows_) {
      empty_ += row.labels.empty() && row.decisions.empty();
      if (is_table_) table_ += label_table_row(row.subject_id, row.study_id, row.labels);
      if (lines_) lines_->write(line_of(row));
      if (mentions_) mentions_->write(line_of(row));
    }
    count_ += rows_.size();
    rows_.clear();
  }

  const Tool& tool_;
  fs::path output_;
  bool is_table_;
  Labeler labeler_;
  std::string table_;
  std::vector<Row> rows_;
  std::optional<JsonlWriter> lines_, mentions_;
  size_t count_ = 0, empty_ = 0;
};

bool is_table(const fs::path& path) {
  return path.extension() == ".csv" ||
         (path.extension() == ".gz" && path.stem().extension() == ".csv");
}

// Calls use(table, text of the row) for every row.
template <class Use>
void for_each_row(const fs::path& path, const Flags& flags, const Use& use) {
  CsvReader table(path);
  std::vector<size_t> columns;
  for (const std::string& name : flags.text_columns) columns.push_back(table.column(name));
  while (table.next()) {
    std::string text;
    for (size_t column : columns) text += (text.empty() ? "" : "\n") + table.at(column);
    use(table, labelled_text(text, kParts.at(flags.part)));
  }
}

void read_reports(const Flags& flags, Writer& writer) {
  if (flags.input.extension() == ".txt") {
    writer.add({"",
                flags.input.stem().string(),
                labelled_text(read_file(flags.input), kParts.at(flags.part)),
                {},
                {}});
  } else if (is_table(flags.input)) {
    std::optional<size_t> id, subject;
    for_each_row(flags.input, flags, [&](const CsvReader& table, const std::string& text) {
      if (!id) {
        id = table.column(flags.id_column);
        subject = table.find_column(flags.subject_column);
      }
      writer.add({table.at(subject), table.at(*id), text, {}, {}});
    });
  } else {
    read_jsonl(flags.input, [&](const nlohmann::json& line, size_t number) {
      const Draft draft =
          draft_from_json(line, flags.input.string() + ": line " + std::to_string(number));
      writer.add({"", draft.study_id, draft.text(), {}, {}});
    });
  }
}

// Gold labels of a table: every column that is named like a finding or an NIH class.
std::vector<GoldReport> gold_from_table(const Flags& flags) {
  std::vector<GoldReport> gold;
  for_each_row(flags.evaluate, flags, [&](const CsvReader& table, const std::string& text) {
    GoldReport report{table.at(table.find_column(flags.id_column)), text, {}};
    for (size_t i = 0; i < table.columns().size(); ++i) {
      if (const auto label = parse_number(table.at(i))) {
        report.labels[table.columns()[i]] = static_cast<int>(*label);
      }
    }
    gold.push_back(std::move(report));
  });
  return gold;
}

int evaluate(const Flags& flags, const Tool& tool) {
  const Labeler labeler;
  std::vector<GoldReport> gold;
  std::vector<SpanText> spans;
  if (is_table(flags.evaluate)) {
    gold = gold_from_table(flags);
  } else {
    const auto json = read_json(flags.evaluate);
    gold = gold_reports_from_json(json, flags.evaluate.string());
    spans = span_texts_from_json(json, flags.evaluate.string());
  }
  nlohmann::ordered_json result;
  std::string text;
  if (!gold.empty()) {
    const GoldAgreement agreement = compare_with_gold(labeler, gold);
    if (!agreement.classes.empty()) {
      text += agreement_text(agreement);
      result["labels"] = agreement_json(agreement);
    }
  }
  if (!spans.empty()) {
    const SpanAgreement named = compare_spans(labeler, spans, false);
    const SpanAgreement all = compare_spans(labeler, spans, true);
    text += "the 13 findings\n" + agreement_text(named) +
            "with the abnormalities outside the 13\n" + agreement_text(all, 0);
    result["spans"] = agreement_json(named);
    result["spans_with_others"] = agreement_json(all);
  }
  if (text.empty()) {
    throw Error(ErrorCode::kData, flags.evaluate.string() + ": holds neither gold labels nor spans",
                "expected columns named like CheXpert's findings or NIH's classes, or JSON cases");
  }
  std::printf("%s", tool.common.is_json ? (result.dump() + "\n").c_str() : text.c_str());
  return 0;
}

int run(const Flags& flags, const Tool& tool) {
  const fs::path& input = flags.evaluate.empty() ? flags.input : flags.evaluate;
  if (input.empty() || (flags.evaluate.empty() && tool.common.output.empty())) {
    throw Error(ErrorCode::kUsage, "nothing to do",
                "give --input FILE and --output FILE, or --evaluate GOLD");
  }
  if (!fs::exists(input)) {
    throw Error(ErrorCode::kUsage, input.string() + ": no such file",
                "give a .csv, .csv.gz, .jsonl or .txt file");
  }
  if (!flags.evaluate.empty()) return evaluate(flags, tool);
  for (const fs::path& path : {tool.common.output, flags.mentions}) {
    if (!path.empty() && !tool.common.may_overwrite && fs::exists(path)) {
      throw Error(ErrorCode::kUsage, path.string() + ": exists",
                  "add --overwrite or name another file");
    }
  }
  Writer writer(tool, tool.common.output, flags.mentions);
  read_reports(flags, writer);
  const size_t count = writer.finish();
  if (count == 0) {
    throw Error(ErrorCode::kData, input.string() + ": no reports", "expected at least one row");
  }
  log::info("labeled {} reports, {} without a text", count, writer.empty());
  if (tool.common.is_json)
    std::printf("{\"reports\": %zu, \"empty\": %zu}\n", count, writer.empty());
  return 0;
}

}  // namespace
}  // namespace radgen

int main(int argc, char** argv) {
  radgen::Tool tool(
      "label-radgen",
      "Finds the CheXpert findings in report texts: labels as a table or JSON lines, and the words "
      "that decided.",
      "label-radgen --input reports.csv --output labels.csv --mentions mentions.jsonl\n"
      "label-radgen --input reports.csv --section mimic --output labels.csv   # as MIMIC-CXR's own "
      "labels\n"
      "label-radgen --input predictions.jsonl --output labels.jsonl\n"
      "label-radgen --evaluate gold.csv --text-column findings --text-column impression");
  radgen::Flags flags;
  tool.flags().add_option(
      "--input", flags.input,
      "table (.csv, .csv.gz), JSON lines (study_id and findings, impression or text) or one "
      "report (.txt)");
  tool.flags()
      .add_option("--id-column", flags.id_column, "column of the study's id")
      ->capture_default_str();
  tool.flags()
      .add_option("--subject-column", flags.subject_column,
                  "column of the patient's id, if there is one")
      ->capture_default_str();
  tool.flags().add_option(
      "--text-column", flags.text_columns,
      "column of the text; may be repeated, the texts are joined by line breaks (default: report)");
  std::vector<std::string> parts;
  for (const auto& [name, part] : radgen::kParts) parts.push_back(name);
  tool.flags()
      .add_option("--section", flags.part,
                  "report: findings and impression; mimic: impression, else findings, else the "
                  "last paragraph; "
                  "text: all of it")
      ->check(CLI::IsMember(parts))
      ->capture_default_str();
  tool.flags().add_option(
      "--mentions", flags.mentions,
      "also write each mention with the words that decided (JSON lines; offsets are bytes of "
      "the labelled text, which is given)");
  tool.flags().add_option(
      "--evaluate", flags.evaluate,
      "compare with gold labels (.csv with finding columns, or .json) and with a plain baseline");
  tool.with_output(false);
  return tool.run(argc, argv, [&] { return radgen::run(flags, tool); });
}

// label-radgen: mentions and CheXpert labels of report texts; a table in MIMIC-CXR's layout or JSON
// lines.
#include <cstdio>
#include <map>
#include <string>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/tool.h"
#include "radgen/core/utf8.h"
#include "radgen/data/report_table.h"
#include "radgen/phantom/truth.h"
#include "radgen/report/label_writer.h"
#include "radgen/report/labeler.h"
#include "radgen/report/labeler_agreement.h"
#include "radgen/report/prediction.h"
#include "radgen/report/text.h"

namespace radgen {
namespace {

struct Flags {
  fs::path input, mentions, evaluate;
  ReportTableOptions table;
  std::string part = "report";
};
const std::map<std::string, LabelledPart> kParts{{"report", LabelledPart::kReport},
                                                 {"mimic", LabelledPart::kMimic},
                                                 {"text", LabelledPart::kText}};

ReportTableCounts read_reports(const Flags& flags, const std::function<void(TableReport)>& use) {
  if (is_report_table(flags.input)) return read_report_table(flags.input, flags.table, use);
  ReportTableCounts counts;
  if (flags.input.extension() == ".txt") {
    use({"", flags.input.stem(), labelled_text(to_utf8(read_file(flags.input)), flags.table.part)});
    counts.reports = 1;
    return counts;
  }
  read_jsonl(flags.input, [&](const nlohmann::json& line, size_t number) {
    const std::string where = flags.input.string() + ": line " + std::to_string(number);
    const Draft draft = draft_from_json(line, where);
    use({"", draft.study_id, draft.text()});
    ++counts.reports;
  });
  return counts;
}

struct Result {
  nlohmann::ordered_json json;
  std::string text;
};

void add_gold(const Labeler& labeler, const std::vector<GoldReport>& gold, Result& result) {
  if (gold.empty()) return;
  const GoldAgreement agreement = compare_with_gold(labeler, gold);
  if (agreement.classes.empty()) return;
  result.text += agreement_text(agreement);
  result.json["labels"] = agreement_json(agreement);
}

void add_spans(const Labeler& labeler, const std::vector<SpanText>& spans, Result& result) {
  if (spans.empty()) return;
  const SpanAgreement named = compare_spans(labeler, spans, false);
  const SpanAgreement all = compare_spans(labeler, spans, true);
  result.text += "the 13 findings\n" + agreement_text(named, 0) +
                 "with the abnormalities outside the 13\n" + agreement_text(all, 200);
  result.json["spans"] = agreement_json(named);
  result.json["spans_with_others"] = agreement_json(all);
}

// The findings that a phantom's report was made to name; a report may deny the others or be silent.
GoldReport gold_of(const phantom::StudyTruth& truth) {
  GoldReport gold{truth.study_id, truth.findings_text + "\n" + truth.impression_text, {}};
  for (const Finding finding : all_findings()) gold.labels[finding_name(finding)] = 0;
  for (const phantom::TrueFinding& f : truth.findings) {
    int& label = gold.labels[finding_name(f.finding)];
    if (f.is_mentioned && label != 1) label = f.is_hedged ? -1 : 1;
  }
  return gold;
}

void add_phantoms(const Labeler& labeler, const fs::path& file, Result& result) {
  std::map<std::string, std::vector<GoldReport>> splits;
  read_jsonl(file, [&](const nlohmann::json& line, size_t number) {
    const auto truth =
        phantom::truth_from_json(line, file.string() + ": line " + std::to_string(number));
    splits[truth.split].push_back(gold_of(truth));
  });
  for (const auto& [split, gold] : splits) {
    const GoldAgreement agreement = compare_with_gold(labeler, gold);
    result.text += split + ": " + agreement_text(agreement) + "\n";
    result.json["splits"][split] = agreement_json(agreement);
  }
}

int evaluate(const Flags& flags, const Tool& tool) {
  const Labeler labeler;
  Result result;
  if (is_report_table(flags.evaluate)) {
    add_gold(labeler, read_gold_table(flags.evaluate, flags.table), result);
  } else if (flags.evaluate.extension() == ".jsonl") {
    add_phantoms(labeler, flags.evaluate, result);
  } else {
    const auto json = read_json(flags.evaluate);
    add_gold(labeler, gold_reports_from_json(json, flags.evaluate.string()), result);
    add_spans(labeler, span_texts_from_json(json, flags.evaluate.string()), result);
  }
  if (result.text.empty()) {
    throw Error(ErrorCode::kData, flags.evaluate.string() + ": holds neither gold labels nor spans",
                "expected columns named like CheXpert's findings or NIH's classes, or JSON cases");
  }
  std::printf("%s",
              tool.common.is_json ? (result.json.dump() + "\n").c_str() : result.text.c_str());
  return 0;
}

// Before anything is read: what is missing, and what would be written over.
void check_paths(const Flags& flags, const Tool& tool) {
  const fs::path& input = flags.evaluate.empty() ? flags.input : flags.evaluate;
  if (input.empty() || (flags.evaluate.empty() && tool.common.output.empty())) {
    throw Error(ErrorCode::kUsage, "nothing to do",
                "give --input FILE and --output FILE, or --evaluate GOLD");
  }
  if (!fs::exists(input)) {
    throw Error(ErrorCode::kUsage, input.string() + ": no such file",
                "give a .csv, .csv.gz, .jsonl or .txt file");
  }
  for (const fs::path& path : {tool.common.output, flags.mentions}) {
    if (!path.empty() && !tool.common.may_overwrite && fs::exists(path)) {
      throw Error(ErrorCode::kUsage, path.string() + ": exists",
                  "add --overwrite or name another file");
    }
  }
}

int run(Flags flags, const Tool& tool) {
  flags.table.part = kParts.at(flags.part);
  check_paths(flags, tool);
  if (!flags.evaluate.empty()) return evaluate(flags, tool);
  LabelWriter::Options files{.threads = tool.threads()};
  if (!tool.common.is_dry_run) files.labels = tool.common.output, files.mentions = flags.mentions;
  LabelWriter writer(files);
  const ReportTableCounts counts = read_reports(flags, [&](TableReport report) {
    writer.add({.subject_id = std::move(report.subject_id),
                .study_id = std::move(report.study_id),
                .text = std::move(report.text)});
  });
  if (writer.finish() == 0) {
    throw Error(ErrorCode::kData, flags.input.string() + ": no reports",
                "expected at least one row that can be read");
  }
  log::info("labeled {} reports, {} without a text, {} rows passed over", counts.reports,
            writer.empty(), counts.bad_rows);
  if (tool.common.is_json) {
    const nlohmann::ordered_json json{{"reports", counts.reports},
                                      {"empty", writer.empty()},
                                      {"bad_rows", counts.bad_rows},
                                      {"is_cut", counts.is_cut}};
    std::printf("%s\n", json.dump().c_str());
  }
  return 0;
}

void add_flags(CLI::App& app, Flags& flags) {
  app.add_option("--input", flags.input,
                 "table (.csv, .csv.gz), JSON lines (study_id and findings, impression or text) or "
                 "one report (.txt)");
  app.add_option("--id-column", flags.table.id_column, "column of the study's id")
      ->capture_default_str();
  app.add_option("--text-column", flags.table.text_columns,
                 "column of the text; may be repeated, the texts are joined by line breaks "
                 "(default: report)");
  std::vector<std::string> parts;
  for (const auto& [name, part] : kParts) parts.push_back(name);
  app.add_option("--section", flags.part,
                 "report: findings and impression; mimic: impression, else findings, else the last "
                 "paragraph; text: all of it")
      ->check(CLI::IsMember(parts))
      ->capture_default_str();
  app.add_option("--mentions", flags.mentions,
                 "also write each mention with the words that decided (JSON lines; offsets are "
                 "bytes of the labelled text, which is given)");
  app.add_option("--evaluate", flags.evaluate,
                 "compare with gold labels (.csv with finding columns, or .json) or with a phantom "
                 "set's truth.jsonl, beside a plain baseline");
}

}  // namespace
}  // namespace radgen

int main(int argc, char** argv) {
  radgen::Tool tool(
      "label-radgen",
      "Finds the CheXpert findings in report texts: labels as a table or JSON lines, and the words "
      "that decided.",
      "  label-radgen --input reports.csv --output labels.csv --mentions mentions.jsonl\n"
      "  label-radgen --input reports.csv --section mimic --output labels.csv   # as MIMIC-CXR's "
      "own "
      "labels\n"
      "  label-radgen --input predictions.jsonl --output labels.jsonl\n"
      "  label-radgen --evaluate gold.csv --text-column findings --text-column impression\n"
      "  label-radgen --evaluate phantom/truth.jsonl");
  radgen::Flags flags;
  radgen::add_flags(tool.flags(), flags);
  tool.with_output(false);
  tool.flags()
      .get_option("--output")
      ->description(
          "file of the labels: .csv is a table in MIMIC-CXR's layout, any other name JSON lines");
  tool.flags().get_option("--overwrite")->description("replace output files that exist");
  tool.rarely_needed({"--id-column", "--section"});
  return tool.run(argc, argv, [&] { return radgen::run(flags, tool); });
}

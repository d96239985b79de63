// label-radgen: mentions and CheXpert labels of report texts, a JSON line a study.
#include <cstdio>
#include <string>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/tool.h"
#include "radgen/report/labeler.h"
#include "radgen/report/prediction.h"
#include "radgen/report/text.h"

namespace radgen {
namespace {

// A text file is one report: its findings and impression, or its last paragraph, or all of it.
Draft read_report(const fs::path& path) {
  const std::string text = read_file(path);
  const ReportSections sections = parse_sections(text);
  Draft draft;
  draft.study_id = path.stem().string();
  draft.findings = clean_text(sections.findings);
  draft.impression = clean_text(sections.impression);
  if (draft.findings.empty() && draft.impression.empty()) {
    draft.findings = clean_text(sections.last_paragraph.empty() ? text : sections.last_paragraph);
  }
  return draft;
}

nlohmann::ordered_json labeled(const Labeler& labeler, const Draft& report) {
  Draft draft = report;
  draft.mentions = labeler.mentions(draft.text());
  draft.labels = labeler.labels(draft.text());
  const auto all = draft_to_json(draft);
  nlohmann::ordered_json line;
  for (const char* key : {"study_id", "findings", "impression", "labels", "mentions"})
    line[key] = all.at(key);
  return line;
}

int run(const fs::path& input, const Tool& tool) {
  if (!fs::exists(input)) {
    throw Error(ErrorCode::kUsage, input.string() + ": no such file", "give a .jsonl or .txt file");
  }
  if (!tool.common.may_overwrite && fs::exists(tool.common.output)) {
    throw Error(ErrorCode::kUsage, tool.common.output.string() + ": exists",
                "add --overwrite or name another file");
  }
  const Labeler labeler;
  JsonlWriter writer(tool.common.output);
  int64_t count = 0;
  const auto add = [&](const Draft& report) {
    writer.write(labeled(labeler, report));
    ++count;
  };
  if (input.extension() == ".txt") {
    add(read_report(input));
  } else {
    read_jsonl(input, [&](const nlohmann::json& line, size_t number) {
      add(draft_from_json(line, input.string() + ": line " + std::to_string(number)));
    });
  }
  if (!tool.common.is_dry_run) writer.commit();
  log::info("labeled {} reports", count);
  if (tool.common.is_json) std::printf("{\"reports\": %lld}\n", static_cast<long long>(count));
  return 0;
}

}  // namespace
}  // namespace radgen

int main(int argc, char** argv) {
  radgen::Tool tool(
      "label-radgen",
      "Finds the CheXpert findings in report texts: mentions and labels, a line a study.",
      "label-radgen --input predictions.jsonl --output labels.jsonl\n"
      "label-radgen --input s50414267.txt --output labels.jsonl");
  radgen::fs::path input;
  tool.flags()
      .add_option(
          "--input", input,
          "JSON lines with study_id and findings, impression or text; or one report as .txt")
      ->required();
  tool.with_output(true);
  return tool.run(argc, argv, [&] { return radgen::run(input, tool); });
}

// eval-radgen: scores a predictions file against a split of a prepared dataset, beside trivial
// baselines and an oracle.
#include <fmt/format.h>

#include <iostream>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/tool.h"
#include "radgen/data/manifest.h"
#include "radgen/evaluation/eval_report.h"
#include "radgen/evaluation/evaluate.h"

namespace {

using namespace radgen;
using evaluation::Reference;

struct Arguments {
  fs::path predictions, data, truth;
  std::string split = "test";
  int examples = 0;
};

Reference to_reference(const ManifestEntry& entry, const fs::path& folder) {
  Reference r;
  r.study_id = entry.study_id;
  r.image_id = entry.image_id;
  r.split = entry.split;
  r.image = folder / entry.image;
  r.width = entry.width;
  r.height = entry.height;
  r.indication = entry.indication;
  r.findings = entry.findings;
  r.impression = entry.impression;
  r.labels = entry.labels;
  r.has_boxes = entry.has_boxes;
  for (const FindingBox& box : entry.boxes) {
    if (const auto finding = finding_from_name(box.finding)) {
      r.boxes.push_back({*finding, side_from_name(box.side), box.box});
    }
  }
  return r;
}

evaluation::EvaluationData read_data(const Arguments& arguments) {
  evaluation::EvaluationData data;
  std::map<std::string, Affine> transforms;
  for (const ManifestEntry& entry : read_manifest(arguments.data / "manifest.jsonl")) {
    Reference reference = to_reference(entry, arguments.data);
    if (entry.split == arguments.split) {
      transforms[entry.image_id] = entry.source_transform;
      data.test.push_back(std::move(reference));
    } else if (entry.split == "train") {
      data.train.push_back(std::move(reference));
    } else if (entry.split == "validate") {
      data.validate.push_back(std::move(reference));
    }
  }
  if (!arguments.truth.empty()) {
    const size_t count = evaluation::load_truth(
        arguments.truth, data.test, [&](const Reference& r) { return transforms.at(r.image_id); });
    log::info("truth for {} of {} pictures", count, data.test.size());
  }
  return data;
}

int run(const Arguments& arguments, const evaluation::EvaluateOptions& options, const Tool& tool) {
  const evaluation::EvaluationData data = read_data(arguments);
  const std::vector<Draft> drafts = evaluation::load_predictions(arguments.predictions);
  if (tool.common.is_dry_run) return 0;
  claim_output_directory(tool.common.output, tool.common.may_overwrite);
  const evaluation::EvaluationResult result = evaluation::evaluate(drafts, {}, data, options);

  const nlohmann::ordered_json metrics = evaluation::result_to_json(result);
  write_json_atomic(tool.common.output / "metrics.json", metrics);
  JsonlWriter scores(tool.common.output / "scores.jsonl");
  for (const auto& study : result.studies) scores.write(evaluation::study_to_json(study));
  scores.commit();
  write_file_atomic(tool.common.output / "report.html",
                    evaluation::eval_report_html(result, data,
                                                 {.title = "split " + arguments.split,
                                                  .examples = arguments.examples,
                                                  .is_synthetic = !arguments.truth.empty()}));
  for (const evaluation::Alarm& alarm : result.alarms) {
    if (alarm.is_raised) log::warning("{}: {}", alarm.name, alarm.reason);
  }
  std::cout << (tool.common.is_json ? metrics.dump(2)
                                    : (tool.common.output / "report.html").string())
            << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Tool tool(
      "eval-radgen", "Scores drafts against a split, beside trivial baselines and an oracle.",
      "eval-radgen --predictions predictions.jsonl --data prepared --split test --output eval");
  Arguments arguments;
  evaluation::EvaluateOptions options;
  auto& flags = tool.flags();
  flags
      .add_option("--predictions", arguments.predictions, "predictions.jsonl, ours or a stranger's")
      ->required();
  flags.add_option("--data", arguments.data, "prepared dataset (folder of manifest.jsonl)")
      ->required();
  flags.add_option("--split", arguments.split, "split of the manifest")->capture_default_str();
  flags.add_option("--truth", arguments.truth,
                   "truth.jsonl of phantoms: exact boxes, oracle, severity");
  flags
      .add_option("--examples", arguments.examples,
                  "example studies in report.html; shows report texts")
      ->capture_default_str();
  tool.with_output(true);
  tool.uses_config(options);
  return tool.run(argc, argv, [&] { return run(arguments, options, tool); });
}

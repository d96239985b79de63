// eval-radgen: drafts a split with a model, or takes a predictions file, and scores it beside trivial
// baselines and an oracle.
#include <fmt/format.h>

#include <iostream>
#include <optional>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/progress.h"
#include "radgen/core/signals.h"
#include "radgen/core/tool.h"
#include "radgen/data/manifest.h"
#include "radgen/evaluation/eval_report.h"
#include "radgen/evaluation/evaluate.h"
#include "radgen/inference/device.h"
#include "radgen/inference/predictor.h"
#include "radgen/training/validation.h"

namespace {

using namespace radgen;
using evaluation::Reference;

struct Arguments {
  fs::path model, predictions, data, truth;
  int64_t limit = 0;
  std::string split = "test";
  int examples = 0;
};

evaluation::EvaluationData read_data(const Arguments& arguments) {
  evaluation::EvaluationData data;
  std::map<std::string, Affine> transforms;
  for (const ManifestEntry& entry : read_manifest(arguments.data / "manifest.jsonl")) {
    Reference reference = reference_of(entry, arguments.data);
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

struct Predictions {
  std::vector<Draft> drafts;
  std::vector<evaluation::PhraseMap> phrase_maps;  // only a model can be asked for them
};

Predictions predict(const Predictor& predictor, const Arguments& arguments, const evaluation::EvaluationData& data) {
  constexpr size_t kChunk = 64;  // studies whose pictures are in memory together
  std::map<std::string, ManifestEntry> entries;
  for (ManifestEntry& entry : read_manifest(arguments.data / "manifest.jsonl"))
    if (entry.split == arguments.split) entries.emplace(entry.image_id, std::move(entry));
  Predictions predictions;
  Progress progress("drafting", static_cast<int64_t>(data.test.size()), "studies");
  for (size_t begin = 0; begin < data.test.size(); begin += kChunk) {
    throw_if_stopped();
    const size_t end = std::min(data.test.size(), begin + kChunk);
    const std::vector<Reference> references(data.test.begin() + begin, data.test.begin() + end);
    std::vector<StudyInput> inputs;
    for (const Reference& reference : references)
      inputs.push_back(study_input_of(entries.at(reference.image_id), arguments.data));
    for (Draft& draft : predictor.draft(inputs)) predictions.drafts.push_back(std::move(draft));
    for (auto& map : phrase_maps_of(predictor, inputs, references)) predictions.phrase_maps.push_back(std::move(map));
    progress.advance(static_cast<int64_t>(end - begin));
  }
  progress.finish();
  return predictions;
}

int run(const Arguments& arguments, const evaluation::EvaluateOptions& options, const Tool& tool) {
  at::set_num_threads(tool.threads());
  evaluation::EvaluationData data = read_data(arguments);
  if (data.test.empty())
    throw Error(ErrorCode::kData, "the data set has no study in split '" + arguments.split + "'",
                "--split takes a split that manifest.jsonl names");
  if (arguments.limit > 0 && data.test.size() > static_cast<size_t>(arguments.limit))
    data.test.resize(static_cast<size_t>(arguments.limit));
  // Everything that can be wrong with the input is found before the output is made.
  std::optional<Predictor> predictor;
  Predictions predictions;
  if (arguments.model.empty()) {
    predictions.drafts = evaluation::load_predictions(arguments.predictions);
  } else {
    predictor.emplace(load_model_folder(arguments.model), choose_device(tool.common.device));
  }
  if (tool.common.is_dry_run) return 0;
  claim_output_directory(tool.common.output, tool.common.may_overwrite);
  if (predictor) predictions = predict(*predictor, arguments, data);
  if (!arguments.model.empty()) {
    JsonlWriter file(tool.common.output / "predictions.jsonl");
    for (const Draft& draft : predictions.drafts) file.write(draft_to_json(draft));
    file.commit();
  }
  const evaluation::EvaluationResult result =
      evaluation::evaluate(predictions.drafts, predictions.phrase_maps, data, options);

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
  if (tool.common.is_json) {
    std::cout << metrics.dump(2) << "\n";
  } else {
    std::cout << "split " << arguments.split << ", " << data.test.size() << " studies\n"
              << evaluation::headline_text(result.metrics)
              << (tool.common.output / "report.html").string() << "\n";
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Tool tool(
      "eval-radgen", "Scores drafts against a split, beside trivial baselines and an oracle.",
      "eval-radgen --model runs/demo/train/model --data runs/demo/prepared --output eval\n"
      "eval-radgen --predictions predictions.jsonl --data prepared --split test --output eval");
  Arguments arguments;
  evaluation::EvaluateOptions options;
  auto& flags = tool.flags();
  auto* source = flags.add_option_group("what is scored");
  source->add_option("--model", arguments.model, "model folder that drafts the split first");
  source->add_option("--predictions", arguments.predictions, "predictions.jsonl, ours or a stranger's");
  source->require_option(1);
  flags.add_option("--data", arguments.data, "prepared dataset (folder of manifest.jsonl)")
      ->required();
  flags.add_option("--split", arguments.split, "split of the manifest")->capture_default_str();
  flags.add_option("--truth", arguments.truth,
                   "truth.jsonl of phantoms: exact boxes, oracle, severity");
  flags
      .add_option("--examples", arguments.examples,
                  "example studies in report.html; shows report texts")
      ->capture_default_str();
  flags.add_option("--limit", arguments.limit, "only the first so many studies; 0: all")->capture_default_str();
  tool.with_output(true);
  tool.with_device();
  tool.uses_config(options);
  return tool.run(argc, argv, [&] { return run(arguments, options, tool); });
}

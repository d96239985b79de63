// eval-radgen: drafts a split with a model, or takes a predictions file, and scores it beside
// trivial baselines and an oracle; compares two predictions files.
#include <fmt/format.h>

#include <iostream>
#include <optional>

#include "eval_inputs.h"
#include "radgen/assessment/ask_again.h"
#include "radgen/assessment/dataset_inputs.h"
#include "radgen/assessment/predict.h"
#include "radgen/clinical/report_folder.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/tool.h"
#include "radgen/deployment/artifact.h"
#include "radgen/evaluation/evaluate.h"
#include "radgen/evaluation/export.h"
#include "radgen/evaluation/pages/error_page.h"
#include "radgen/evaluation/pages/eval_report.h"
#include "radgen/inference/device.h"
#include "radgen/model/int8.h"

namespace {

using namespace radgen;
// The images by which static INT8 chooses its scales, and on which INT8's errors are measured.
constexpr size_t kInt8Films = 8;

// How the draft was chosen among several, where what chose it is not strange to what scores it.
std::string selection_text(const DecodingConfig& decoding) {
  if (decoding.num_samples < 2) return "";
  std::string text;
  const auto add = [&](const std::string& how) { text += (text.empty() ? "" : " and ") + how; };
  if (decoding.finding_head_weight > 0)
    add("by how well the finding head supports its rules-labeler labels");
  if (decoding.mbr_weight > 0) add("by the words it shares with the others");
  return text.empty() ? "" : fmt::format("of {} drafts one is kept {}", decoding.num_samples, text);
}

// The sentences' maps beside the predictions. Numbered: ids are not always names that a file can
// have.
void write_maps(const fs::path& folder, std::vector<Draft>& drafts) {
  for (size_t d = 0; d < drafts.size(); ++d) {
    for (size_t i = 0; i < drafts[d].sentences.size(); ++i) {
      DraftSentence& sentence = drafts[d].sentences[i];
      if (sentence.map.empty()) continue;
      sentence.map_file = fmt::format("maps/{:06}_{:02}.png", d + 1, i + 1);
      sentence.map_scale = write_attention_map(folder / sentence.map_file, sentence.map);
    }
  }
}

int run(const EvalArguments& arguments, evaluation::EvaluateOptions options, const Tool& tool) {
  at::set_num_threads(tool.threads());
  need_output(tool);
  if (arguments.model.empty() == arguments.predictions.empty())
    throw Error(ErrorCode::kUsage, "what is scored? expected either --model or --predictions",
                "or two files: eval-radgen compare A B");
  if (!arguments.model.empty() && arguments.data.empty())
    throw Error(ErrorCode::kUsage, "--model needs the pictures of a prepared data set: --data");
  if (arguments.has_checks && arguments.model.empty())
    throw Error(ErrorCode::kUsage, "--checks asks the model again; expected --model",
                "a predictions file cannot be asked");
  evaluation::EvaluationData data = read_eval_data(arguments);
  // Everything that can be wrong with the input is found before the output is made.
  OpenedModel opened;
  torch::Device device = torch::kCPU;
  assessment::SplitPredictions predictions;
  if (arguments.model.empty()) {
    predictions.drafts = read_predictions(arguments.predictions, data);
    evaluation::check_predictions(predictions.drafts, data, options);
  } else {
    opened = open_model(arguments.model);
    LoadedModel& model = opened.model;
    // Sampled texts are seeded by the model's hash: another one draws others of the same weights.
    if (arguments.draw > 0) model.sha256 += fmt::format("+draw{}", arguments.draw);
    device = choose_device(tool.common.device);
    const Calibration& calibration = model.calibration;
    data.selected_by = selection_text(model.config.decoding);
    if (options.map_threshold == 0 && calibration.studies > 0)
      options.map_threshold = calibration.region_threshold;
  }
  if (tool.common.is_dry_run) return 0;
  claim_output_directory(tool.common.output, tool.common.may_overwrite);
  std::optional<Predictor> predictor;
  std::optional<assessment::DatasetInputs> dataset;
  if (!arguments.model.empty()) {
    dataset.emplace(arguments.data);
    PredictorOptions how{.precision = arguments.precision, .device = device};
    // An artifact has its scales.
    const bool is_quantised = is_int8_precision(arguments.precision) && !opened.is_artifact();
    if (is_quantised) how.int8_films = dataset->first_of("train", kInt8Films);
    predictor.emplace(make_predictor(std::move(opened), how));
    if (is_quantised)
      write_json_atomic(tool.common.output / "int8.json", predictor->runtime()->int8_report());
    predictions = assessment::predict_split(*predictor, *dataset, data.test);
  }
  if (arguments.has_maps) write_maps(tool.common.output, predictions.drafts);
  if (!arguments.model.empty()) {
    JsonlWriter file(tool.common.output / "predictions.jsonl");
    for (const Draft& draft : predictions.drafts) file.write(draft_to_json(draft));
    file.commit();
  }
  if (arguments.has_checks && options.with_baselines)
    data.encoder_neighbours = assessment::encoder_neighbours(*predictor, *dataset, data, options);
  evaluation::EvaluationResult result =
      evaluation::evaluate(predictions.drafts, predictions.phrase_maps, data, options);
  if (arguments.has_checks)
    evaluation::add_sanity_checks(
        assessment::run_sanity_checks(*predictor, *dataset, {arguments.truth, tool.common.output},
                                      data, predictions.drafts, options),
        data, options, result);

  const bool is_synthetic = arguments.truth.extension() == ".jsonl";
  const nlohmann::ordered_json metrics = evaluation::result_to_json(result);
  write_json_atomic(tool.common.output / "metrics.json", metrics);
  JsonlWriter scores(tool.common.output / "scores.jsonl");
  for (const auto& study : result.studies) scores.write(evaluation::study_to_json(study));
  scores.commit();
  write_file_atomic(
      tool.common.output / "report.html",
      evaluation::eval_report_html(result, data,
                                   {.title = "split " + arguments.split,
                                    .examples = arguments.no_examples ? 0 : arguments.examples,
                                    .is_synthetic = is_synthetic}));
  if (arguments.has_errors) {
    evaluation::write_errors(
        tool.common.output,
        evaluation::analyse_errors(predictions.drafts, predictions.phrase_maps, data, options),
        data,
        {.title = "split " + arguments.split,
         .with_examples = !arguments.no_examples,
         .is_synthetic = is_synthetic});
  }
  if (arguments.has_export) evaluation::export_texts(result, tool.common.output / "export");
  if (tool.common.is_json) {
    for (const evaluation::Alarm& alarm : result.alarms) {
      if (alarm.is_raised) log::warning("{}: {}", alarm.name, alarm.reason);
    }
    std::cout << metrics.dump(2) << "\n";
  } else {
    std::cout << "split " << arguments.split << ", " << data.test.size() << " studies\n"
              << evaluation::headline_text(result.metrics, result.selected_by)
              << evaluation::consistency_text(result.metrics)
              << evaluation::findings_text(result.metrics) << evaluation::targets_text(result)
              << evaluation::sanity_checks_text(result) << evaluation::alarms_text(result)
              << (tool.common.output / "report.html").string() << "\n";
    if (arguments.has_errors) std::cout << (tool.common.output / "errors.html").string() << "\n";
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Tool tool(
      "eval-radgen", "Scores drafts against a split, beside trivial baselines and an oracle.",
      "eval-radgen --model runs/demo/train/model --data runs/demo/prepared --output eval\n"
      "eval-radgen --model model --data prepared --output eval --errors      # errors.html\n"
      "eval-radgen --predictions predictions.jsonl --data prepared --split test --output eval\n"
      "eval-radgen --predictions theirs.csv --references reports.csv --output eval\n"
      "eval-radgen compare a.jsonl b.jsonl --data prepared --output comparison\n"
      "eval-radgen compare a1.jsonl,a2.jsonl b1.jsonl,b2.jsonl --data prepared --output seeds\n"
      "eval-radgen gate --metrics eval/metrics.json --thresholds release.json");
  EvalArguments arguments;
  evaluation::EvaluateOptions options;
  auto& flags = tool.flags();
  flags.add_option("--model", arguments.model,
                   "model folder or artifact of export-radgen that drafts the split first");
  flags.add_option("--predictions", arguments.predictions,
                   "predictions, ours or a stranger's: .jsonl or .csv with study_id and report");
  flags.add_option("--data", arguments.data, "prepared dataset (folder of manifest.jsonl)");
  flags.add_option(
      "--references", arguments.references,
      "reference reports without a prepared dataset: .jsonl or .csv with study_id and report");
  flags.add_flag(
      "--export", arguments.has_export,
      "write both texts as CSV and JSON for CheXbert, RadGraph, GREEN into OUTPUT/export");
  flags.add_flag("--checks", arguments.has_checks,
                 "ask the model again about shuffled, blank, noise and mirrored pictures, twins "
                 "and hidden regions; score the "
                 "report of the training film that the encoder puts nearest");
  flags.add_option("--split", arguments.split, "split of the manifest")->capture_default_str();
  flags.add_option(
      "--truth", arguments.truth,
      "truth.jsonl of phantoms: exact boxes, oracle, severity; or a .csv of labels that "
      "people gave: study_id and CheXpert's 14 findings");
  flags
      .add_option("--examples", arguments.examples,
                  "example studies in report.html; shows report texts")
      ->capture_default_str();
  flags
      .add_flag(
          "--maps", arguments.has_maps,
          "write the maps of the sentences beside predictions.jsonl, so that it can be scored "
          "again with them")
      ->needs("--model");
  flags.add_flag("--errors", arguments.has_errors,
                 "write OUTPUT/errors.html and errors.json: where words and attention part ways, "
                 "known failures, films to leaf through");
  flags.add_flag("--no-examples", arguments.no_examples,
                 "no film, no report text and no study id in the pages and in errors.json: for "
                 "credentialed data");
  flags
      .add_option("--draw", arguments.draw,
                  "sample other texts, numbered from 1, from the same model: how much do the "
                  "figures owe to the draw? 0: those that report-radgen drafts")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  flags.add_option("--limit", arguments.limit, "only the first so many studies; 0: all")
      ->capture_default_str();
  flags
      .add_option(
          "--precision", arguments.precision,
          "of the model: int8 takes its scales from the first films of split train; int8 and "
          "int8-dynamic write their errors there into OUTPUT/int8.json")
      ->check(CLI::IsMember({"fp32", "bf16", "int8", "int8-dynamic"}))
      ->capture_default_str();
  tool.with_output(false);
  tool.with_device();
  tool.uses_config(options);
  CLI::App* compare =
      flags.add_subcommand("compare", "is B better than A? paired tests over patients");
  compare
      ->add_option("A", arguments.first,
                   "predictions, .jsonl or .csv; of several seeds: files by commas, averaged")
      ->required();
  compare->add_option("B", arguments.second, "predictions of the same studies, as many files")
      ->required();
  compare->fallthrough();
  CLI::App* gate =
      flags.add_subcommand("gate", "does a metrics.json reach what is asked? exit code 4 when not");
  gate->add_option("--metrics", arguments.metrics, "metrics.json of an evaluation");
  gate->add_option("--thresholds", arguments.thresholds,
                   R"(JSON: {"text.bleu_4": {"at_least": 0.15, "of": "low"}, "alarms": "none"})");
  gate->fallthrough();
  tool.rarely_needed({"--draw", "--maps", "--limit"});
  return tool.run(argc, argv, [&] {
    if (options.threads == 0) options.threads = tool.threads();
    if (gate->parsed()) return run_gate(arguments, tool);
    return compare->parsed() ? run_compare(arguments, options, tool)
                             : run(arguments, options, tool);
  });
}

// export-radgen: a trained model as a folder that starts without this project, proven equal to what
// was evaluated.
#include <fmt/format.h>

#include <iostream>

#include "export_inputs.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/deployment/artifact.h"
#include "radgen/deployment/artifact_table.h"
#include "radgen/deployment/export.h"
#include "radgen/deployment/parity.h"

namespace {

using namespace radgen;

// One artifact, written but for what was measured of it.
struct Exported {
  std::string precision;
  fs::path folder;
  ArtifactManifest manifest;
  std::optional<ParityReport> parity;
};

// The studies by which artifacts are compared with the model, and what the model drafts for them.
struct Comparison {
  std::vector<StudyInput> studies;
  evaluation::EvaluationData data;
  std::optional<Predictor> model;
  std::vector<Draft> drafts;
};

Comparison prepare_comparison(const LoadedModel& model, const ExportArguments& arguments) {
  constexpr int64_t kEnough = 300;
  Comparison by;
  for (auto& [film, reference] :
       validation_studies(arguments.data, static_cast<size_t>(arguments.studies))) {
    by.studies.push_back(std::move(film));
    by.data.test.push_back(std::move(reference));
  }
  if (static_cast<int64_t>(by.studies.size()) < kEnough)
    log::warning("{} studies to compare by: differences of scores on fewer than {} say little",
                 by.studies.size(), kEnough);
  by.model.emplace(model);
  log::info("the model drafts {} studies of split validate", by.studies.size());
  by.drafts = by.model->draft(by.studies);
  return by;
}

Exported write_one(const LoadedModel& model, const ExportArguments& arguments,
                   const std::string& precision, const fs::path& output) {
  Exported artifact{.precision = precision, .folder = arguments.folder_of(output, precision)};
  fs::create_directories(artifact.folder);
  log::info("{} in {}", arguments.format, precision);
  artifact.manifest = export_network(model,
                                     {.format = arguments.format,
                                      .precision = precision,
                                      .is_size_free = !arguments.has_fixed_size,
                                      .films = calibration_films(arguments)},
                                     artifact.folder);
  write_artifact_manifest(artifact.folder, artifact.manifest, model);
  return artifact;
}

void compare(Exported& artifact, const Comparison& by, const ExportArguments& arguments) {
  if (network_file(artifact.manifest).empty()) return;  // it does not run in this program
  const Predictor predictor = make_predictor(open_model(artifact.folder), {});
  artifact.parity = check_parity(*by.model, by.drafts, predictor, by.studies, by.data,
                                 {.precision = artifact.precision,
                                  .most_loss = arguments.most_loss,
                                  .faithful_studies = arguments.faithful_studies});
  artifact.manifest.parity = artifact.parity->json();
}

// An output that came to nothing is not left behind, not even empty.
struct ClaimedOutput {
  explicit ClaimedOutput(const Tool& tool) : path(tool.common.output) {
    claim_output_directory(path, tool.common.may_overwrite);
  }
  ~ClaimedOutput() {
    std::error_code is_not_empty;
    fs::remove(path, is_not_empty);
  }
  ClaimedOutput(const ClaimedOutput&) = delete;
  ClaimedOutput& operator=(const ClaimedOutput&) = delete;
  fs::path path;
};

ArtifactRow row_of(const Exported& artifact, const nlohmann::ordered_json& measured) {
  ArtifactRow row{.name = artifact.manifest.format + " " + artifact.precision,
                  .measured = measured};
  if (artifact.parity) row.scores = artifact.parity->scores(/*of_artifact=*/true);
  return row;
}

int run(const ExportArguments& arguments, const Tool& tool) {
  at::set_num_threads(tool.threads());
  if (arguments.is_measurement) return run_measure(arguments);
  if (tool.common.output.empty())
    throw Error(ErrorCode::kUsage, "--output is required", "see export-radgen --help");
  const LoadedModel model = load_model_folder(arguments.model);
  calibration_films(arguments);  // what can be wrong with the data is found before anything else
  validation_studies(arguments.data, 1);
  if (tool.common.is_dry_run) return 0;
  const ClaimedOutput claimed(tool);
  const Comparison by = prepare_comparison(model, arguments);
  AtomicDirectory output(tool.common.output);
  std::vector<Exported> artifacts;
  size_t failed = 0;
  for (const std::string& precision : arguments.precisions) {
    Exported artifact = write_one(model, arguments, precision, output.path());
    compare(artifact, by, arguments);
    if (artifact.parity) std::cout << precision << ": " << artifact.parity->text() << "\n";
    if (!artifact.parity || artifact.parity->passes()) {
      artifacts.push_back(std::move(artifact));
      continue;
    }
    ++failed;
    fs::remove_all(artifact.folder);
  }
  const Error refusal(ErrorCode::kGate,
                      fmt::format("{} of {} artifacts are not what was evaluated and were not "
                                  "written",
                                  failed, arguments.precisions.size()),
                      "the table above names the rows that fail; try another precision, or "
                      "--most-loss");
  if (artifacts.empty()) throw refusal;
  ArtifactTable table;
  table.rows.push_back(
      {.name = "model folder fp32",
       .measured = measure_in_process(arguments.model, arguments, tool.threads())});
  if (artifacts.front().parity)
    table.rows.front().scores = artifacts.front().parity->scores(/*of_artifact=*/false);
  for (const Exported& artifact : artifacts)
    table.rows.push_back(
        row_of(artifact, network_file(artifact.manifest).empty()
                             ? nlohmann::ordered_json()
                             : measure_in_process(artifact.folder, arguments, tool.threads())));
  for (Exported& artifact : artifacts) {
    artifact.manifest.artifacts = table.json();
    write_artifact_manifest(artifact.folder, artifact.manifest, model);
  }
  output.commit();
  std::cout << table.text() << tool.common.output.string() << "\n";
  if (failed > 0) throw refusal;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Tool tool("export-radgen",
            "Writes a trained model as a folder that starts without RadGen, and proves that it "
            "drafts what was evaluated.",
            "export-radgen --model run/model --data prepared --output artifact\n"
            "export-radgen --model run/model --data prepared --output artifacts --precision "
            "fp32,int8    # a folder each");
  ExportArguments arguments;
  CLI::App& flags = tool.flags();
  flags.add_option("--model", arguments.model, "model folder, as train-radgen writes it")
      ->required();
  flags
      .add_option("--data", arguments.data,
                  "prepared dataset: pictures of split train for INT8's scales, split validate to "
                  "compare by")
      ->required();
  flags.add_option("--format", arguments.format, "what the network is written as")
      ->check(CLI::IsMember(export_formats()))
      ->capture_default_str();
  flags
      .add_option("--precision", arguments.precisions,
                  "fp32, bf16, int8 (scales chosen by pictures), int8-dynamic; several by commas: "
                  "an artifact each, in OUTPUT/PRECISION")
      ->delimiter(',')
      ->check(CLI::IsMember({"fp32", "bf16", "int8", "int8-dynamic"}))
      ->capture_default_str();
  flags.add_flag("--fixed-size", arguments.has_fixed_size,
                 "take pictures of the model's own size alone");
  flags
      .add_option("--studies", arguments.studies,
                  "of split validate that model and artifact draft; exit code 4 when the artifact "
                  "is worse")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  flags
      .add_option("--faithful-studies", arguments.faithful_studies,
                  "of them whose regions are hidden; 0: none")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  flags
      .add_option("--most-loss", arguments.most_loss,
                  "of BLEU-4, F1 and IoU, each; fp32: a tenth of it; negative: what must be gained")
      ->check(CLI::Range(-1.0, 1.0))
      ->capture_default_str();
  flags.add_flag("--measure", arguments.is_measurement,
                 "only time --model, a model folder or an artifact, and print JSON");
  tool.with_output(false);
  return tool.run(argc, argv, [&] { return run(arguments, tool); });
}

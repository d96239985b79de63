// audit-radgen: does a model draft equally good reports for everybody? Scores a predictions file by
// group of patients.
#include <fmt/format.h>

#include <iostream>
#include <optional>

#include "radgen/audit/audit.h"
#include "radgen/audit/audit_report.h"
#include "radgen/audit/intake.h"
#include "radgen/audit/simulation.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/tool.h"
#include "radgen/data/manifest.h"
#include "radgen/evaluation/bootstrap.h"
#include "radgen/evaluation/manifest_references.h"

namespace {

using namespace radgen;

struct Arguments {
  fs::path predictions, data, truth;
  std::string split = "test";
  std::optional<double> fail_above;
  bool no_examples = false;
  int64_t simulate = 0;
  std::string design;
};

constexpr int kExamples = 2;  // studies on the page for each disparity

audit::Subject subject_of(const ManifestEntry& entry, const fs::path& folder) {
  return {evaluation::reference_of(entry, folder),
          entry.patient_id,
          entry.age,
          entry.sex,
          entry.race,
          entry.view};
}

std::vector<audit::Subject> read_subjects(const Arguments& arguments) {
  std::vector<audit::Subject> subjects;
  std::vector<evaluation::Reference> references;
  std::map<std::string, Affine> transforms;
  for (const ManifestEntry& entry : read_manifest(arguments.data / "manifest.jsonl")) {
    if (entry.split != arguments.split) continue;
    subjects.push_back(subject_of(entry, arguments.data));
    references.push_back(subjects.back().reference);
    transforms[entry.image_id] = entry.source_transform;
  }
  if (subjects.empty()) {
    throw Error(ErrorCode::kData, "the data set has no study in split '" + arguments.split + "'",
                "--split takes a split that manifest.jsonl names");
  }
  if (!arguments.truth.empty()) {
    evaluation::attach_truth(arguments.truth, references, transforms);
    for (size_t i = 0; i < subjects.size(); ++i) subjects[i].reference = std::move(references[i]);
  }
  return subjects;
}

bool is_synthetic(const fs::path& data) {
  return fs::exists(data / "prepare.json") &&
         read_json(data / "prepare.json").value("is_synthetic", false);
}

std::vector<audit::SimulationDesign> chosen_designs(const Arguments& arguments) {
  std::vector<audit::SimulationDesign> designs = audit::simulation_designs();
  if (arguments.design.empty()) return designs;
  std::string names;
  for (const auto& design : designs) names += (names.empty() ? "" : ", ") + design.name;
  std::erase_if(designs, [&](const auto& design) { return design.name != arguments.design; });
  if (designs.empty()) {
    throw Error(ErrorCode::kUsage, "--design: there is no design '" + arguments.design + "'",
                "one of " + names);
  }
  return designs;
}

int run_simulations(const Arguments& arguments, const audit::AuditOptions& options,
                    const Tool& tool) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  const auto share = [&](int64_t rounds) {
    const evaluation::Interval interval = evaluation::wilson_interval(rounds, arguments.simulate);
    return fmt::format(
        "{:5.1f} % ({:.1f} to {:.1f})",
        100.0 * static_cast<double>(rounds) / static_cast<double>(arguments.simulate),
        100 * interval.low, 100 * interval.high);
  };
  for (const audit::SimulationDesign& design : chosen_designs(arguments)) {
    log::info("{}: {}", design.name, design.question);
    const audit::SimulationResult r = audit::simulate(design, arguments.simulate, options);
    rows.push_back({{"design", design.name},
                    {"question", design.question},
                    {"rounds", r.rounds},
                    {"found", r.found},
                    {"named_confounded", r.named_confounded},
                    {"false_alarms", r.false_alarms},
                    {"mean_studies", r.studies}});
    if (!tool.common.is_json) {
      std::cout << fmt::format(
          "{:<20} {:4} rounds of {:5.0f} studies: found {}, confounder named {}, any false alarm "
          "{}\n",
          design.name, r.rounds, r.studies, share(r.found), share(r.named_confounded),
          share(r.false_alarms));
    }
  }
  if (tool.common.is_json) {
    std::cout << rows.dump(2) << "\n";
  } else {
    std::cout << "The rates are those of these designs. \"any false alarm\" is kept near 5 % where "
                 "nobody differs;\nwhat the films explain can exceed it as far as the audit cannot "
                 "see it (severities read from words).\n";
  }
  return 0;
}

int run(const Arguments& arguments, audit::AuditOptions options, const Tool& tool) {
  if (options.threads == 0) options.threads = tool.threads();
  if (arguments.simulate > 0) return run_simulations(arguments, options, tool);
  if (arguments.predictions.empty() || arguments.data.empty() || tool.common.output.empty()) {
    throw Error(ErrorCode::kUsage, "--predictions, --data and --output are required",
                "give all three, or --simulate ROUNDS");
  }
  const std::vector<audit::Subject> subjects = read_subjects(arguments);
  const audit::Intake intake =
      audit::take_in(evaluation::load_predictions(arguments.predictions), subjects,
                     {.use_truth = !arguments.truth.empty(),
                      .with_text_metrics = options.with_metrics,
                      .threads = static_cast<int>(options.threads)});
  for (const std::string& note : intake.notes) log::info("{}", note);
  if (tool.common.is_dry_run) return 0;
  claim_output_directory(tool.common.output, tool.common.may_overwrite);
  const audit::AuditResult result = audit::audit(intake.cases, options, intake.measures);
  const audit::AuditGate gate{arguments.fail_above};
  const nlohmann::ordered_json json = audit::audit_to_json(result, intake, gate);
  const fs::path page = tool.common.output / "audit.html";
  write_json_atomic(tool.common.output / "audit.json", json);
  write_file_atomic(page,
                    audit::audit_page_html(result, intake, gate,
                                           {.title = "split " + arguments.split,
                                            .is_synthetic = is_synthetic(arguments.data),
                                            .examples = arguments.no_examples ? 0 : kExamples}));
  if (tool.common.is_json) {
    std::cout << json.dump(2) << "\n";
  } else {
    std::cout << audit::audit_text(result, intake, gate) << page.string() << "\n";
  }
  return gate.has_failed(result) ? exit_code(ErrorCode::kGate) : 0;
}

}  // namespace

int main(int argc, char** argv) {
  Tool tool("audit-radgen",
            "Audits drafts for fairness: detection by age, sex, race, view and their pairs.",
            "audit-radgen --predictions eval/predictions.jsonl --data prepared --output audit\n"
            "audit-radgen --predictions p.jsonl --data prepared --output audit --fail-above 0.1 "
            "--no-examples\n"
            "audit-radgen --simulate 200");
  Arguments arguments;
  audit::AuditOptions options;
  auto& flags = tool.flags();
  flags.add_option("--predictions", arguments.predictions,
                   "predictions.jsonl, ours or a stranger's");
  flags.add_option("--data", arguments.data,
                   "prepared dataset with demographics (folder of manifest.jsonl)");
  flags.add_option("--split", arguments.split, "split of the manifest")->capture_default_str();
  flags.add_option("--truth", arguments.truth,
                   "truth.jsonl of phantoms: what is there, instead of what the reports say");
  flags
      .add_option("--fail-above", arguments.fail_above,
                  "exit code 4 when a disparity between groups of people is larger, as a share "
                  "(0.1: 10 points)")
      ->check(CLI::Range(0.0, 1.0));
  flags.add_flag("--no-examples", arguments.no_examples,
                 "no study ids and report texts on the page (for credentialed data)");
  flags
      .add_option(
          "--simulate", arguments.simulate,
          "audit so many rounds of made-up studies and print what was found; needs no other flag")
      ->check(CLI::PositiveNumber);
  flags
      .add_option("--design", arguments.design,
                  "only this one of the simulated designs, by the name that --simulate prints")
      ->needs("--simulate");
  tool.with_output(false);
  tool.uses_config(options);
  tool.rarely_needed({"--simulate", "--design"});
  return tool.run(argc, argv, [&] { return run(arguments, options, tool); });
}

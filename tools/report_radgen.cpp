// report-radgen: writes a grounded draft report for each chest film.
#include <fmt/format.h>

#include <iostream>
#include <map>

#include "radgen/clinical/film_list.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/progress.h"
#include "radgen/core/stop.h"
#include "radgen/core/tool.h"
#include "radgen/deployment/artifact.h"
#include "radgen/inference/device.h"
#include "radgen/reporting/film_reporter.h"
#include "report_watch.h"

namespace {

using namespace radgen;

struct Arguments {
  fs::path model, input, watched;
  double settle_seconds = 2;
  bool until_empty = false, verifies = false;
  int64_t verifying_regions = 16;
  std::string indication, sex;
  std::optional<double> age_years;
  int sandbox = 0;  // above 0: --sandbox, below: --no-sandbox; else with --watch
  bool allow_synthetic_model = false, keep_unsupported = false, allow_for_processing = false;
  std::string precision = "fp32";
  fs::path int8_films;
};

// How films are read: in this process, or each in a child without rights.
FilmSource film_source(const Arguments& arguments) {
  const bool is_asked = arguments.sandbox != 0;
  if (!(is_asked ? arguments.sandbox > 0 : !arguments.watched.empty())) return read_film;
  return [sandbox = FilmSandbox()](const fs::path& film, const ReadOptions& options) {
    return sandbox.read(film, options);
  };
}

// What became of the films, for people and for summary.json.
struct Summary {
  int64_t drafted = 0, refused = 0, refused_despite_tags = 0, without_fhir = 0;
  std::map<std::string, int64_t> refused_by, failed_by, skipped_by;
  nlohmann::ordered_json films = nlohmann::ordered_json::array();

  int64_t read() const { return drafted + refused; }
  nlohmann::ordered_json json() const {
    return {{"notice", kResearchNotice},
            {"films_read", read()},
            {"drafted", drafted},
            {"not_reportable", refused},
            {"not_reportable_by_reason", refused_by},
            {"refused_although_tags_say_frontal_chest", refused_despite_tags},
            {"failed_by_reason", failed_by},
            {"skipped_by_reason", skipped_by},
            {"films", films}};
  }
};

std::string counts(const std::map<std::string, int64_t>& by) {
  int64_t sum = 0;
  std::string parts;
  for (const auto& [reason, count] : by) {
    sum += count;
    parts += fmt::format("{}{} {}", parts.empty() ? " (" : ", ", reason, count);
  }
  return std::to_string(sum) + parts + (parts.empty() ? "" : ")");
}

// The films by which static INT8 chooses its scales.
std::vector<StudyInput> int8_films(const Arguments& arguments, const fs::path& output,
                                   const PreparationConfig& preparation, const FilmSource& read) {
  if (arguments.precision != "int8") return {};
  if (arguments.int8_films.empty())
    throw Error(ErrorCode::kUsage, "--precision int8 needs films to choose its scales by",
                "give a film or a folder of them with --int8-films, or use int8-dynamic");
  return int8_scale_films(arguments.int8_films, output, preparation, read);
}

// One film from its file into a folder that is there.
Result<FilmReport> report_into(const fs::path& film, const std::string& name,
                               const FilmReporter& reporter, const Arguments& arguments,
                               const fs::path& folder) {
  Result<FilmReport> report = reporter.report(
      film, {.name = name,
             .indication = arguments.indication,
             .sex = arguments.sex,
             .age_years = arguments.age_years,
             .may_write_synthetic_fhir = arguments.allow_synthetic_model,
             .keeps_unsupported = arguments.keep_unsupported,
             .takes_for_processing = arguments.allow_for_processing,
             .verifying_regions = arguments.verifies ? arguments.verifying_regions : 0});
  if (report) write_film_report(folder, *report);
  return report;
}

std::optional<Failure> report_film(const FilmFile& file, const FilmReporter& reporter,
                                   const Arguments& arguments, const fs::path& output,
                                   Summary& summary) {
  AtomicDirectory folder(output / file.output);
  const Result<FilmReport> report =
      report_into(file.path, file.name, reporter, arguments, folder.path());
  if (!report) return report.failure();
  folder.commit();

  const std::optional<Refusal>& refusal = report->refusal;
  if (refusal) {
    ++summary.refused;
    ++summary.refused_by[refusal->code];
    summary.refused_despite_tags += claims_frontal_chest(report->film.tags);
  } else {
    ++summary.drafted;
    summary.without_fhir += !writes_fhir(*report);
  }
  summary.films.push_back({{"input", file.name},
                           {"output", file.output.generic_string()},
                           {"status", report->draft.status},
                           {"reason", refusal ? refusal->code : ""}});
  return std::nullopt;
}

void note_failure(const FilmFile& file, const Failure& failure, Summary& summary) {
  log::warning("{}: {}: {}", file.name, failure.reason, failure.message);
  ++summary.failed_by[failure.reason];
  summary.films.push_back({{"input", file.name}, {"status", "failed"}, {"reason", failure.reason}});
}

void print(const Summary& summary, const char* meaningless, const Tool& tool) {
  if (tool.common.is_json) {
    std::cout << summary.json().dump(2, ' ', false,
                                     nlohmann::ordered_json::error_handler_t::replace)
              << "\n";
    return;
  }
  fmt::print("{}\n", kResearchNotice);
  fmt::print("{}: {} drafted, not reportable {}, unreadable {}, skipped {}\n",
             tool.common.output.string(), summary.drafted, counts(summary.refused_by),
             counts(summary.failed_by), counts(summary.skipped_by));
  if (summary.refused_despite_tags > 0) {
    fmt::print(
        "{} of the refused films have tags of a frontal chest film: look at them, these refusals "
        "may be "
        "wrong\n",
        summary.refused_despite_tags);
  }
  if (summary.without_fhir > 0) {
    fmt::print("{} drafts without FHIR: {} (--allow-synthetic-model writes it)\n",
               summary.without_fhir, meaningless);
  }
}

int run_watch(const Arguments& arguments, const FilmReporter& reporter, const Tool& tool) {
  const WatchCounts counts = watch(
      {.watched = arguments.watched,
       .output = tool.common.output,
       .settle_seconds = arguments.settle_seconds,
       .until_empty = arguments.until_empty},
      [&](const fs::path& film, const std::string& name, const fs::path& folder) {
        const Result<FilmReport> report = report_into(film, name, reporter, arguments, folder);
        return report ? Result<std::string>(report->draft.status)
                      : Result<std::string>(report.failure());
      });
  std::string text;
  for (const auto& [status, count] : counts) text += fmt::format(", {} {}", status, count);
  fmt::print("{}\n{}: {}\n", kResearchNotice, tool.common.output.string(),
             text.empty() ? "no film arrived" : text.substr(2));
  return 0;
}

int run(const Arguments& arguments, const Tool& tool) {
  const bool watches = !arguments.watched.empty();
  if (watches == !arguments.input.empty())
    throw Error(ErrorCode::kUsage, "one of --input and --watch is needed",
                "--input drafts what is there, --watch what arrives");
  const fs::path& output = tool.common.output;
  const FilmList list = watches ? FilmList{} : list_films(arguments.input, output);
  Summary summary;
  for (const SkippedFile& file : list.skipped) ++summary.skipped_by[file.reason];
  OpenedModel opened = open_model(arguments.model);
  const torch::Device device = choose_device(tool.common.device);
  if (tool.common.is_dry_run) {
    for (const FilmFile& film : list.films)
      fmt::print("{} -> {}\n", film.name, film.output.string());
    return 0;
  }
  const FilmSource read = film_source(arguments);
  std::vector<StudyInput> films;  // an artifact has its scales
  if (!opened.is_artifact())
    films = int8_films(arguments, output, opened.model.config.model_input.preparation, read);
  const FilmReporter reporter(
      std::make_shared<const Predictor>(make_predictor(
          std::move(opened),
          {.precision = arguments.precision, .device = device, .int8_films = std::move(films)})),
      read);
  if (watches) return run_watch(arguments, reporter, tool);
  claim_output_directory(output, tool.common.may_overwrite);
  Progress progress("drafting", static_cast<int64_t>(list.films.size()), "films");
  for (const FilmFile& file : list.films) {
    if (current_stop().requested() != 0) break;
    // Whatever one film breaks, the others get their reports; what is wrong with the machine ends
    // the run.
    try {
      if (const auto failure = report_film(file, reporter, arguments, output, summary)) {
        note_failure(file, *failure, summary);
      }
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kResource) throw;
      note_failure(file, {"failed", error.what()}, summary);
    } catch (const std::exception& error) {
      note_failure(file, {"failed", error.what()}, summary);
    }
    progress.advance();
  }
  progress.finish();
  write_json_atomic(output / "summary.json", summary.json());
  current_stop().throw_if_requested();
  print(summary, meaningless_notice({.has_random_weights = reporter.model().has_random_weights}),
        tool);
  if (summary.read() > 0) return 0;
  log::error("no film could be read");
  return exit_code(ErrorCode::kData);
}

}  // namespace

int main(int argc, char** argv) {
  Tool tool(
      "report-radgen",
      "Drafts a report for each chest film; every sentence points at its pixels, or says that "
      "it cannot. Research software, not for clinical use.",
      "  report-radgen --model run/model --input film.dcm --output drafts\n"
      "  report-radgen --model run/model --input incoming --output drafts --overwrite\n"
      "  report-radgen --model run/model --watch incoming --output drafts\n");
  Arguments arguments;
  CLI::App& flags = tool.flags();
  flags
      .add_option("--model", arguments.model,
                  "model folder, as train-radgen writes it, or an artifact of export-radgen")
      ->required();
  flags.add_option("--input", arguments.input, "DICOM, PNG or JPEG film, or a folder of them");
  flags.add_option("--watch", arguments.watched,
                   "folder that films arrive in: each is drafted once, until SIGTERM");
  flags
      .add_option("--settle", arguments.settle_seconds,
                  "seconds that an arriving file has to stay unchanged")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  flags.add_flag("--until-empty", arguments.until_empty,
                 "end when nothing is left in the watched folder");
  flags.add_flag("--sandbox,!--no-sandbox", arguments.sandbox,
                 "decode each film in a process without rights (the default with --watch)");
  flags.add_option("--indication", arguments.indication, "why the film was taken, for the prompt");
  flags.add_option("--age", arguments.age_years, "years; else from the DICOM header")
      ->check(CLI::Range(0.0, 130.0));
  flags.add_option("--sex", arguments.sex, "M or F; else from the DICOM header")
      ->check(CLI::IsMember({"M", "F"}, CLI::ignore_case));
  flags.add_flag("--allow-synthetic-model", arguments.allow_synthetic_model,
                 "write FHIR although a model of synthetic films read a real one");
  flags.add_flag("--keep-unsupported", arguments.keep_unsupported,
                 "keep statements in the impression that no region of the film bears out");
  flags.add_flag("--allow-for-processing", arguments.allow_for_processing,
                 "draft a detector's raw films too (FOR PROCESSING), with a warning");
  flags.add_flag(
      "--verify-grounding", arguments.verifies,
      "hide each region of evidence: does its sentence need it? Marks those that do not");
  flags
      .add_option("--verify-regions", arguments.verifying_regions,
                  "other places that are hidden to compare with; each is an encoding of the film")
      ->check(CLI::Range(9, 1000))
      ->capture_default_str();
  flags
      .add_option("--precision", arguments.precision,
                  "bf16 saves memory; int8 and int8-dynamic are faster, on CPUs")
      ->check(CLI::IsMember({"fp32", "bf16", "int8", "int8-dynamic"}))
      ->capture_default_str();
  flags.add_option("--int8-films", arguments.int8_films,
                   "film or folder of films by which int8 chooses its scales, up to 8");
  tool.with_output(true);
  tool.with_device();
  tool.rarely_needed({"--settle", "--until-empty", "--keep-unsupported", "--allow-synthetic-model",
                      "--allow-for-processing"});
  return tool.run(argc, argv, [&] { return run(arguments, tool); });
}

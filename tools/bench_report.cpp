#include "bench_report.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "bench_words.h"
#include "bench_workplace.h"
#include "radgen/clinical/report_folder.h"
#include "radgen/core/compute.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/statistics.h"
#include "radgen/inference/predictor.h"
#include "radgen/model/int8.h"
#include "radgen/reporting/film_reporter.h"

namespace radgen {
namespace {

using Clock = std::chrono::steady_clock;
using Times = std::map<std::string, std::vector<double>>;

constexpr int64_t kWordStudies = 60;
constexpr int64_t kLeastFilmPx = 512;  // smaller films are refused

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void check_options(const ReportBench& options) {
  const BenchCase& bench = options.bench;
  if (is_int8_precision(bench.precision) && !bench.device.is_cpu())
    throw Error(ErrorCode::kUsage, "INT8 in process is for the CPU",
                "on a GPU use --precision bf16");
  if (!bench.kv_cache_type.empty() && bench.precision != "fp32")
    throw Error(ErrorCode::kUsage, "--kv-cache-type goes with --precision fp32",
                "in other precisions keys and values are kept in half precision");
  if (!options.model.empty() && (!options.random.config.empty() ||
                                 !options.random.settings.empty() || options.random.size_px > 0))
    throw Error(ErrorCode::kUsage,
                "--model has its own configuration: --config, --set and --size are for random "
                "weights",
                "leave out either the one or the others");
}

// The ids that random weights are to say: a report that does not contradict itself, then others.
std::vector<int64_t> words_to_say(const Tokenizer& tokenizer, const BenchPhantoms& phantoms) {
  std::vector<int64_t> words = tokenizer.encode_ids(phantoms.first_report);
  for (const std::string& sentence : phantoms.sentences)
    for (int64_t id : tokenizer.encode_ids(sentence)) words.push_back(id);
  return words;
}

LoadedModel model_of(const ReportBench& options) {
  if (!options.model.empty()) return load_model_folder(options.model);
  LoadedModel model = random_model(options.random);
  DecodingConfig& decoding = model.config.decoding;
  decoding.max_tokens = decoding.min_tokens = options.bench.tokens;
  // Every sentence that has a place is shown with its regions.
  model.calibration.abstain_below = model.calibration.examined_abstain_below = 0;
  model.calibration.examined_sentences = 1;
  return model;
}

// One film to its folder; adds its times and returns the report.
FilmReport draft_film(const FilmReporter& reporter, const fs::path& film, const fs::path& output,
                      Times& times) {
  const auto begin = Clock::now();
  // FHIR is written whatever the model: it is a part of the work.
  Result<FilmReport> report =
      reporter.report(film, {.name = "bench", .may_write_synthetic_fhir = true});
  if (!report)
    throw Error(ErrorCode::kInternal,
                "the phantom film cannot be read: " + report.failure().message);
  if (report->refusal)
    throw Error(ErrorCode::kInternal, "the phantom film was refused: " + report->refusal->code);
  AtomicDirectory folder(output);
  write_film_report(folder.path(), *report);
  folder.commit();
  times["total_s"].push_back(seconds_since(begin));
  for (const char* stage : {"load", "encode", "decode", "post"})
    times[std::string(stage) + "_s"].push_back(report->draft.timing_ms.at(stage) / 1e3);
  return std::move(*report);
}

int64_t film_px(const LoadedModel& model) {
  return std::max(kLeastFilmPx, model.config.model_input.preparation.size_px);
}

nlohmann::ordered_json facts(const ReportBench& options, const LoadedModel& model) {
  const ModelInputConfig& input = model.config.model_input;
  return {{"subject", "report"},
          {"model", options.model.string()},
          {"config", options.random.config.string()},
          {"random_weights", model.has_random_weights},
          {"precision", options.bench.precision},
          {"decoding", dump_config(model.config.decoding)},
          {"vocabulary", model.tokenizer->vocabulary_size()},
          {"size_px", std::max(input.height_px, input.width_px)},
          {"film_px", film_px(model)},
          {"runs", options.bench.runs}};
}

}  // namespace

nlohmann::ordered_json bench_report(const ReportBench& options) {
  check_options(options);
  const BenchCase& bench = options.bench;
  const torch::NoGradGuard no_grad;
  const Workplace workplace;
  const BenchPhantoms phantoms = make_phantoms(kWordStudies);
  auto since = Clock::now();
  LoadedModel model = model_of(options);
  double startup_s = seconds_since(since);
  if (!bench.kv_cache_type.empty()) model.config.decoding.kv_cache_type = bench.kv_cache_type;
  nlohmann::ordered_json result = facts(options, model);

  const PreparationConfig preparation = model.config.model_input.preparation;
  write_phantom_film(workplace.path() / "film.dcm", phantoms.first, film_px(model));
  std::vector<StudyInput> int8_films;
  if (bench.precision == "int8") {
    write_phantom_film(workplace.path() / "other.dcm", phantoms.second, film_px(model));
    const Result<cv::Mat> image = reportable_image(workplace.path() / "other.dcm", preparation);
    if (!image)
      throw Error(ErrorCode::kInternal,
                  "the phantom film cannot be read: " + image.failure().message);
    int8_films.emplace_back();
    int8_films.back().image = *image;
  }
  since = Clock::now();
  const Predictor predictor = make_predictor(
      model,
      {.precision = bench.precision, .device = bench.device, .int8_films = std::move(int8_films)});
  startup_s += seconds_since(since);
  const auto runtime = std::make_shared<BenchRuntime>(
      predictor.runtime(),
      model.has_random_weights ? words_to_say(*model.tokenizer, phantoms) : std::vector<int64_t>());
  const FilmReporter reporter(
      std::make_shared<const Predictor>(std::move(model), runtime, predictor.batch_size()));

  Times times;
  int64_t sentences = 0, with_regions = 0;
  for (int run = 0; run <= bench.runs; ++run) {
    Times these;
    const FilmReport report = draft_film(reporter, workplace.path() / "film.dcm",
                                         workplace.path() / ("draft" + std::to_string(run)), these);
    sentences = static_cast<int64_t>(report.draft.sentences.size());
    with_regions = std::ranges::count_if(report.draft.sentences,
                                         [](const DraftSentence& s) { return !s.boxes.empty(); });
    if (run == 0) continue;  // warms up
    for (const auto& [name, values] : these) times[name].push_back(values.front());
  }
  for (const char* name : {"load_s", "encode_s", "decode_s", "post_s", "total_s"})
    result[name] = median_of(times[name]);
  result["total_low_s"] = *std::ranges::min_element(times["total_s"]);
  result["total_high_s"] = *std::ranges::max_element(times["total_s"]);
  result["startup_s"] = startup_s;
  result["decoder_steps"] = runtime->steps() / (bench.runs + 1);  // of one film
  result["decoder_tokens"] = runtime->tokens() / (bench.runs + 1);
  result["sentences"] = sentences;
  result["sentences_with_regions"] = with_regions;
  if (const nlohmann::ordered_json int8 = runtime->int8_report(); !int8.is_null()) {
    result["int8_error"] = int8["output_error"];
    result["int8_weight_bits"] = int8["weight_bits"];
  }
  result["peak_rss_gib"] = peak_rss_gib();
  return result;
}

}  // namespace radgen

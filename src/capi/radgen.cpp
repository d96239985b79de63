#include "radgen/radgen.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>

#include "radgen/clinical/film_list.h"
#include "radgen/core/compute.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/tool.h"
#include "radgen/inference/device.h"
#include "radgen/inference/predictor.h"
#include "radgen/reporting/film_reporter.h"

struct radgen_model {
  std::optional<radgen::FilmReporter> reporter;
  std::string card;
  std::mutex in_use;  // a runtime serves one thread at a time
};

struct radgen_report {
  radgen::FilmReport report;
  std::string text, json;
};

namespace {

using namespace radgen;

struct LastError {
  int code = RADGEN_OK;
  std::string text;
};
LastError& last_error() {
  thread_local LastError error;
  return error;
}

int fail(int code, const std::string& message, const std::string& hint) {
  last_error().code = code;
  last_error().text = hint.empty() ? message : message + "\n  hint: " + hint;
  return code;
}

// Runs `body`; nothing that it throws gets out.
template <class Body>
int guarded(Body body) noexcept {
  try {
    last_error() = {};
    body();
    return RADGEN_OK;
  } catch (const Error& error) {
    return fail(exit_code(error.code()), error.what(), error.hint());
  } catch (const std::bad_alloc&) {
    return fail(RADGEN_RESOURCE, "not enough memory", "");
  } catch (const std::exception& error) {
    return fail(RADGEN_INTERNAL, error.what(), "this is a defect; please report it");
  } catch (...) {
    return fail(RADGEN_INTERNAL, "an exception of unknown type", "this is a defect");
  }
}

void require(const void* pointer, const char* what) {
  if (pointer == nullptr) throw Error(ErrorCode::kUsage, std::string(what) + " is NULL");
}

// The fields that the caller's header knows; the others have their defaults.
template <class Options>
Options known_fields(const Options* given) {
  Options options{};
  options.struct_size = sizeof(Options);
  if (given == nullptr) return options;
  if (given->struct_size < sizeof(size_t))
    throw Error(
        ErrorCode::kUsage,
        fmt::format("options: struct_size is {}, expected {}", given->struct_size, sizeof(Options)),
        "set it to the struct's sizeof");
  if (given->struct_size > sizeof(Options))
    throw Error(ErrorCode::kUsage,
                fmt::format("options: struct_size is {}, this library knows {} bytes",
                            given->struct_size, sizeof(Options)),
                "the program was compiled against a newer radgen.h: load a newer libradgen.so");
  std::memcpy(&options, given, given->struct_size);
  options.struct_size = sizeof(Options);
  return options;
}

std::string text_or(const char* text, const char* fallback) {
  return text != nullptr ? text : fallback;
}

// A tool mends this by starting again; a library cannot.
void warn_of_slow_blas() {
  const std::string better = better_blas_kernel(blas_info().kernel, cpu_features());
  if (!better.empty())
    log::warning(
        "OpenBLAS chose the kernel {} for this CPU: start the process with OPENBLAS_CORETYPE={}, "
        "five times as fast",
        blas_info().kernel, better);
}

void prepare_process(int threads) {
  static std::once_flag once;
  std::call_once(once, [] {
    log::set_level(log::Level::kWarning);
    warn_of_slow_blas();
  });
  if (threads < 0)
    throw Error(ErrorCode::kUsage, fmt::format("threads is {}, expected 0 or more", threads));
  const int count = threads > 0 ? threads : available_cores();
  set_math_threads(count);
  at::set_num_threads(count);
}

std::vector<StudyInput> scale_films(const std::string& precision, const char* films,
                                    const PreparationConfig& preparation) {
  if (precision != "int8") return {};
  if (films == nullptr)
    throw Error(ErrorCode::kUsage, "precision int8 needs films to choose its scales by",
                "set int8_films, or use int8-dynamic");
  return int8_scale_films(films, {}, preparation);
}

void check_precision(const std::string& precision) {
  const char* const known[] = {"fp32", "bf16", "int8", "int8-dynamic"};
  if (std::find(std::begin(known), std::end(known), precision) == std::end(known))
    throw Error(ErrorCode::kUsage, "precision '" + precision + "' is unknown",
                "fp32, bf16, int8 or int8-dynamic");
}

FilmRequest request_of(const fs::path& film, const radgen_draft_options& options) {
  FilmRequest request{.name = text_or(options.name, ""),
                      .indication = text_or(options.indication, ""),
                      .sex = text_or(options.sex, ""),
                      .may_write_synthetic_fhir = options.allow_synthetic_model != 0,
                      .keeps_unsupported = options.keep_unsupported != 0,
                      .takes_for_processing = options.allow_for_processing != 0};
  if (request.name.empty()) request.name = film.filename().string();
  if (!request.sex.empty() && request.sex != "M" && request.sex != "F")
    throw Error(ErrorCode::kUsage, "sex is '" + request.sex + "', expected M or F");
  if (!(options.age_years >= 0 && options.age_years <= 130))
    throw Error(ErrorCode::kUsage,
                fmt::format("age_years is {}, expected 0 to 130", options.age_years));
  if (options.age_years > 0) request.age_years = options.age_years;
  return request;
}

}  // namespace

extern "C" {

int radgen_api_version(void) { return RADGEN_API_VERSION; }

const char* radgen_version(void) {
  static const std::string text = version_text();
  return text.c_str();
}

const char* radgen_last_error(void) { return last_error().text.c_str(); }
int radgen_last_error_code(void) { return last_error().code; }

radgen_model* radgen_open(const char* folder, const radgen_open_options* given) {
  std::unique_ptr<radgen_model> opened;
  guarded([&] {
    require(folder, "folder");
    const radgen_open_options options = known_fields(given);
    const std::string precision = text_or(options.precision, "fp32");
    check_precision(precision);
    prepare_process(options.threads);
    const torch::Device device = choose_device(text_or(options.device, "auto"));
    LoadedModel model = load_model_folder(folder);
    auto films = scale_films(precision, options.int8_films, model.config.model_input.preparation);
    auto made = std::make_unique<radgen_model>();
    made->card = model.card.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
    made->reporter.emplace(std::make_shared<const Predictor>(make_predictor(
        std::move(model),
        {.precision = precision, .device = device, .int8_films = std::move(films)})));
    opened = std::move(made);
  });
  return opened.release();
}

const char* radgen_model_card(const radgen_model* model) {
  guarded([&] { require(model, "model"); });
  return model != nullptr ? model->card.c_str() : "";
}

void radgen_close(radgen_model* model) {
  guarded([&] { delete model; });
}

int radgen_draft(radgen_model* model, const char* film, const radgen_draft_options* given,
                 radgen_report** report) {
  if (report != nullptr) *report = nullptr;
  return guarded([&] {
    require(model, "model");
    require(film, "film");
    require(report, "report");
    const FilmRequest request = request_of(film, known_fields(given));
    const std::lock_guard lock(model->in_use);
    Result<FilmReport> drafted = model->reporter->report(film, request);
    if (!drafted)
      throw Error(ErrorCode::kData, drafted.failure().reason + ": " + drafted.failure().message);
    auto made = std::make_unique<radgen_report>();
    made->report = std::move(*drafted);
    made->text = report_text(made->report);
    made->json = prediction_json(made->report)
                     .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    *report = made.release();
  });
}

const char* radgen_report_status(const radgen_report* report) {
  guarded([&] { require(report, "report"); });
  return report != nullptr ? report->report.draft.status.c_str() : "";
}

const char* radgen_report_reason(const radgen_report* report) {
  guarded([&] { require(report, "report"); });
  return report != nullptr && report->report.refusal ? report->report.refusal->code.c_str() : "";
}

const char* radgen_report_text(const radgen_report* report) {
  guarded([&] { require(report, "report"); });
  return report != nullptr ? report->text.c_str() : "";
}

const char* radgen_report_json(const radgen_report* report) {
  guarded([&] { require(report, "report"); });
  return report != nullptr ? report->json.c_str() : "";
}

int radgen_report_write(radgen_report* report, const char* folder) {
  return guarded([&] {
    require(report, "report");
    require(folder, "folder");
    claim_output_directory(folder, /*overwrite=*/false);
    AtomicDirectory written{fs::path(folder)};
    write_film_report(written.path(), report->report);
    written.commit();
  });
}

void radgen_report_free(radgen_report* report) {
  guarded([&] { delete report; });
}

}  // extern "C"

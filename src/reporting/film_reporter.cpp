#include "radgen/reporting/film_reporter.h"

#include <chrono>
#include <utility>

#include "radgen/clinical/film_list.h"
#include "radgen/clinical/refusal.h"
#include "radgen/clinical/size_check.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/imaging/preparation.h"
#include "radgen/imaging/quality.h"
#include "radgen/inference/faithfulness.h"

namespace radgen {

namespace {

using Clock = std::chrono::steady_clock;

double elapsed_ms(Clock::time_point since) {
  return std::chrono::duration<double, std::milli>(Clock::now() - since).count();
}

StudyInput study_input(const Film& film, const FilmRequest& request) {
  StudyInput study;
  study.study_id = study.image_id = request.name;
  study.age_years = request.age_years ? request.age_years : film.tags.patient_age_years;
  study.sex = request.sex.empty() ? film.tags.patient_sex : request.sex;
  study.indication = request.indication;
  return study;
}

ModelFacts model_facts(const LoadedModel& model, const StudyInput& study) {
  ModelFacts facts{.is_phantom_trained = model.is_phantom_trained,
                   .has_random_weights = model.has_random_weights,
                   .region_share = model.calibration.region_threshold,
                   .abstain_below = model.calibration.abstain_below,
                   .examined_share = model.calibration.examined_sentences > 0
                                         ? model.calibration.examined_threshold
                                         : 0,
                   .examined_abstain_below = model.calibration.examined_abstain_below,
                   .calibration_studies = model.calibration.studies};
  if (model.config.prompt_max_tokens == 0) return facts;
  if (study.age_years) facts.context.push_back("age");
  if (!study.sex.empty()) facts.context.push_back("sex");
  if (!study.indication.empty()) facts.context.push_back("indication");
  return facts;
}

// The reader is shown the film as its window has it; a network that learnt from another photometric
// convention gets it read again.
Result<PreparedImage> prepare(const Film& shown, const std::filesystem::path& path,
                              const PreparationConfig& config, const FilmSource& read) {
  if (shown.photometric == config.photometric) return prepare_image(shown, config);
  const Result<Film> again = read(path, read_options(config));
  if (!again) return again.failure();
  return prepare_image(*again, config);
}

// A sentence is verified when one of its regions is. Which other places are hidden depends on the
// pixels alone.
void verify_regions(const Predictor& predictor, const StudyInput& study, const FilmRequest& request,
                    Draft& draft) {
  const Clock::time_point started = Clock::now();
  Draft nameless = draft;
  const cv::Mat pixels = study.image.clone();  // in one piece
  nameless.study_id = sha256_hex({pixels.ptr<char>(), pixels.total() * pixels.elemSize()});
  const std::vector<HiddenRegion> regions = check_faithfulness(
      predictor, {study}, {nameless}, {.random_regions = request.verifying_regions});
  for (const HiddenRegion& region : regions) {
    if (!region.is_matched()) continue;
    std::optional<bool>& is_verified = draft.sentences[region.sentence].is_verified;
    is_verified = is_verified.value_or(false) || region.is_faithful;
  }
  const double took_ms = elapsed_ms(started);
  draft.timing_ms["verify"] += took_ms;
  if (!regions.empty())
    log::info("{} regions verified, {:.1f} s each", regions.size(),
              took_ms / 1000 / static_cast<double>(regions.size()));
}

}  // namespace

FilmReporter::FilmReporter(std::shared_ptr<const Predictor> predictor, FilmSource read)
    : predictor_(std::move(predictor)), read_(std::move(read)) {
  RADGEN_CHECK(predictor_ != nullptr, "a reporter needs a predictor");
}

Result<FilmReport> FilmReporter::report(const std::filesystem::path& path,
                                        const FilmRequest& request) const {
  const Clock::time_point started = Clock::now();
  Result<Film> film = read_(path, {});
  if (!film) return film.failure();
  StudyInput study = study_input(*film, request);
  const ChestJudgement judgement =
      judge_chest_film(*film, {.takes_for_processing = request.takes_for_processing});
  std::optional<Refusal> refusal = refuse(judgement, study.age_years);
  Result<PreparedImage> prepared =
      prepare(*film, path, model().config.model_input.preparation, read_);
  if (!prepared) return prepared.failure();
  study.image = prepared->image;
  const double load_ms = elapsed_ms(started);

  FilmReport report;
  report.draft = refusal ? refused_draft(*refusal) : std::move(predictor_->draft({study}).front());
  report.refusal = std::move(refusal);
  report.upright_to_prepared = prepared->upright_to_prepared;
  report.prepared_width_px = study.image.cols;
  report.prepared_height_px = study.image.rows;
  report.model = model_facts(model(), study);
  report.may_write_synthetic_fhir = request.may_write_synthetic_fhir;
  report.keeps_unsupported = request.keeps_unsupported;
  Draft& draft = report.draft;
  draft.study_id = draft.image_id = request.name;
  draft.model_version = model().version;
  draft.model_sha256 = model().sha256;
  draft.warnings.insert(draft.warnings.end(), film->warnings.begin(), film->warnings.end());
  draft.warnings.insert(draft.warnings.end(), judgement.warnings.begin(), judgement.warnings.end());
  draft.timing_ms["load"] += load_ms;
  if (request.verifying_regions > 0) verify_regions(*predictor_, study, request, draft);
  report.film = std::move(*film);
  mark_unsupported_sizes(report);
  return report;
}

Result<cv::Mat> reportable_image(const std::filesystem::path& path,
                                 const PreparationConfig& preparation, const FilmSource& read) {
  const Result<Film> film = read(path, {});
  if (!film) return film.failure();
  if (const auto refusal = refuse(judge_chest_film(*film), film->tags.patient_age_years))
    return Failure{refusal->code, "the film cannot be reported"};
  Result<PreparedImage> prepared = prepare(*film, path, preparation, read);
  if (!prepared) return prepared.failure();
  return prepared->image;
}

std::vector<StudyInput> int8_scale_films(const std::filesystem::path& films,
                                         const std::filesystem::path& output,
                                         const PreparationConfig& preparation,
                                         const FilmSource& read) {
  constexpr size_t kEnough = 8;
  std::vector<StudyInput> chosen;
  for (const FilmFile& file : list_films(films, output).films) {
    const Result<cv::Mat> image = reportable_image(file.path, preparation, read);
    if (!image) continue;
    chosen.emplace_back();
    chosen.back().image = *image;
    if (chosen.size() == kEnough) break;
  }
  if (chosen.empty())
    throw Error(ErrorCode::kData, films.string() + ": no chest film that can be reported",
                "INT8 chooses its scales by the kind of films that are to be drafted");
  return chosen;
}

}  // namespace radgen

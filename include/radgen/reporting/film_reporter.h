// From a film to its report, in one place: read, judged, prepared, drafted. report-radgen,
// bench-radgen and a service call this; nothing of it is written a second time.
//
//   FilmReporter reporter(std::make_shared<const Predictor>(load_model_folder("model"), device));
//   Result<FilmReport> report = reporter.report("film.dcm", {.name = "film.dcm"});
//   if (!report) return report.failure();                    // cannot be read: a reason, no report
//   if (report->refusal) ...                                 // read, but no frontal chest film
//   write_film_report(folder, *report);                      // clinical/report_folder.h
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "radgen/clinical/report_folder.h"
#include "radgen/core/error.h"
#include "radgen/imaging/film_sandbox.h"
#include "radgen/inference/predictor.h"

namespace radgen {

// What is known of a study beside its film.
struct FilmRequest {
  std::string name;  // of the film in results and messages; never from its header
  std::string indication;
  std::string sex;                  // empty: from the header
  std::optional<double> age_years;  // none: from the header
  bool may_write_synthetic_fhir = false;
  bool keeps_unsupported = false;     // unsupported statements stay in the impression
  bool takes_for_processing = false;  // a detector's raw picture is drafted, with a warning
  // Of each region of evidence: how many other places are hidden to compare with
  // (inference/faithfulness.h; at least 9). 0: regions are not verified.
  int64_t verifying_regions = 0;
};

class FilmReporter {
 public:
  // `read` is how films are read: FilmSandbox::read() for films that nobody vouches for.
  explicit FilmReporter(std::shared_ptr<const Predictor> predictor, FilmSource read = read_film);

  const LoadedModel& model() const { return predictor_->model(); }

  // A failure is what cannot be read. A film that is no frontal adult chest film gives a report
  // whose draft says so and whose `refusal` is set. timing_ms of the draft: load, encode, decode,
  // post.
  Result<FilmReport> report(const std::filesystem::path& film, const FilmRequest& request) const;

 private:
  std::shared_ptr<const Predictor> predictor_;
  FilmSource read_;
};

// The film as the network's preparation makes it, where it can be reported; a failure or a
// refusal's reason otherwise. For choosing INT8 scales on films as they come.
Result<cv::Mat> reportable_image(const std::filesystem::path& film,
                                 const PreparationConfig& preparation,
                                 const FilmSource& read = read_film);

// PredictorOptions::int8_films of a film or a folder of them: the first 8 that can be reported;
// what lies under `output` is not read. Throws Error{kData} when there is none.
std::vector<StudyInput> int8_scale_films(const std::filesystem::path& films,
                                         const std::filesystem::path& output,
                                         const PreparationConfig& preparation,
                                         const FilmSource& read = read_film);

}  // namespace radgen

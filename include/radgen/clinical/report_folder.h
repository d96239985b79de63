// One film's drafted report as a folder of files, each of use on its own:
//
//   prediction.json      the draft, its boxes also in stored pixels, and the transforms
//   report.txt           the same in plain words
//   report.html          the film beside its sentences (pages/report_page.h)
//   report.fhir.json     FHIR R4 DiagnosticReport; not for a refused film
//   report.sr.dcm, report.text.dcm, report.sc.dcm
//                        what a PACS files (clinical/dicom_results.h); of DICOM films only
//   map_01.png           sentence 1's attention over the patch grid, 16 bits
//   sentence_01.png      sentence 1's heat map and boxes over the upright film
//
//   FilmReport report{.film = film, .draft = draft, .upright_to_prepared = transform};
//   AtomicDirectory folder(out / "film");
//   write_film_report(folder.path(), report);
//   folder.commit();
//
// Only the FHIR and DICOM files hold what the film's header says of the patient. Every output says
// that it is research software. Two kinds of region are told apart everywhere: evidence (a finding
// is here) and examined (this was looked at and nothing was found). A sentence without a region
// gets its image without heat map and boxes, and says why; one that states a finding which no
// region bears out is marked and left out of the impression.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "radgen/clinical/fhir.h"
#include "radgen/clinical/refusal.h"
#include "radgen/core/geometry.h"
#include "radgen/imaging/film.h"
#include "radgen/report/prediction.h"

namespace radgen {

// What the reader of the page is told of the model beside its version.
struct ModelFacts {
  bool is_phantom_trained = true;   // it has only seen synthetic films
  bool has_random_weights = false;  // nobody trained it
  double region_share = 0;          // of a map's maximum; parts above it are boxes
  double abstain_below = 0;         // grounding score; sentences below it are not grounded
  double examined_share = 0;        // the same for examined regions
  double examined_abstain_below = 0;
  int64_t calibration_studies = 0;   // that these two were chosen on; 0: defaults
  std::vector<std::string> context;  // what it was told: "age", "sex", "indication"
};

// A film and what was drafted for it; owns its data.
struct FilmReport {
  Film film;
  Draft draft;                     // its boxes in pixels of the prepared image
  std::optional<Refusal> refusal;  // why nothing was drafted for a film that could be read
  Affine upright_to_prepared;
  int prepared_width_px = 0, prepared_height_px = 0;
  ModelFacts model;
  bool may_write_synthetic_fhir = false;  // FHIR although the words mean nothing
  bool keeps_unsupported = false;         // unsupported sentences stay in the impression
  // Of the FHIR and DICOM results; all else in them depends on film, model and words alone.
  std::chrono::system_clock::time_point made_at = std::chrono::system_clock::now();

  // Prepared-image pixels -> stored pixels: rows and columns of the original image as its file has
  // them, before any turning, crop or resize. The frame in which boxes leave the house. inverse():
  // the way back.
  Affine prepared_to_stored() const {
    return film.stored_to_upright.then(upright_to_prepared).inverse();
  }
};

// Everything that a report folder holds, into `folder`; adds what it took to timing_ms["post"].
void write_film_report(const std::filesystem::path& folder, FilmReport& report);

// What a sentence can show for itself. kUnsupported: it states a finding and no region bears it
// out; kNone: it states none and has no place in the image.
enum class SentenceGrounding { kGrounded, kExamined, kUnsupported, kNone };
SentenceGrounding sentence_grounding(const Draft& draft, size_t sentence);
// "evidence: 2 regions, score 0.71", "examined, nothing found: both lungs", ...
std::string grounding_phrase(const Draft& draft, size_t sentence);

// "it compares with another film": why a sentence has no region, from its no_region_reason; empty
// for an empty one.
std::string reason_words(const std::string& reason);

// The model has never seen a person's film and this is one, as far as the file says; or nobody
// trained it.
bool is_meaningless(const FilmReport& report);
// What such a model's results carry on every film.
inline bool may_mean_nothing(const ModelFacts& model) {
  return model.has_random_weights || model.is_phantom_trained;
}
// Why such a model's words mean nothing: kRandomWeightsNotice or kPhantomNotice.
const char* meaningless_notice(const ModelFacts& model);
bool writes_fhir(const FilmReport& report);

// Maps and overlays; sets map_file and map_scale of the draft's sentences.
void write_maps_and_overlays(const std::filesystem::path& folder, FilmReport& report);
void write_report(const std::filesystem::path& folder, const FilmReport& report);

std::string report_text(const FilmReport& report);
std::string report_html(const FilmReport& report);
nlohmann::ordered_json prediction_json(const FilmReport& report);
FhirContext fhir_context(const FilmReport& report);

// 16-bit PNG of rows x columns; returns the scale (value x scale = attention).
double write_attention_map(const std::filesystem::path& path, const AttentionMap& map);

}  // namespace radgen

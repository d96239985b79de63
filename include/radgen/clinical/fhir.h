// A draft as a FHIR R4 DiagnosticReport (hl7.org/fhir/R4/diagnosticreport.html), marked as made by
// AI and unverified.
//
//   FhirContext context{.study_instance_uid = uid, .study_date = "20260102", .view = "AP"};
//   write_fhir("out/report.fhir.json", fhir_report(draft, context));
//
// Invariants: status is "partial" (results not yet verified; never "final", there is no human
// signature), meta.security holds AIAST, no resultsInterpreter, and every text says that it is
// research software. One resource: the device, an Observation for each positive or uncertain
// mention and one for each sentence with examined anatomy are contained and referenced, and the
// Provenance that names film and model. The same input with `issued` given makes the same bytes.
//
// Extensions of our own (urn:radgen:fhir:...): "generated-by" (the contained Device; R4 allows no
// Device as performer) and on Observations "evidence-box" (a finding is here) and "examined-box"
// (this was looked at and nothing was found): x, y, w, h in stored pixels of the original image
// (rows and columns as its file has them, top-left origin) and that image's SOP Instance UID; and
// "support" ("unsupported": no region bears the statement out; it is marked in the text and left
// out of the conclusion) and "region-verified" (whether hiding the region changes the sentence,
// where that was asked). A size is given only where its region bears it out.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "radgen/core/geometry.h"
#include "radgen/report/prediction.h"

namespace radgen {

// What the film's header and the site know; an empty field leaves its element out.
struct FhirContext {
  std::string patient_id, patient_id_system;  // PatientID and the URI of who issues it
  std::string accession_number, accession_system;
  std::string study_instance_uid;  // dotted; anything else is left out
  // With the patient's id and sop_instance_uid they make a contained ImagingStudy.
  std::string series_instance_uid, sop_class_uid, modality;
  std::string study_date, study_time;  // DICOM DA and TM
  std::string utc_offset;  // TimezoneOffsetFromUTC, "+0100"; without it only the date is given
  std::string view;        // "AP" has a LOINC code of its own; else the generic 18748-4
  std::string sop_instance_uid;  // of the image that boxes are drawn on; dotted, or left out
  // The draft's boxes are in prepared-image pixels; they leave in stored pixels of that image.
  Affine prepared_to_stored;
  // the site's own code, beside LOINC's
  std::string procedure_code, procedure_system, procedure_display;
  std::string issued;  // FHIR instant; empty: now
  bool is_phantom_trained =
      false;  // marks report and conclusion as made by a model of synthetic films
  bool has_random_weights = false;  // the same for a model that nobody trained
  bool keeps_unsupported = false;   // unsupported sentences stay in the conclusion, marked
};

// Throws Error{kData} for a draft that is not reportable: there is no report to give.
nlohmann::ordered_json fhir_report(const Draft& draft, const FhirContext& context);

// Writes the resource atomically.
void write_fhir(const std::filesystem::path& path, const nlohmann::ordered_json& resource);

// The sentence that stands in every output.
inline constexpr const char* kResearchNotice =
    "Draft made by AI, not verified by a person. Research software, not for clinical use.";
inline constexpr const char* kPhantomNotice =
    "The model was trained on synthetic films only: this text means nothing for a patient.";
inline constexpr const char* kRandomWeightsNotice =
    "The model has random weights, nobody trained it: this text means nothing at all.";

}  // namespace radgen

// A draft as the DICOM objects that a PACS files beside the film:
//
//   report.sr.dcm     Comprehensive 3D SR, TID 1500 with a planar ROI (TID 1410) for each box: what
//                     a program reads
//   report.text.dcm   Basic Text SR: the prose, for which TID 1500 has no place
//   report.sc.dcm     Secondary Capture: film, boxes and sentences burned in, for viewers that draw
//                     no SR regions
//
//   if (writes_dicom(report)) write_dicom_results(folder, report);
//
// The reports are UNVERIFIED and PRELIMINARY. All three say in the picture or text that AI made
// them, name the program as Contributing Equipment (PS3.3 C.12.1.1.5, as IHE AIR asks) and refer to
// the film by its SOP Instance UID. Texts are UTF-8. Their UIDs are made of the film's, the model's
// SHA-256 and the words: the same draft is the same object wherever it is made, and only its time
// differs.
//
// In the TID 1500 document
//   - a box of evidence is a Measurement Group of its own (Finding, Finding Site, Laterality,
//     closed POLYLINE in stored pixels of the film); the boxes of one sentence share the Tracking
//     Identifier and have each a Tracking UID, since viewers merge groups with equal ones;
//   - a region that was examined and in which nothing was found is one too, but its category is
//     Non-lesion and its finding Radiographic anatomy, so that nobody takes it for a finding;
//   - a finding that is denied stands under Qualitative Evaluations as Absent, one that is stated
//     without a region as Undetermined with its sentence;
//   - a size in a sentence is kept where its region bears it out (clinical/size_check.h).
#pragma once

#include <filesystem>
#include <string>

#include "radgen/clinical/report_folder.h"

namespace radgen {

// Does the film's header name a study, a series and an instance to belong to? (PNG and JPEG films
// have none.) Objects with words that mean nothing for a patient are made as FHIR is: when asked.
bool writes_dicom(const FilmReport& report);

// The files' bytes (PS3.10), of a drafted film.
std::string encode_measurement_report(const FilmReport& report);
std::string encode_text_report(const FilmReport& report);
std::string encode_secondary_capture(const FilmReport& report);

// The three files, atomically each.
void write_dicom_results(const std::filesystem::path& folder, const FilmReport& report);

}  // namespace radgen

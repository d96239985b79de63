#include "radgen/clinical/dicom_results.h"

#include "clinical/fhir_values.h"
#include "radgen/core/files.h"

namespace radgen {

bool writes_dicom(const FilmReport& report) {
  const FilmTags& tags = report.film.tags;
  return writes_fhir(report) && fhir::is_uid(tags.study_uid) && fhir::is_uid(tags.series_uid) &&
         fhir::is_uid(tags.sop_uid) && fhir::is_uid(tags.sop_class);
}

void write_dicom_results(const std::filesystem::path& folder, const FilmReport& report) {
  RADGEN_CHECK(writes_dicom(report), "a film with the UIDs that its results refer to");
  write_file_atomic(folder / "report.sr.dcm", encode_measurement_report(report));
  write_file_atomic(folder / "report.text.dcm", encode_text_report(report));
  write_file_atomic(folder / "report.sc.dcm", encode_secondary_capture(report));
}

}  // namespace radgen

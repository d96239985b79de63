#include "clinical/dicom_file.h"

#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcwcache.h>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "clinical/codes.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/imaging/dicom_write.h"

namespace radgen {
namespace {

constexpr const char* kManufacturer = "RadGen";

void check(const OFCondition& condition, const char* what) {
  if (condition.bad())
    throw Error(ErrorCode::kInternal, fmt::format("DICOM: {}: {}", what, condition.text()));
}

// At most `most` bytes, cut between characters.
std::string cut(std::string text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  text.resize(most);
  return text;
}

void put_equipment(DcmItem& dataset, const FilmReport& report) {
  put(dataset, DCM_Manufacturer, kManufacturer);
  put(dataset, DCM_ManufacturerModelName, "RadGen");
  put(dataset, DCM_SoftwareVersions, cut(report.draft.model_version, 64));
  DcmItem& made_by = put_item(dataset, DCM_ContributingEquipmentSequence);
  put_code(made_by, DCM_PurposeOfReferenceCodeSequence, "processing equipment");
  put(made_by, DCM_Manufacturer, kManufacturer);
  put(made_by, DCM_ManufacturerModelName, "RadGen");
  put(made_by, DCM_SoftwareVersions, cut(report.draft.model_version, 64));
  put(made_by, DCM_DeviceUID, device_uid(report));
  put(made_by, DCM_ContributionDescription, cut(std::string(kResearchNotice), 1024));
}

}  // namespace

std::string result_uid(const FilmReport& report, const std::string& name) {
  const Draft& draft = report.draft;
  return make_uid(fmt::format("radgen result|{}|{}|{}|{}|{}", name, report.film.tags.sop_uid,
                              draft.model_sha256, draft.model_version, sha256_hex(draft.text())));
}

std::string device_uid(const FilmReport& report) {
  return make_uid(
      fmt::format("radgen device|{}|{}", report.draft.model_version, report.draft.model_sha256));
}

void put(DcmItem& item, const DcmTagKey& tag, const std::string& value) {
  check(item.putAndInsertOFStringArray(tag, value.c_str()), "an element");
}

DcmItem& put_item(DcmItem& item, const DcmTagKey& sequence) {
  DcmItem* added = nullptr;
  check(item.findOrCreateSequenceItem(sequence, added, -2), "a sequence");
  return *added;
}

void put_code(DcmItem& item, const DcmTagKey& sequence, const std::string& concept_name) {
  const Code& code = concept_code(concept_name);
  DcmItem& entry = put_item(item, sequence);
  put(entry, DCM_CodeValue, code.value);
  put(entry, DCM_CodingSchemeDesignator, code.scheme);
  put(entry, DCM_CodeMeaning, code.meaning);
}

void put_common_modules(DcmItem& dataset, const FilmReport& report, const ResultObject& object) {
  const FilmTags& tags = report.film.tags;
  put(dataset, DCM_SpecificCharacterSet, "ISO_IR 192");
  put(dataset, DCM_PatientName, tags.patient_name);
  put(dataset, DCM_PatientID, tags.patient_id);
  put(dataset, DCM_PatientBirthDate, tags.patient_birth_date);
  put(dataset, DCM_PatientSex, tags.patient_sex);
  put(dataset, DCM_StudyInstanceUID, tags.study_uid);
  put(dataset, DCM_StudyDate, tags.study_date);
  put(dataset, DCM_StudyTime, tags.study_time);
  put(dataset, DCM_StudyID, tags.study_id);
  put(dataset, DCM_AccessionNumber, tags.accession);
  put(dataset, DCM_ReferringPhysicianName, tags.referring_physician);

  put(dataset, DCM_Modality, object.modality);
  put(dataset, DCM_SeriesInstanceUID, result_uid(report, std::string("series ") + object.kind));
  put(dataset, DCM_SeriesNumber, std::to_string(object.series_number));
  put(dataset, DCM_SeriesDescription, object.description);
  put(dataset, DCM_InstanceNumber, "1");
  put(dataset, DCM_SOPInstanceUID, result_uid(report, object.kind));

  // In the machine's own time, as the film's times are the site's.
  const std::time_t made = std::chrono::system_clock::to_time_t(report.made_at);
  std::tm local{};
  localtime_r(&made, &local);
  const std::string date = fmt::format("{:%Y%m%d}", local), time = fmt::format("{:%H%M%S}", local);
  for (const DcmTagKey& tag : {DCM_InstanceCreationDate, DCM_ContentDate}) put(dataset, tag, date);
  for (const DcmTagKey& tag : {DCM_InstanceCreationTime, DCM_ContentTime}) put(dataset, tag, time);
  put_equipment(dataset, report);
}

std::string dicom_bytes(DcmFileFormat& file) {
  constexpr E_TransferSyntax kSyntax = EXS_LittleEndianExplicit;
  check(file.chooseRepresentation(kSyntax, nullptr), "transfer syntax");
  check(file.validateMetaInfo(kSyntax), "file meta information");
  constexpr size_t kSlack = 64 * 1024;
  std::string bytes(file.calcElementLength(kSyntax, EET_ExplicitLength) + kSlack, '\0');
  DcmOutputBufferStream stream(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  DcmWriteCache cache;
  file.transferInit();
  check(file.write(stream, kSyntax, EET_ExplicitLength, &cache), "writing");
  file.transferEnd();
  void* begin = nullptr;
  offile_off_t length = 0;
  stream.flushBuffer(begin, length);
  RADGEN_CHECK(begin == bytes.data(), "written from the buffer's begin");
  bytes.resize(static_cast<size_t>(length));
  return bytes;
}

}  // namespace radgen

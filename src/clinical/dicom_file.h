// What the DICOM results of a draft have in common: who the patient is and which study it is
// (PS3.3 C.7.1.1, C.7.2.1), the series, the program that made them, and their way into bytes.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <string>

#include "radgen/clinical/report_folder.h"

namespace radgen {

// One of the objects of a draft. UIDs come of the film, the model and the words.
struct ResultObject {
  const char* kind;         // "sr", "text", "sc": the UIDs' seed
  const char* modality;     // of the series
  int series_number;        // away from those of the modality
  const char* description;  // of the series
};

std::string result_uid(const FilmReport& report, const std::string& name);
// Of the program with this model: Device Observer UID and Contributing Equipment.
std::string device_uid(const FilmReport& report);

// Patient, study, series, equipment, time and SOP Instance UID into `dataset`; what is there is
// replaced. An empty fact becomes an empty element where the standard wants one (type 2).
void put_common_modules(DcmItem& dataset, const FilmReport& report, const ResultObject& object);

void put(DcmItem& item, const DcmTagKey& tag, const std::string& value);
// Adds an item to a sequence.
DcmItem& put_item(DcmItem& item, const DcmTagKey& sequence);
void put_code(DcmItem& item, const DcmTagKey& sequence, const std::string& concept_name);

// Explicit little endian, with preamble and file meta information.
std::string dicom_bytes(DcmFileFormat& file);

}  // namespace radgen

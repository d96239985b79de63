// Writing a phantom data set in MIMIC-CXR's layout, so that everything downstream reads it as it
// would read MIMIC-CXR.
//
//   DatasetSummary summary =
//       write_dataset({.plan = {.studies = 2000, .seed = 7}, .output = "phantom"});
//
//   OUTPUT/files/p10/p10000032/s50414267/<dicom_id>.dcm    the film
//   OUTPUT/files/p10/p10000032/s50414267.txt               the report
//   OUTPUT/cxr-record-list.csv cxr-study-list.csv mimic-cxr-2.0.0-{split,metadata,chexpert}.csv
//   OUTPUT/MS_CXR_Local_Alignment_v1.1.0.csv               boxes: 30 % of the training studies,
//                                                          edges off by 5 %; exact ones of every
//                                                          other split's studies
//   OUTPUT/mimiciv/{hosp/patients,hosp/admissions,ed/edstays}.csv
//   OUTPUT/truth.jsonl                                     for evaluation and self-check only
//   OUTPUT/README.txt SYNTHETIC generation.json
//
// Splits in the split file: train validate test test_wording test_shift, and twin (the same patient
// and film as a test study without one of its findings; never train on it). The labels in
// -chexpert.csv are the rules labeler's, of the impression or else of the findings, as MIMIC-CXR's
// are. Every file says that it is synthetic. The same options give the same bytes, whatever the
// number of threads. The folder appears whole or not at all.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "radgen/phantom/plan.h"

namespace radgen::phantom {

struct DatasetOptions {
  PlanOptions plan;
  int long_side_px = 512;
  int threads = 0;             // 0: all cores
  bool may_overwrite = false;  // an existing folder is moved aside
  std::filesystem::path output;
};

struct DatasetSummary {
  int64_t studies = 0, patients = 0, boxes = 0, twins = 0;
  std::map<std::string, int64_t> by_split;
  double seconds = 0;
};

// Throws Error{kUsage} for options that cannot be met, Error{kResource} when the disk is full,
// Interrupted.
DatasetSummary write_dataset(const DatasetOptions& options);

// Paths of a study's files, relative to the data set.
std::string film_path(const StudyTruth& truth);
std::string report_path(const StudyTruth& truth);

}  // namespace radgen::phantom

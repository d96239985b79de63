// MIMIC-CXR (Johnson et al. 2019) as it lies on disk, DICOM or JPG edition, with the boxes of
// MS-CXR (Boecker et al. 2022) and the demographics of MIMIC-IV when they are there.
//
//   files/p10/p10000032/s50414267.txt                       the report
//   files/p10/p10000032/s50414267/<dicom_id>.dcm (or .jpg)  the pictures
//   cxr-record-list.csv[.gz]            subject_id, study_id, dicom_id, path; without it the
//   metadata table lists pictures mimic-cxr-*-split.csv[.gz]          dicom_id, split: needed
//   mimic-cxr-*-metadata.csv[.gz]       dicom_id, ViewPosition, StudyDate: without it views and
//   ages are unknown MS_CXR_Local_Alignment_v*.csv[.gz]  one row a box patients, admissions,
//   edstays .csv[.gz]  in the demographics folder or its hosp/ and ed/
//
// Columns are found by name. Age = anchor_age + year(StudyDate) - anchor_year; over 89 is 91, as
// MIMIC writes it. Race is the group before " - " that all admissions and emergency stays of a
// patient agree on, else "conflicting".
#pragma once

#include <memory>

#include "radgen/data/source.h"

namespace radgen {

std::unique_ptr<StudySource> open_mimic_cxr(const SourceOptions& options);

}  // namespace radgen

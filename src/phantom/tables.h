// The CSV tables of a phantom data set, in the columns of MIMIC-CXR, MS-CXR and MIMIC-IV.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "radgen/phantom/truth.h"
#include "radgen/report/finding.h"

namespace radgen::phantom {

struct BoxRow {
  std::string category, phrase;
  Box box;  // stored film pixels
};

// What the tables say of one study.
struct StudyRow {
  StudyTruth truth;
  int rows = 0, columns = 0;
  std::string study_date, study_time;  // YYYYMMDD, HHMMSS.mmm
  Labels labels;
  std::vector<BoxRow> boxes;
};

// When the study was taken: all studies of a patient lie in the patient's anchor year, in their
// order.
int anchor_year(const Patient& patient);
std::string study_date(const Patient& patient,
                       int number);  // `number` counts the patient's studies from 0
std::string study_time(const StudyTruth& truth);

// Writes every table into `folder`; `rows` in the order of the plan.
void write_tables(const std::filesystem::path& folder, const std::vector<StudyRow>& rows);

}  // namespace radgen::phantom

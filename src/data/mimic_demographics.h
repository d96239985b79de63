// Age, sex and race of MIMIC's patients from MIMIC-IV (patients, admissions) and MIMIC-IV-ED
// (edstays), plain or .gz, in the given folder or its hosp/ and ed/.
//
// Age = anchor_age + year(StudyDate) - anchor_year; over 89 is 91, as MIMIC writes it. Race is the
// group before " - " that all admissions and emergency stays of a patient agree on, else
// "conflicting"; "UNKNOWN" and its like say nothing.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "data/listing.h"

namespace radgen {

struct MimicPatient {
  std::string sex, race;
  std::optional<double> anchor_age, anchor_year;
};

std::unordered_map<std::string, MimicPatient> read_mimic_patients(const fs::path& folder,
                                                                  ListingBuilder& listing);
std::optional<double> mimic_age(const MimicPatient& patient,
                                const std::optional<double>& study_year);

}  // namespace radgen

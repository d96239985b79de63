#include "data/mimic_demographics.h"

#include <set>

#include "radgen/core/log.h"

namespace radgen {
namespace {

constexpr double kLastExactAge = 89, kAgeOfTheOldest = 91;

// MIMIC-IV's own folders, beside each other or within a folder of its name.
fs::path find_demographics(const fs::path& folder, const std::string& table) {
  for (const char* set : {"", "mimiciv", "mimic-iv", "mimic-iv-ed"}) {
    for (const char* part : {"", "hosp", "ed"}) {
      const fs::path found = find_table(folder / set / part, table, ".csv");
      if (!found.empty()) return found;
    }
  }
  return {};
}

// The group before the detail ("ASIAN - CHINESE"); empty for the ways of saying that nobody knows.
std::string race_group(const std::string& race) {
  std::string group = race.substr(0, race.find(" - "));
  static const std::set<std::string> unknown{"UNKNOWN", "UNABLE TO OBTAIN",
                                             "PATIENT DECLINED TO ANSWER", "OTHER/UNKNOWN"};
  return unknown.count(group) ? "" : group;
}

using Patients = std::unordered_map<std::string, MimicPatient>;

void read_patients(const fs::path& table, Patients& patients, ListingBuilder& listing) {
  Table rows(table, listing);
  const size_t subject = rows.column("subject_id"), gender = rows.column("gender");
  const auto age = rows.find_column("anchor_age"), year = rows.find_column("anchor_year");
  while (rows.next()) {
    MimicPatient& patient = patients[rows.id(subject)];
    patient.sex = rows.at(gender);
    patient.anchor_age = parse_number(rows.at(age));
    patient.anchor_year = parse_number(rows.at(year));
  }
}

void read_races(const fs::path& table, Patients& patients, ListingBuilder& listing) {
  Table rows(table, listing);
  const size_t subject = rows.column("subject_id");
  const auto named = rows.find_column("race");  // version 1 of MIMIC-IV calls it ethnicity
  const size_t race = named ? *named : rows.column("ethnicity");
  const auto gender = rows.find_column("gender");
  while (rows.next()) {
    MimicPatient& patient = patients[rows.id(subject)];
    if (patient.sex.empty()) patient.sex = rows.at(gender);
    const std::string group = race_group(rows.at(race));
    if (group.empty() || group == patient.race) continue;
    patient.race = patient.race.empty() ? group : "conflicting";
  }
}

}  // namespace

std::unordered_map<std::string, MimicPatient> read_mimic_patients(const fs::path& folder,
                                                                  ListingBuilder& listing) {
  Patients patients;
  const fs::path table = find_demographics(folder, "patients");
  if (table.empty()) {
    log::warning(
        "no patients.csv (MIMIC-IV): age and sex stay unknown (--demographics names its folder)");
  } else {
    listing.try_table(table, [&] { read_patients(table, patients, listing); });
  }
  const fs::path admissions = find_demographics(folder, "admissions"),
                 stays = find_demographics(folder, "edstays");
  for (const fs::path& races : {admissions, stays}) {
    if (!races.empty()) listing.try_table(races, [&] { read_races(races, patients, listing); });
  }
  if (admissions.empty() && stays.empty()) {
    log::warning("neither admissions.csv nor edstays.csv (MIMIC-IV): race stays unknown");
  }
  return patients;
}

std::optional<double> mimic_age(const MimicPatient& patient,
                                const std::optional<double>& study_year) {
  if (!patient.anchor_age || !patient.anchor_year || !study_year) return std::nullopt;
  const double age = *patient.anchor_age + *study_year - *patient.anchor_year;
  if (age < 0) return std::nullopt;
  return age > kLastExactAge ? kAgeOfTheOldest : age;
}

}  // namespace radgen

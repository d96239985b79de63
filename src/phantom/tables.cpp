#include "tables.h"

#include <fmt/core.h>

#include <cmath>
#include <set>

#include "radgen/core/files.h"
#include "radgen/core/random.h"
#include "radgen/phantom/dataset.h"

namespace radgen::phantom {
namespace {

// RFC 4180.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

// The order of MIMIC-CXR's label columns is that of the Finding enumeration.
std::string label_table(const std::vector<StudyRow>& rows) {
  std::string csv = "subject_id,study_id";
  for (Finding f : all_findings()) csv += "," + finding_name(f);
  csv += "\n";
  for (const StudyRow& row : rows) {
    csv += row.truth.patient.id + "," + row.truth.study_id;
    for (Finding f : all_findings()) {
      const auto label = row.labels.find(f);
      csv += label == row.labels.end() ? "," : fmt::format(",{}.0", label->second);
    }
    csv += "\n";
  }
  return csv;
}

std::string metadata_table(const std::vector<StudyRow>& rows) {
  std::string csv =
      "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,"
      "StudyDate,StudyTime,"
      "ProcedureCodeSequence_CodeMeaning,ViewCodeSequence_CodeMeaning,"
      "PatientOrientationCodeSequence_CodeMeaning\n";
  for (const StudyRow& row : rows) {
    const StudyTruth& t = row.truth;
    const char* procedure = t.is_ap ? "CHEST (PORTABLE AP)" : "CHEST (PA)";
    // The number that the real table has lost its leading zeros of: 80556.875 is 08:05:56.875.
    csv += fmt::format("{},{},{},{},{},{},{},{},{:g},{},{},{}\n", t.dicom_id, t.patient.id,
                       t.study_id, procedure, t.is_ap ? "AP" : "PA", row.rows, row.columns,
                       row.study_date, std::stod(row.study_time), procedure,
                       t.is_ap ? "antero-posterior" : "postero-anterior",
                       t.is_supine ? "Recumbent" : "Erect");
  }
  return csv;
}

std::string box_table(const std::vector<StudyRow>& rows) {
  std::string csv =
      "dicom_id,category_name,label_text,path,x,y,w,h,image_width,image_height,split\n";
  for (const StudyRow& row : rows) {
    for (const BoxRow& b : row.boxes) {
      csv += fmt::format("{},{},{},{},{:.0f},{:.0f},{:.0f},{:.0f},{},{},{}\n", row.truth.dicom_id,
                         quoted(b.category), quoted(b.phrase), film_path(row.truth), b.box.x,
                         b.box.y, b.box.w, b.box.h, row.columns, row.rows, row.truth.split);
    }
  }
  return csv;
}

struct MimicIv {
  std::string patients = "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod\n";
  std::string admissions =
      "subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,admit_provider_id,admission_"
      "location,"
      "discharge_location,insurance,language,marital_status,race,edregtime,edouttime,hospital_"
      "expire_flag\n";
  std::string edstays =
      "subject_id,hadm_id,stay_id,intime,outtime,gender,race,arrival_transport,disposition\n";
};

MimicIv hospital_tables(const std::vector<StudyRow>& rows) {
  MimicIv tables;
  std::set<std::string> seen;
  for (const StudyRow& row : rows) {
    const Patient& p = row.truth.patient;
    if (!seen.insert(p.id).second) continue;
    Random random(hash_text("hospital"), {hash_text(p.id)});
    const int year = anchor_year(p);
    const char* gender = p.is_male ? "M" : "F";
    tables.patients +=
        fmt::format("{},{},{:.0f},{},2014 - 2016,\n", p.id, gender, p.age_years, year);
    const int64_t admission = 20000000 + random.integer(0, 9999999);
    tables.admissions += fmt::format(
        "{},{},{}-01-02 09:30:00,{}-12-20 14:00:00,,URGENT,,EMERGENCY ROOM,HOME,Other,"
        "ENGLISH,,{},,,0\n",
        p.id, admission, year, year, quoted(p.race));
    if (random.chance(0.6)) {
      tables.edstays += fmt::format(
          "{},{},{},{}-01-02 04:10:00,{}-01-02 09:30:00,{},{},WALK IN,ADMITTED\n", p.id, admission,
          30000000 + random.integer(0, 9999999), year, year, gender, quoted(p.race));
    }
  }
  return tables;
}

}  // namespace

int anchor_year(const Patient& patient) {
  return 2110 + static_cast<int>(hash_mix(patient.anatomy_seed, 5) % 80);
}

std::string study_date(const Patient& patient, int number) {
  Random random(patient.anatomy_seed, {6, static_cast<uint64_t>(number)});
  return fmt::format("{}{:02d}{:02d}", anchor_year(patient), 1 + 2 * number + random.integer(0, 1),
                     random.integer(3, 28));
}

std::string study_time(const StudyTruth& truth) {
  Random random(hash_text("time"), {hash_text(truth.dicom_id)});
  return fmt::format("{:02d}{:02d}{:02d}", random.integer(0, 23), random.integer(0, 59),
                     random.integer(0, 59));
}

void write_tables(const std::filesystem::path& folder, const std::vector<StudyRow>& rows) {
  std::string records = "subject_id,study_id,dicom_id,path\n",
              studies = "subject_id,study_id,path\n";
  std::string splits = "dicom_id,study_id,subject_id,split\n";
  for (const StudyRow& row : rows) {
    const StudyTruth& t = row.truth;
    records += fmt::format("{},{},{},{}\n", t.patient.id, t.study_id, t.dicom_id, film_path(t));
    studies += fmt::format("{},{},{}\n", t.patient.id, t.study_id, report_path(t));
    splits += fmt::format("{},{},{},{}\n", t.dicom_id, t.study_id, t.patient.id, t.split);
  }
  const MimicIv hospital = hospital_tables(rows);
  write_file_atomic(folder / "cxr-record-list.csv", records);
  write_file_atomic(folder / "cxr-study-list.csv", studies);
  write_file_atomic(folder / "mimic-cxr-2.0.0-metadata.csv", metadata_table(rows));
  write_file_atomic(folder / "mimic-cxr-2.0.0-chexpert.csv", label_table(rows));
  write_file_atomic(folder / "MS_CXR_Local_Alignment_v1.1.0.csv", box_table(rows));
  write_file_atomic(folder / "mimiciv" / "hosp" / "patients.csv", hospital.patients);
  write_file_atomic(folder / "mimiciv" / "hosp" / "admissions.csv", hospital.admissions);
  write_file_atomic(folder / "mimiciv" / "ed" / "edstays.csv", hospital.edstays);
  write_file_atomic(folder / "mimic-cxr-2.0.0-split.csv", splits);
}

}  // namespace radgen::phantom

#include "radgen/data/mimic_cxr.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/data/csv.h"
#include "radgen/report/finding.h"

namespace radgen {
namespace {

constexpr double kOldestAge = 89, kAgeOfTheOldest = 91;

// The tables' names carry a version ("mimic-cxr-2.0.0-split.csv.gz"): the last in order of name
// that has this beginning and end, an unpacked one before a packed one. Empty when there is none.
fs::path find_table(const fs::path& folder, const std::string& prefix, const std::string& suffix) {
  fs::path best;
  if (!fs::is_directory(folder)) return best;
  for (const auto& item : fs::directory_iterator(folder)) {
    std::string stem = item.path().filename().string();
    if (stem.ends_with(".gz")) stem.resize(stem.size() - 3);
    const bool fits = stem.size() >= prefix.size() + suffix.size() && stem.starts_with(prefix) &&
                      stem.ends_with(suffix);
    if (!fits) continue;
    const auto key = [](const fs::path& path) {
      const bool is_packed = path.extension() == ".gz";
      return std::make_pair(is_packed ? path.stem().string() : path.filename().string(),
                            !is_packed);
    };
    if (best.empty() || key(item.path()) > key(best)) best = item.path();
  }
  return best;
}

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

struct Patient {
  std::string sex, race;
  std::optional<double> anchor_age, anchor_year;
};

struct Metadata {
  std::string view;
  std::optional<double> year;
};

// The group before the detail ("ASIAN - CHINESE"); empty for the ways of saying that nobody knows.
std::string race_group(const std::string& race) {
  std::string group = race.substr(0, race.find(" - "));
  static const std::set<std::string> unknown{"UNKNOWN", "UNABLE TO OBTAIN",
                                             "PATIENT DECLINED TO ANSWER", "OTHER/UNKNOWN"};
  return unknown.count(group) ? "" : group;
}

std::optional<double> age_at(const Patient& patient, const std::optional<double>& year) {
  if (!patient.anchor_age || !patient.anchor_year || !year) return std::nullopt;
  const double age = *patient.anchor_age + *year - *patient.anchor_year;
  if (age < 0) return std::nullopt;
  return age > kOldestAge ? kAgeOfTheOldest : age;
}

class MimicCxr : public StudySource {
 public:
  explicit MimicCxr(const SourceOptions& options) : options_(options) {}

  std::string name() const override { return "mimic-cxr"; }
  bool is_synthetic() const override { return fs::exists(options_.input / "SYNTHETIC"); }

  std::vector<SourceImage> images() const override {
    const auto metadata = read_metadata();
    const auto patients = read_patients();
    auto images = list_images();
    std::unordered_map<std::string, size_t> index;
    for (size_t i = 0; i < images.size(); ++i) {
      if (!index.emplace(images[i].image_id, i).second) {
        throw Error(
            ErrorCode::kData,
            fmt::format("{}: a picture is listed twice (row {})", options_.input.string(), i + 1),
            "each dicom_id may appear once in the record list");
      }
    }
    read_splits(images, index);
    for (SourceImage& image : images) {
      std::optional<double> year;
      if (const auto it = metadata.find(image.image_id); it != metadata.end()) {
        image.view = it->second.view;
        year = it->second.year;
      }
      if (const auto it = patients.find(image.patient_id); it != patients.end()) {
        image.sex = it->second.sex;
        image.race = it->second.race;
        image.age = age_at(it->second, year);
      }
    }
    read_boxes(images, index);
    return images;
  }

  Result<ReportSections> read_report(const SourceImage& image) const override {
    if (!fs::is_regular_file(image.report_path)) {
      return Failure{"no_report", "there is no report file for this study"};
    }
    return parse_sections(read_file(image.report_path));
  }

 private:
  std::vector<SourceImage> list_images() const {
    fs::path table = find_table(options_.input, "cxr-record-list", ".csv");
    if (table.empty()) table = find_table(options_.input, "mimic-cxr-", "-metadata.csv");
    if (table.empty()) table = find_table(options_.input, "mimic-cxr-", "-split.csv");
    if (table.empty()) {
      throw Error(ErrorCode::kData,
                  fmt::format("{}: neither cxr-record-list.csv nor mimic-cxr-*-metadata.csv nor "
                              "mimic-cxr-*-split.csv (or .gz) is there",
                              options_.input.string()),
                  "--input names the top folder of MIMIC-CXR or MIMIC-CXR-JPG");
    }
    CsvReader rows(table);
    const size_t subject = rows.column("subject_id"), study = rows.column("study_id"),
                 dicom = rows.column("dicom_id");
    const auto path = rows.find_column("path");
    std::vector<SourceImage> images;
    while (rows.next()) {
      SourceImage image;
      image.patient_id = rows.at(subject);
      image.study_id = rows.at(study);
      image.image_id = rows.at(dicom);
      if (!is_plain(image.patient_id) || !is_plain(image.study_id) || !is_plain(image.image_id)) {
        throw Error(
            ErrorCode::kData,
            fmt::format("{}: line {}: subject_id, study_id and dicom_id must be plain names "
                        "(letters, digits, '-', '_', '.')",
                        table.string(), rows.line()),
            "correct or remove the row");
      }
      locate(image, rows.at(path));
      images.push_back(std::move(image));
    }
    return images;
  }

  // Ids become parts of file names, so nothing else than plain names may pass.
  static bool is_plain(const std::string& id) {
    return !id.empty() && id.size() <= 128 && id.front() != '.' &&
           std::ranges::all_of(id, [](unsigned char c) {
             return std::isalnum(c) || c == '-' || c == '_' || c == '.';
           });
  }

  // The DICOM edition's path as listed, or the place that the ids name; the JPG edition has the
  // same tree.
  void locate(SourceImage& image, const std::string& listed) const {
    const fs::path study = fmt::format("files/p{}/p{}/s{}", image.patient_id.substr(0, 2),
                                       image.patient_id, image.study_id);
    fs::path picture = listed.empty() ? study / (image.image_id + ".dcm") : fs::path(listed);
    if (!fs::exists(options_.input / picture)) {
      for (const char* extension : {".jpg", ".png"}) {
        fs::path other = picture;
        other.replace_extension(extension);
        if (fs::exists(options_.input / other)) {
          picture = other;
          break;
        }
      }
    }
    image.relative_path = picture.generic_string();
    image.image_path = options_.input / picture;
    image.report_path = options_.input / (study.string() + ".txt");
  }

  void read_splits(std::vector<SourceImage>& images,
                   const std::unordered_map<std::string, size_t>& index) const {
    const fs::path table = find_table(options_.input, "mimic-cxr-", "-split.csv");
    if (table.empty()) {
      throw Error(ErrorCode::kData,
                  fmt::format("{}: no mimic-cxr-*-split.csv (or .gz)", options_.input.string()),
                  "it is part of MIMIC-CXR-JPG; without it training and test patients would mix");
    }
    CsvReader rows(table);
    const size_t dicom = rows.column("dicom_id"), split = rows.column("split");
    while (rows.next()) {
      if (const auto it = index.find(rows.at(dicom)); it != index.end()) {
        images[it->second].split = rows.at(split);
      }
    }
  }

  std::unordered_map<std::string, Metadata> read_metadata() const {
    std::unordered_map<std::string, Metadata> metadata;
    const fs::path table = find_table(options_.input, "mimic-cxr-", "-metadata.csv");
    if (table.empty()) {
      log::warning(
          "no mimic-cxr-*-metadata.csv in the input: views come from the pictures' "
          "headers, ages stay unknown");
      return metadata;
    }
    CsvReader rows(table);
    const size_t dicom = rows.column("dicom_id"), view = rows.column("ViewPosition");
    const auto date = rows.find_column("StudyDate");
    while (rows.next()) {
      metadata[rows.at(dicom)] = {normalised_view(rows.at(view)),
                                  parse_number(rows.at(date).substr(0, 4))};
    }
    return metadata;
  }

  std::unordered_map<std::string, Patient> read_patients() const {
    const fs::path folder = options_.demographics.empty() ? options_.input : options_.demographics;
    std::unordered_map<std::string, Patient> patients;
    const fs::path table = find_demographics(folder, "patients");
    if (table.empty()) {
      log::warning(
          "no patients.csv (MIMIC-IV): age and sex stay unknown (--demographics names its "
          "folder)");
    } else {
      CsvReader rows(table);
      const size_t subject = rows.column("subject_id"), gender = rows.column("gender");
      const auto age = rows.find_column("anchor_age"), year = rows.find_column("anchor_year");
      while (rows.next()) {
        Patient& patient = patients[rows.at(subject)];
        patient.sex = rows.at(gender);
        patient.anchor_age = parse_number(rows.at(age));
        patient.anchor_year = parse_number(rows.at(year));
      }
    }
    const bool has_admissions = read_races(find_demographics(folder, "admissions"), patients);
    const bool has_stays = read_races(find_demographics(folder, "edstays"), patients);
    if (!has_admissions && !has_stays) {
      log::warning("neither admissions.csv nor edstays.csv (MIMIC-IV): race stays unknown");
    }
    return patients;
  }

  static bool read_races(const fs::path& table,
                         std::unordered_map<std::string, Patient>& patients) {
    if (table.empty()) return false;
    CsvReader rows(table);
    const size_t subject = rows.column("subject_id");
    const auto named = rows.find_column("race");  // version 1 of MIMIC-IV calls it ethnicity
    const size_t race = named ? *named : rows.column("ethnicity");
    const auto gender = rows.find_column("gender");
    while (rows.next()) {
      Patient& patient = patients[rows.at(subject)];
      if (patient.sex.empty()) patient.sex = rows.at(gender);
      const std::string group = race_group(rows.at(race));
      if (group.empty() || group == patient.race) continue;
      patient.race = patient.race.empty() ? group : "conflicting";
    }
    return true;
  }

  void read_boxes(std::vector<SourceImage>& images,
                  const std::unordered_map<std::string, size_t>& index) const {
    const fs::path table = options_.boxes.empty()
                               ? find_table(options_.input, "MS_CXR_Local_Alignment", ".csv")
                               : options_.boxes;
    if (table.empty()) {
      log::warning(
          "no MS_CXR_Local_Alignment_v*.csv: no picture has boxes (--boxes names the file)");
      return;
    }
    CsvReader rows(table);
    const size_t dicom = rows.column("dicom_id"), category = rows.column("category_name"),
                 phrase = rows.column("label_text");
    const std::array<size_t, 4> edges{rows.column("x"), rows.column("y"), rows.column("w"),
                                      rows.column("h")};
    const auto width = rows.find_column("image_width"), height = rows.find_column("image_height");
    size_t skipped = 0;
    while (rows.next()) {
      const auto it = index.find(rows.at(dicom));
      if (it == index.end()) {
        ++skipped;
        continue;
      }
      SourceImage& image = images[it->second];
      image.has_boxes = true;  // a row without a box says that the picture was looked at
      const auto finding = finding_from_name(rows.at(category));
      std::array<double, 4> v{};
      bool is_complete = true;
      for (size_t i = 0; i < 4; ++i) {
        const auto number = parse_number(rows.at(edges[i]));
        is_complete = is_complete && number.has_value();
        v[i] = number.value_or(0);
      }
      const bool is_empty_row =
          std::ranges::all_of(edges, [&](size_t column) { return rows.at(column).empty(); });
      if (is_empty_row) continue;
      if (!is_complete || v[2] <= 0 || v[3] <= 0 || !finding) {
        throw Error(ErrorCode::kData,
                    fmt::format("{}: line {}: expected a CheXpert finding in category_name and "
                                "numbers in x, y, w, h with w and h above 0",
                                table.string(), rows.line()),
                    "correct or remove the row");
      }
      image.boxes.push_back({finding_name(*finding),
                             rows.at(phrase),
                             {v[0], v[1], v[2], v[3]},
                             parse_number(rows.at(width)).value_or(0),
                             parse_number(rows.at(height)).value_or(0)});
    }
    if (skipped > 0) {
      log::warning("{} box rows are of pictures that the input does not list", skipped);
    }
  }

  SourceOptions options_;
};

}  // namespace

std::unique_ptr<StudySource> open_mimic_cxr(const SourceOptions& options) {
  return std::make_unique<MimicCxr>(options);
}

}  // namespace radgen

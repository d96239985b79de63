// MIMIC-CXR (Johnson et al. 2019) as it lies on disk, DICOM or JPG edition.
//
//   files/p10/p10000032/s50414267.txt                       the report
//   files/p10/p10000032/s50414267/<dicom_id>.dcm (or .jpg)  the images
//   cxr-record-list.csv[.gz]            subject_id, study_id, dicom_id, path; without it the
//                                       metadata table lists the images
//   mimic-cxr-*-split.csv[.gz]          dicom_id, split: without it no image has a split
//   mimic-cxr-*-metadata.csv[.gz]       dicom_id, ViewPosition, StudyDate: without it views and
//                                       ages are unknown
//   MS_CXR_Local_Alignment_v*           boxes (mimic_boxes.h)
//   patients, admissions, edstays       demographics (mimic_demographics.h)
//
// The JPG edition has no reports: they come with MIMIC-CXR (mimic-cxr-reports.zip), and --reports
// names the folder that holds their files/. Its images were made without VOI LUT, from minimum to
// maximum and equalised (photometric "mimic-jpg" in the manifest). Columns are found by name.
#include <fmt/format.h>

#include "data/mimic_boxes.h"
#include "data/mimic_demographics.h"
#include "data/sources.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"

namespace radgen {
namespace {

constexpr uintmax_t kMaxReportBytes = 1 << 20;  // the longest of MIMIC's have some 10 KB

struct Metadata {
  std::string view;
  std::optional<double> year;
};

class MimicCxr : public StudySource {
 public:
  explicit MimicCxr(const SourceOptions& options) : options_(options) {
    for (const fs::path& root : {options.reports, options.input}) {
      for (const char* below : {"files", "mimic-cxr-reports/files", ""}) {
        if (!root.empty() && fs::is_directory(root / below))
          report_folders_.push_back(root / below);
      }
    }
  }

  std::string name() const override { return "mimic-cxr"; }
  bool is_synthetic() const override { return fs::exists(options_.input / "SYNTHETIC"); }

  SourceListing list() const override {
    ListingBuilder listing;
    list_images(listing);
    read_splits(listing);
    const auto metadata = read_metadata(listing);
    const auto patients = read_mimic_patients(
        options_.demographics.empty() ? options_.input : options_.demographics, listing);
    for (SourceImage& image : listing.images()) {
      std::optional<double> year;
      if (const auto it = metadata.find(image.image_id); it != metadata.end()) {
        image.view = it->second.view;
        year = it->second.year;
      }
      if (const auto it = patients.find(image.patient_id); it != patients.end()) {
        image.sex = it->second.sex;
        image.race = it->second.race;
        image.age = mimic_age(it->second, year);
      }
    }
    read_boxes(listing);
    return listing.take();
  }

  Result<ReportSections> read_report(const SourceImage& image) const override {
    for (const fs::path& folder : report_folders_) {
      const fs::path path = folder / image.report_path;
      std::error_code error;
      const uintmax_t size = fs::file_size(path, error);
      if (error) continue;
      if (size > kMaxReportBytes) {
        return Failure{"report_too_large", fmt::format("the report has {} bytes, at most {} are "
                                                       "read",
                                                       size, kMaxReportBytes)};
      }
      return parse_sections(read_file(path), options_.mimic_exact_sections);
    }
    return Failure{"no_report", "there is no report file for this study"};
  }

 private:
  void list_images(ListingBuilder& listing) const {
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
    Table rows(table, listing);
    const size_t subject = rows.column("subject_id"), study = rows.column("study_id"),
                 dicom = rows.column("dicom_id");
    const auto path = rows.find_column("path");
    while (rows.next()) {
      SourceImage image;
      image.patient_id = rows.at(subject);
      image.study_id = rows.at(study);
      image.image_id = rows.at(dicom);
      const std::string listed = rows.at(path);
      if (!listing.add(std::move(image), rows.where())) continue;
      locate(listing.images().back(), listed);
    }
  }

  // The DICOM edition's path as listed, or the place that the ids name; the JPG edition has the
  // same tree.
  void locate(SourceImage& image, const std::string& listed) const {
    const fs::path patient =
        fmt::format("p{}/p{}", image.patient_id.substr(0, 2), image.patient_id);
    const std::string study = "s" + image.study_id;
    fs::path file = listed;
    // A listed path never leads out of the input folder.
    if (listed.empty() || file.is_absolute() || listed.find("..") != std::string::npos) {
      file = "files" / patient / study / (image.image_id + ".dcm");
    }
    if (!options_.text_only && !fs::exists(options_.input / file)) {
      for (const char* extension : {".jpg", ".png"}) {
        fs::path other = file;
        other.replace_extension(extension);
        if (fs::exists(options_.input / other)) {
          file = other;
          break;
        }
      }
    }
    if (file.extension() == ".jpg") image.photometric = "mimic-jpg";
    image.relative_path = file.generic_string();
    image.image_path = options_.input / file;
    image.report_path = patient / (study + ".txt");
  }

  void read_splits(ListingBuilder& listing) const {
    const fs::path table = find_table(options_.input, "mimic-cxr-", "-split.csv");
    if (table.empty()) {
      throw Error(ErrorCode::kData,
                  fmt::format("{}: no mimic-cxr-*-split.csv (or .gz)", options_.input.string()),
                  "it is part of MIMIC-CXR-JPG; without it training and test patients would mix");
    }
    Table rows(table, listing);
    const size_t dicom = rows.column("dicom_id"), split = rows.column("split");
    while (rows.next()) {
      if (SourceImage* image = listing.find(rows.at(dicom))) {
        image->split = normalised_split(rows.at(split));
      } else {
        listing.count("split_rows_of_unlisted_pictures");
      }
    }
  }

  std::unordered_map<std::string, Metadata> read_metadata(ListingBuilder& listing) const {
    std::unordered_map<std::string, Metadata> metadata;
    const fs::path table = find_table(options_.input, "mimic-cxr-", "-metadata.csv");
    if (table.empty()) {
      log::warning(
          "no mimic-cxr-*-metadata.csv in the input: views come from the pictures' "
          "headers, ages stay unknown");
      return metadata;
    }
    listing.try_table(table, [&] {
      Table rows(table, listing);
      const size_t dicom = rows.column("dicom_id"), view = rows.column("ViewPosition");
      const auto date = rows.find_column("StudyDate");
      while (rows.next()) {
        metadata[rows.at(dicom)] = {normalised_view(rows.at(view)),
                                    parse_number(rows.at(date).substr(0, 4))};
      }
    });
    return metadata;
  }

  void read_boxes(ListingBuilder& listing) const {
    fs::path where = options_.boxes;
    if (where.empty()) where = find_table(options_.input, "MS_CXR_Local_Alignment", ".csv");
    if (where.empty()) where = find_table(options_.input, "MS_CXR_Local_Alignment", ".json");
    if (where.empty()) {
      log::warning(
          "no MS_CXR_Local_Alignment_v*.csv: no picture has boxes (--boxes names the file)");
      return;
    }
    listing.try_table(where, [&] { read_mimic_boxes(where, listing); });
  }

  SourceOptions options_;
  std::vector<fs::path> report_folders_;  // each holds p10/p10000032/s50414267.txt
};

}  // namespace

std::unique_ptr<StudySource> open_mimic_cxr(const SourceOptions& options) {
  return std::make_unique<MimicCxr>(options);
}

}  // namespace radgen

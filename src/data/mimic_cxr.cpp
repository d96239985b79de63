// MIMIC-CXR (Johnson et al. 2019) as it lies on disk, DICOM or JPG edition.
//
//   files/p10/p10000032/s50414267.txt                       the report
//   files/p10/p10000032/s50414267/<dicom_id>.dcm (or .jpg)  the images
//   cxr-record-list.csv[.gz]            subject_id, study_id, dicom_id, path; without it the
//                                       metadata table lists the images
//   mimic-cxr-*-split.csv[.gz]          dicom_id, split: without it no image has a split
//   mimic-cxr-*-metadata.csv[.gz]       dicom_id, ViewPosition, StudyDate: without it views and
//                                       ages are unknown
//   mimic-cxr-*-chexpert.csv[.gz]       study_id and the 14 labels that CheXpert's labeler gave to
//                                       the report: without it our rules labeler reads it
//   MS_CXR_Local_Alignment_v*           boxes (mimic_boxes.h)
//   chest-imagenome*/                   where the anatomy lies (Chest ImaGenome's scene graphs)
//   patients, admissions, edstays       demographics (mimic_demographics.h)
//
// The JPG edition has no reports: they come with MIMIC-CXR (mimic-cxr-reports.zip), and --reports
// names the folder that holds their files/. Where the input holds both editions, or one of them
// some folders down (physionet.org/files/mimic-cxr-jpg/2.0.0), tables, images and reports are taken
// from whichever has them; images may lie in images/ in place of files/. Its images were made
// without VOI LUT, from minimum to maximum and equalised (photometric "mimic-jpg" in the manifest).
// Columns are found by name.
#include <fmt/format.h>

#include <algorithm>

#include "data/mimic_boxes.h"
#include "data/mimic_demographics.h"
#include "data/sources.h"
#include "radgen/core/calendar.h"
#include "radgen/core/files.h"
#include "radgen/core/ids.h"
#include "radgen/core/log.h"
#include "radgen/core/utf8.h"

namespace radgen {
namespace {

constexpr uintmax_t kMaxReportBytes = 1 << 20;  // the longest of MIMIC's have some 10 KB

struct Metadata {
  std::string view;
  std::optional<double> year;
  float width = 0, height = 0;  // of the original film; 0: not said
};

// Boxes of an annotation that names no size (Chest ImaGenome) are in pixels of the original film,
// whatever the size of the images that are there, and may reach over its edge.
void give_sizes(SourceImage& image, const Metadata& metadata) {
  if (metadata.width < 1 || metadata.height < 1) return;
  image.original_width = metadata.width;
  image.original_height = metadata.height;
  for (SourceBox& box : image.boxes) {
    if (box.image_width > 0) continue;
    box.image_width = metadata.width;
    box.image_height = metadata.height;
  }
}

class MimicCxr : public StudySource {
 public:
  explicit MimicCxr(const SourceOptions& options) : options_(options) {
    roots_ = find_roots(options_.input, [](const fs::path& folder) {
      return !find_table(folder, "cxr-record-list", ".csv").empty() ||
             !find_table(folder, "mimic-cxr-", "-metadata.csv").empty() ||
             !find_table(folder, "mimic-cxr-", "-split.csv").empty();
    });
    std::vector<fs::path> with_reports{options.reports};
    with_reports.insert(with_reports.end(), roots_.begin(), roots_.end());
    for (const fs::path& root : with_reports) {
      for (const char* below : {"files", "mimic-cxr-reports/files", ""}) {
        if (!root.empty() && fs::is_directory(root / below))
          report_folders_.push_back(root / below);
      }
    }
    scene_graphs_ = find_scene_graphs();
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
    read_labels(listing);
    read_boxes(listing);
    for (SourceImage& image : listing.images()) {
      const auto it = metadata.find(image.image_id);
      if (it != metadata.end()) give_sizes(image, it->second);
    }
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
      return parse_sections(to_utf8(read_file(path)), options_.mimic_exact_sections);
    }
    return Failure{"no_report", "there is no report file for this study"};
  }

  std::vector<SourceRegion> read_regions(const SourceImage& image) const override {
    if (scene_graphs_.empty()) return {};
    const fs::path path = scene_graphs_ / (image.image_id + "_SceneGraph.json");
    if (!fs::is_regular_file(path)) return {};
    std::vector<SourceRegion> regions = read_scene_graph_regions(path);
    for (SourceRegion& region : regions) {
      region.image_width = image.original_width;
      region.image_height = image.original_height;
    }
    return regions;
  }

 private:
  // Of the folder that --boxes names, else of a folder chest-imagenome* in the input.
  fs::path find_scene_graphs() const {
    std::vector<fs::path> folders;
    if (fs::is_directory(options_.boxes)) folders.push_back(options_.boxes);
    std::error_code error;
    for (const auto& item : fs::directory_iterator(options_.input, error)) {
      if (item.path().filename().string().starts_with("chest-imagenome"))
        folders.push_back(item.path());
    }
    std::sort(folders.begin() + (fs::is_directory(options_.boxes) ? 1 : 0), folders.end());
    for (const fs::path& folder : folders) {
      const fs::path inner = scene_graph_folder(folder);
      if (!inner.empty()) return inner;
    }
    return folders.empty() ? fs::path() : folders.front();
  }

  fs::path find(const std::string& prefix, const std::string& suffix) const {
    for (const fs::path& root : roots_) {
      if (fs::path table = find_table(root, prefix, suffix); !table.empty()) return table;
    }
    return {};
  }

  void list_images(ListingBuilder& listing) const {
    fs::path table = find("cxr-record-list", ".csv");
    if (table.empty()) table = find("mimic-cxr-", "-metadata.csv");
    if (table.empty()) table = find("mimic-cxr-", "-split.csv");
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
      image.patient_id = rows.id(subject);
      image.study_id = rows.id(study);
      image.image_id = rows.id(dicom);
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
    fs::path root = roots_.front();
    if (!options_.text_only) find_image(root, file);
    if (file.extension() == ".jpg") image.photometric = "mimic-jpg";
    image.image_path = root / file;
    image.relative_path = fs::path(image.image_path).lexically_relative(options_.input);
    image.report_path = patient / (study + ".txt");
  }

  // The first root that has the image, in one of its kinds; both stay when none has.
  void find_image(fs::path& root, fs::path& file) const {
    fs::path in_images = file;
    if (*file.begin() == "files") {
      in_images = "images" / file.lexically_relative("files");
    }
    for (const fs::path& folder : roots_) {
      for (const fs::path& way : {file, in_images}) {
        for (const std::string& extension : {file.extension().string(), std::string(".dcm"),
                                             std::string(".jpg"), std::string(".png")}) {
          const fs::path candidate = fs::path(way).replace_extension(extension);
          if (!fs::exists(folder / candidate)) continue;
          root = folder;
          file = candidate;
          return;
        }
      }
    }
  }

  void read_splits(ListingBuilder& listing) const {
    const fs::path table = find("mimic-cxr-", "-split.csv");
    if (table.empty()) {
      throw Error(ErrorCode::kData,
                  fmt::format("{}: no mimic-cxr-*-split.csv (or .gz)", options_.input.string()),
                  "it is part of MIMIC-CXR-JPG; without it training and test patients would mix");
    }
    Table rows(table, listing);
    const size_t dicom = rows.column("dicom_id"), split = rows.column("split");
    size_t matched = 0;
    std::string unlisted;
    while (rows.next()) {
      if (SourceImage* image = listing.find(rows.id(dicom))) {
        image->split = normalised_split(rows.at(split));
        ++matched;
      } else {
        listing.count("split_rows_of_unlisted_pictures");
        unlisted = rows.id(dicom);
      }
    }
    if (matched == 0 && !unlisted.empty() && !listing.images().empty()) {
      throw Error(ErrorCode::kData, fmt::format("{}: names no listed picture", table.string()),
                  written_alike(unlisted, listing.images().front().image_id));
    }
  }

  std::unordered_map<std::string, Metadata> read_metadata(ListingBuilder& listing) const {
    std::unordered_map<std::string, Metadata> metadata;
    const fs::path table = find("mimic-cxr-", "-metadata.csv");
    if (table.empty()) {
      log::warning(
          "no mimic-cxr-*-metadata.csv in the input: views come from the pictures' "
          "headers, ages stay unknown");
      return metadata;
    }
    listing.try_table(table, [&] {
      Table rows(table, listing);
      const size_t dicom = rows.column("dicom_id"), view = rows.column("ViewPosition");
      const auto date = rows.find_column("StudyDate"), height = rows.find_column("Rows"),
                 width = rows.find_column("Columns");
      while (rows.next()) {
        metadata[rows.id(dicom)] = {
            .view = normalised_view(rows.at(view)),
            .year = calendar_year(rows.at(date)),
            .width = static_cast<float>(parse_number(rows.at(width)).value_or(0)),
            .height = static_cast<float>(parse_number(rows.at(height)).value_or(0))};
      }
    });
    return metadata;
  }

  void read_labels(ListingBuilder& listing) const {
    const fs::path table = find("mimic-cxr-", "-chexpert.csv");
    if (table.empty()) return;
    std::unordered_map<std::string, Labels> labels;
    listing.try_table(table, [&] {
      Table rows(table, listing);
      const size_t study = rows.column("study_id");
      std::vector<std::pair<Finding, size_t>> columns;
      for (const Finding finding : all_findings()) {
        if (const auto column = rows.find_column(finding_name(finding)))
          columns.emplace_back(finding, *column);
      }
      while (rows.next()) {
        Labels& of_study = labels[rows.id(study)];
        for (const auto& [finding, column] : columns) {
          const auto value = parse_number(rows.at(column));
          if (value && (*value == 0 || *value == 1 || *value == -1))
            of_study[finding] = static_cast<int>(*value);
        }
      }
    });
    for (SourceImage& image : listing.images()) {
      if (const auto it = labels.find(image.study_id); it != labels.end())
        image.labels = it->second;
    }
  }

  void read_boxes(ListingBuilder& listing) const {
    fs::path where = options_.boxes;
    const std::string ms_cxr = "MS_CXR_Local_Alignment";
    if (where.empty()) where = find(ms_cxr, ".csv");
    if (where.empty()) where = find(ms_cxr, ".json");
    if (where.empty()) {
      log::warning(
          "no MS_CXR_Local_Alignment_v*.csv: no picture has boxes (--boxes names the file)");
      return;
    }
    listing.try_table(where, [&] { read_mimic_boxes(where, listing); });
  }

  SourceOptions options_;
  fs::path scene_graphs_;                 // holds <dicom_id>_SceneGraph.json; empty: none
  std::vector<fs::path> roots_;           // each holds tables and files/; one but for both editions
  std::vector<fs::path> report_folders_;  // each holds p10/p10000032/s50414267.txt
};

}  // namespace

std::unique_ptr<StudySource> open_mimic_cxr(const SourceOptions& options) {
  return std::make_unique<MimicCxr>(options);
}

}  // namespace radgen

// Open-I, the Indiana University chest X-ray collection (Demner-Fushman et al. 2016).
//
//   ecgen-radiology/*.xml            one a study: uId, AbstractText of four labels, parentImage ids
//   CXR10_IM-0002-1001.png           NLMCXR_png, anywhere below; or
//   10/10_IM-0002-1001.dcm           NLMCXR_dcm: the same names without CXR
//   indiana_projections.csv          optional (the Kaggle edition's): uid, filename, projection
//   indiana_reports.csv              the Kaggle edition's texts where there is no XML: uid,
//                                    indication, comparison, findings, impression; its images are
//                                    images/images_normalized/10_IM-0002-1001.dcm.png
//
// The collection knows no patients and no splits: a study is a patient here, and the division is by
// that. Views come from the projections table, else from the DICOM headers; the PNGs alone do not
// say, so that of a study's images the first is taken that does not look lateral (prepare.h).
#include <fmt/format.h>

#include <algorithm>

#include "data/listing.h"
#include "data/sources.h"
#include "data/xml.h"
#include "radgen/core/files.h"

namespace radgen {
namespace {

// "CXR10_IM-0002-1001.png", "10_IM-0002-1001.dcm" and "10_IM-0002-1001.dcm.png" are one image.
std::string image_key(const std::string& file_name) {
  std::string key = file_name;
  for (const char* end : {".png", ".jpg", ".jpeg", ".dicom", ".dcm"}) {
    if (key.ends_with(end)) key.resize(key.size() - std::string_view(end).size());
  }
  return key.starts_with("CXR") ? key.substr(3) : key;
}

class OpenI : public StudySource {
 public:
  explicit OpenI(const SourceOptions& options) : options_(options) {}
  std::string name() const override { return "open-i"; }
  bool is_synthetic() const override { return fs::exists(options_.input / "SYNTHETIC"); }

  SourceListing list() const override {
    ListingBuilder listing;
    const fs::path root = options_.reports.empty() ? options_.input : options_.reports;
    std::vector<fs::path> studies;
    for (const auto& [file, path] : index_files(root, {".xml"})) studies.push_back(path);
    if (studies.empty() && list_kaggle(root, listing)) return listing.take();
    if (studies.empty()) {
      throw Error(
          ErrorCode::kData, fmt::format("{}: no *.xml report below it", root.string()),
          "--input names the folder that holds ecgen-radiology (or indiana_reports.csv) and "
          "the pictures");
    }
    // By number: 2.xml before 10.xml.
    std::ranges::sort(studies, [](const fs::path& a, const fs::path& b) {
      const std::string x = a.stem(), y = b.stem();
      return std::make_tuple(x.size(), x, a) < std::make_tuple(y.size(), y, b);
    });
    const Images files = find_images();
    for (const fs::path& study : studies) add_study(root, study, files, listing);
    read_projections(listing);
    return listing.take();
  }

 private:
  using Images = std::unordered_map<std::string, fs::path>;  // by image_key()

  Images find_images() const {
    Images files;
    if (options_.text_only) return files;
    for (const auto& [file, path] : index_files(options_.input, kImageExtensions)) {
      const auto [entry, is_new] = files.emplace(image_key(file), path);
      if (!is_new && path < entry->second) entry->second = path;  // DICOM and PNG of one film
    }
    return files;
  }

  // The Kaggle edition: two tables instead of XML. False when they are not there.
  bool list_kaggle(const fs::path& input, ListingBuilder& listing) const {
    const fs::path folder = find_roots(input, [](const fs::path& root) {
                              return !find_table(root, "indiana_reports", ".csv").empty();
                            }).front();
    const fs::path reports = find_table(folder, "indiana_reports", ".csv"),
                   projections = find_table(folder, "indiana_projections", ".csv");
    if (reports.empty() || (projections.empty() && !options_.text_only)) return false;
    std::unordered_map<std::string, std::shared_ptr<const ReportSections>> texts;
    std::vector<std::string> order;
    Table rows(reports, listing);
    const size_t uid = rows.column("uid"), findings = rows.column("findings"),
                 impression = rows.column("impression");
    const auto indication = rows.find_column("indication"),
               comparison = rows.find_column("comparison");
    while (rows.next()) {
      auto report = std::make_shared<ReportSections>();
      report->findings = rows.at(findings);
      report->impression = rows.at(impression);
      report->indication = rows.at(indication);
      report->comparison = rows.at(comparison);
      if (texts.emplace(rows.id(uid), std::move(report)).second) order.push_back(rows.id(uid));
    }
    const auto study_of = [&](const std::string& id) {
      SourceImage study;
      study.study_id = study.patient_id = "CXR" + id;
      study.split = kSplitByPatient;
      study.report = texts.at(id);
      return study;
    };
    if (projections.empty()) {
      for (const std::string& id : order) {
        SourceImage study = study_of(id);
        study.image_id = study.relative_path = study.study_id;
        listing.add(std::move(study), reports.filename().string());
      }
      return true;
    }
    add_projections(projections, texts, study_of, listing);
    return true;
  }

  template <class Texts, class StudyOf>
  void add_projections(const fs::path& projections, const Texts& texts, StudyOf study_of,
                       ListingBuilder& listing) const {
    const Images files = find_images();
    Table rows(projections, listing);
    const size_t uid = rows.column("uid"), file = rows.column("filename"),
                 projection = rows.column("projection");
    while (rows.next()) {
      const std::string id = rows.id(uid);
      if (!texts.contains(id)) {
        listing.problem(rows.where(), "no_report", "the table of reports has no such uid");
        continue;
      }
      SourceImage image = study_of(id);
      image.image_id = "CXR" + image_key(rows.at(file));
      image.view = normalised_view(rows.at(projection));
      const auto it = files.find(image_key(rows.at(file)));
      image.relative_path = it == files.end() ? rows.at(file) : it->second.generic_string();
      image.image_path = options_.input / image.relative_path;
      listing.add(std::move(image), rows.where());
    }
  }

  void add_study(const fs::path& root, const fs::path& path, const Images& files,
                 ListingBuilder& listing) const {
    std::error_code error;
    if (fs::file_size(root / path, error) > kMaxXmlBytes || error) {
      listing.problem(path.generic_string(), "report_too_large", "the file is above 4 MiB");
      return;
    }
    XmlElement document;
    try {
      document = parse_xml(read_file(root / path));
    } catch (const Error& failure) {
      if (failure.code() != ErrorCode::kData) throw;
      listing.problem(path.generic_string(), "bad_xml", failure.what());
      return;
    }
    auto report = std::make_shared<ReportSections>();
    for (const XmlElement* text : document.all("AbstractText")) {
      const std::string label = text->attribute("Label");
      if (label == "FINDINGS") report->findings = text->text;
      if (label == "IMPRESSION") report->impression = text->text;
      if (label == "INDICATION") report->indication = text->text;
      if (label == "COMPARISON") report->comparison = text->text;
    }
    const auto ids = document.all("uId");
    SourceImage study;
    study.study_id = ids.empty() ? path.stem().string() : ids.front()->attribute("id");
    study.patient_id = study.study_id;
    study.split = kSplitByPatient;
    study.report = std::move(report);
    const auto images = document.all("parentImage");
    if (images.empty()) {  // a text without films: of use with --text-only
      study.image_id = study.study_id;
      study.relative_path = path.generic_string();
      listing.add(std::move(study), path.generic_string());
      return;
    }
    for (const XmlElement* parent : images) {
      SourceImage image = study;
      image.image_id = parent->attribute("id");
      const auto it = files.find(image_key(image.image_id));
      image.relative_path =
          it == files.end() ? image.image_id + ".png" : it->second.generic_string();
      image.image_path = options_.input / image.relative_path;
      listing.add(std::move(image), path.generic_string());
    }
  }

  void read_projections(ListingBuilder& listing) const {
    const fs::path table = find_table(options_.input, "indiana_projections", ".csv");
    if (table.empty()) return;
    listing.try_table(table, [&] {
      Table rows(table, listing);
      const size_t file = rows.column("filename"), projection = rows.column("projection");
      std::unordered_map<std::string, std::string> views;
      while (rows.next()) views[image_key(rows.at(file))] = normalised_view(rows.at(projection));
      for (SourceImage& image : listing.images()) {
        const auto it = views.find(image_key(image.image_id));
        if (it != views.end()) image.view = it->second;
      }
    });
  }

  SourceOptions options_;
};

}  // namespace

std::unique_ptr<StudySource> open_open_i(const SourceOptions& options) {
  return std::make_unique<OpenI>(options);
}

}  // namespace radgen

// PadChest-GR (de Castro et al. 2025): reports whose sentences have boxes.
//
//   grounded_reports_*.json   a list of studies: StudyID, ImageID, findings[{sentence_en, abnormal,
//                             boxes[[x0, y0, x1, y1]] in shares of the image, labels[]}]
//   master_table.csv          optional: StudyID or ImageID, PatientID, split, PatientSex_DICOM;
//                             without it the division is ours and a study is a patient
//   <ImageID>                 the PNGs, anywhere below the input folder
//
// The English sentences in their order are the findings; there is no impression. A box belongs to
// the finding that the sentence's labels name, else to the one that the rules find in its words;
// boxes of sentences that name none of CheXpert's 14 are counted.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "data/class_names.h"
#include "data/listing.h"
#include "data/sources.h"
#include "radgen/core/files.h"
#include "radgen/report/labeler.h"

namespace radgen {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) return "";
  return it->is_string() ? it->get<std::string>() : it->dump();
}

class PadchestGr : public StudySource {
 public:
  explicit PadchestGr(const SourceOptions& options) : options_(options) {}
  std::string name() const override { return "padchest-gr"; }
  bool is_synthetic() const override { return fs::exists(options_.input / "SYNTHETIC"); }

  SourceListing list() const override {
    const fs::path file = find_table(options_.input, "grounded_reports", ".json");
    if (file.empty()) {
      throw Error(ErrorCode::kData,
                  fmt::format("{}: no grounded_reports_*.json", options_.input.string()),
                  "--input names the folder of PadChest-GR");
    }
    const json studies = read_json(file);
    if (!studies.is_array()) {
      throw Error(ErrorCode::kData, fmt::format("{}: not a list of studies", file.string()),
                  "is this PadChest-GR's file of grounded reports?");
    }
    ListingBuilder listing;
    std::unordered_map<std::string, fs::path> images;
    if (!options_.text_only) images = index_files(options_.input, kImageExtensions);
    size_t number = 0;
    for (const json& study : studies) {
      const std::string where = fmt::format("{}:{}", file.filename().string(), ++number);
      try {
        add_study(study, images, where, listing);
      } catch (const json::exception&) {
        listing.problem(where, "bad_row", "expected ImageID and findings[] with sentences");
      }
    }
    const fs::path master = find_table(options_.input, "master_table", ".csv");
    if (!master.empty()) listing.try_table(master, [&] { read_master(master, listing); });
    return listing.take();
  }

 private:
  void add_study(const json& study, const std::unordered_map<std::string, fs::path>& images,
                 const std::string& where, ListingBuilder& listing) const {
    const std::string file = study.at("ImageID").get<std::string>();
    SourceImage image;
    image.image_id = fs::path(file).stem();
    image.study_id = text_of(study, "StudyID");
    if (image.study_id.empty()) image.study_id = image.image_id;
    image.patient_id = text_of(study, "PatientID");
    if (image.patient_id.empty()) image.patient_id = image.study_id;
    image.split = kSplitByPatient;
    image.has_boxes = true;
    const auto it = images.find(file);
    image.relative_path = it == images.end() ? file : it->second.generic_string();
    image.image_path = options_.input / image.relative_path;
    auto report = std::make_shared<ReportSections>();
    for (const json& finding : study.at("findings")) {
      const std::string sentence = text_of(finding, "sentence_en");
      if (sentence.empty()) continue;
      if (!report->findings.empty()) report->findings += " ";
      report->findings += sentence;
      if (sentence.back() != '.') report->findings += ".";
    }
    image.report = std::move(report);
    const std::string id = image.image_id;
    if (!listing.add(std::move(image), where)) return;
    for (const json& finding : study.at("findings")) add_boxes(finding, id, where, listing);
  }

  void add_boxes(const json& finding, const std::string& image_id, const std::string& where,
                 ListingBuilder& listing) const {
    const std::string sentence = text_of(finding, "sentence_en");
    const json none = json::array();
    const json& boxes = finding.contains("boxes") ? finding["boxes"] : none;
    if (!boxes.is_array() || boxes.empty()) return;
    const std::string class_name = class_of(finding, sentence);
    for (const json& box : boxes) {
      if (!box.is_array() || box.size() != 4) {
        listing.problem(where, "bad_box", "expected [x0, y0, x1, y1]");
        continue;
      }
      const auto v = box.get<std::array<double, 4>>();
      listing.add_box(image_id, class_name,
                      {.phrase = sentence,
                       .box = {v[0], v[1], v[2] - v[0], v[3] - v[1]},
                       .image_width = 1,
                       .image_height = 1},
                      where);
    }
  }

  std::string class_of(const json& finding, const std::string& sentence) const {
    const json none = json::array();
    const json& labels = finding.contains("labels") ? finding["labels"] : none;
    for (const json& label : labels) {
      if (label.is_string() && finding_of_class(label.get<std::string>())) return label;
    }
    for (const Mention& mention : labeler_.mentions(sentence)) {
      if (mention.assertion != Assertion::kNegative && mention.finding != Finding::kNoFinding) {
        return finding_name(mention.finding);
      }
    }
    return "";
  }

  static void read_master(const fs::path& path, ListingBuilder& listing) {
    Table rows(path, listing);
    const size_t file = rows.column("ImageID");
    const auto patient = rows.find_column("PatientID"), split = rows.find_column("split"),
               sex = rows.find_column("PatientSex_DICOM"), birth = rows.find_column("PatientBirth"),
               date = rows.find_column("StudyDate_DICOM"), view = rows.find_column("Projection");
    while (rows.next()) {
      SourceImage* image = listing.find(fs::path(rows.at(file)).stem());
      if (image == nullptr) continue;
      if (const std::string id = rows.at(patient); is_plain_name(id)) image->patient_id = id;
      const std::string named = normalised_split(rows.at(split));
      if (!named.empty()) image->split = named;
      image->sex = normalised_sex(rows.at(sex));
      if (image->view.empty()) image->view = normalised_view(rows.at(view));
      const auto born = parse_number(rows.at(birth).substr(0, 4)),
                 taken = parse_number(rows.at(date).substr(0, 4));
      if (born && taken && *taken >= *born) image->age = *taken - *born;
    }
  }

  SourceOptions options_;
  const Labeler labeler_;
};

}  // namespace

std::unique_ptr<StudySource> open_padchest_gr(const SourceOptions& options) {
  return std::make_unique<PadchestGr>(options);
}

}  // namespace radgen

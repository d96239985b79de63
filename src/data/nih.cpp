// NIH ChestX-ray14 (Wang et al. 2017): labels and some boxes, no reports.
//
//   Data_Entry_2017*.csv[.gz]   Image Index, Finding Labels ("Effusion|Mass"), Patient ID, Patient
//                               Age, Patient Gender (or Sex), View Position
//   BBox_List_2017.csv[.gz]     Image Index, Finding Label, x y w h on the image of 1024 px
//   train_val_list.txt, test_list.txt   the official division; without them it is by patient
//   images/*.png, images_001/images/*.png, ...   anywhere below the input folder
//
// Labels come from the table: a class that is named is 1; one that is not is 0 where CheXpert has
// the same observation (Atelectasis, Cardiomegaly, Consolidation, Edema, Pleural Effusion,
// Pneumonia, Pneumothorax, and Lung Lesion for Mass and Nodule) and absent where NIH's class is
// only a part of it (Infiltration of Lung Opacity, Pleural_Thickening of Pleural Other). Emphysema,
// Fibrosis and Hernia belong to none; they make No Finding 0.
#include <fmt/format.h>

#include <fstream>

#include "data/class_names.h"
#include "data/listing.h"
#include "data/sources.h"

namespace radgen {
namespace {

constexpr double kBoxImageSide = 1024;
constexpr double kCredibleAge = 120;  // the table has a few of 150 and 414

constexpr std::array kSameInBoth{Finding::kAtelectasis,     Finding::kCardiomegaly,
                                 Finding::kConsolidation,   Finding::kEdema,
                                 Finding::kPleuralEffusion, Finding::kPneumonia,
                                 Finding::kPneumothorax,    Finding::kLungLesion};

Labels labels_of(const std::string& classes) {
  Labels labels;
  for (const Finding finding : kSameInBoth) labels[finding] = 0;
  labels[Finding::kNoFinding] = 0;
  size_t begin = 0;
  while (begin <= classes.size()) {
    const size_t end = std::min(classes.find('|', begin), classes.size());
    if (const auto finding = finding_of_class(classes.substr(begin, end - begin))) {
      labels[*finding] = 1;
    }
    begin = end + 1;
  }
  return labels;
}

// "58", "058Y", "006M", "012D" (the first edition of the table) in years.
std::optional<double> years(std::string age) {
  double unit = 1;
  if (!age.empty() && std::isalpha(static_cast<unsigned char>(age.back()))) {
    if (age.back() == 'M') unit = 12;
    if (age.back() == 'D') unit = 365.25;
    age.pop_back();
  }
  const auto number = parse_number(age);
  if (!number || *number < 0 || *number / unit > kCredibleAge) return std::nullopt;
  return *number / unit;
}

class Nih : public StudySource {
 public:
  explicit Nih(const SourceOptions& options) : options_(options) {}
  std::string name() const override { return "nih"; }
  bool is_synthetic() const override { return fs::exists(options_.input / "SYNTHETIC"); }

  SourceListing list() const override {
    ListingBuilder listing;
    listing.has_no_reports();
    list_images(listing);
    read_split("train_val_list.txt", kSplitTrainByPatient, listing);
    read_split("test_list.txt", "test", listing);
    fs::path boxes = options_.boxes;
    if (boxes.empty()) boxes = find_table(options_.input, "BBox_List", ".csv");
    if (!boxes.empty()) listing.try_table(boxes, [&] { read_boxes(boxes, listing); });
    return listing.take();
  }

 private:
  void list_images(ListingBuilder& listing) const {
    const fs::path table = find_table(options_.input, "Data_Entry", ".csv");
    if (table.empty()) {
      throw Error(ErrorCode::kData,
                  fmt::format("{}: no Data_Entry_2017*.csv (or .gz)", options_.input.string()),
                  "--input names the folder that holds NIH ChestX-ray14's tables");
    }
    Table rows(table, listing);
    const size_t file = rows.column("Image Index"), classes = rows.column("Finding Labels"),
                 patient = rows.column("Patient ID");
    const auto age = rows.find_column("Patient Age"), view = rows.find_column("View Position");
    auto sex = rows.find_column("Patient Gender");
    if (!sex) sex = rows.find_column("Patient Sex");
    std::unordered_map<std::string, fs::path> images;
    if (!options_.text_only) images = index_files(options_.input, kImageExtensions);
    while (rows.next()) {
      SourceImage image;
      image.image_id = fs::path(rows.at(file)).stem();
      image.study_id = image.image_id;  // a film is a study of its own
      image.patient_id = rows.at(patient);
      image.split = kSplitByPatient;
      image.view = normalised_view(rows.at(view));
      image.age = years(rows.at(age));
      image.sex = normalised_sex(rows.at(sex));
      image.labels = labels_of(rows.at(classes));
      const auto it = images.find(rows.at(file));
      image.relative_path = it == images.end() ? rows.at(file) : it->second.generic_string();
      image.image_path = options_.input / image.relative_path;
      listing.add(std::move(image), rows.where());
    }
  }

  void read_split(const char* file, const char* split, ListingBuilder& listing) const {
    std::ifstream lines(options_.input / file);
    for (std::string line; std::getline(lines, line);) {
      while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back()))) {
        line.pop_back();
      }
      if (line.empty()) continue;
      if (SourceImage* image = listing.find(fs::path(line).stem())) image->split = split;
    }
  }

  static void read_boxes(const fs::path& path, ListingBuilder& listing) {
    Table rows(path, listing);
    const size_t file = rows.column("Image Index"), label = rows.column("Finding Label");
    // The header's last column is called "Bbox [x,y,w,h]" and is cut at its commas.
    const size_t x = rows.column("Bbox [x");
    const std::array<size_t, 4> edges{x, x + 1, x + 2, x + 3};
    if (edges[3] >= rows.columns().size()) rows.column("h]");
    while (rows.next()) {
      const std::string id = fs::path(rows.at(file)).stem();
      if (SourceImage* image = listing.find(id)) image->has_boxes = true;
      const auto v = four_numbers(rows, edges);
      if (!v) {
        listing.problem(rows.where(), "bad_box", "expected four numbers");
        continue;
      }
      listing.add_box(id, rows.at(label),
                      {.box = {(*v)[0], (*v)[1], (*v)[2], (*v)[3]},
                       .image_width = kBoxImageSide,
                       .image_height = kBoxImageSide},
                      rows.where());
    }
  }

  SourceOptions options_;
};

}  // namespace

std::unique_ptr<StudySource> open_nih(const SourceOptions& options) {
  return std::make_unique<Nih>(options);
}

}  // namespace radgen

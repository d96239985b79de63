// VinDr-CXR (Nguyen et al. 2022): labels and boxes of several readers, no reports.
//
//   annotations/annotations_{train,test}.csv   image_id[, rad_id], class_name, x_min, y_min, x_max,
//                                              y_max; a row a box, "No finding" without one. Also
//                                              in the input folder; Kaggle calls the first
//                                              train.csv
//   {train,test}/<image_id>.dicom              or .dcm, .png, .jpg
//
// Three readers looked at each training image. A finding is labelled 1 when more than half of the
// image's readers marked it, -1 when fewer did, 0 when none did and the class is the same as
// CheXpert's. Boxes of one finding by different readers that overlap (IoU of 0.4 or more) are one
// box, their mean; it is kept when more than half of the readers drew it. The test set's boxes are
// the readers' consensus already and have no rad_id. There are no patients: an image is one.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "data/class_names.h"
#include "data/listing.h"
#include "data/sources.h"

namespace radgen {
namespace {

constexpr double kSameBoxIou = 0.4;

// VinDr's classes that cover the whole of CheXpert's observation: not marked is not there.
constexpr std::array kSameInBoth{Finding::kAtelectasis,     Finding::kCardiomegaly,
                                 Finding::kConsolidation,   Finding::kEdema,
                                 Finding::kFracture,        Finding::kLungLesion,
                                 Finding::kPleuralEffusion, Finding::kPneumothorax};

struct Mark {
  std::string reader, phrase;
  Finding finding;
  std::optional<Box> box;
};

struct Marks {
  std::set<std::string> readers;
  std::vector<Mark> marks;
};

struct Cluster {
  std::string phrase;
  Finding finding;
  Box mean;
  std::set<std::string> readers;
  double count = 0;
  void add(const Mark& mark) {
    const Box& b = *mark.box;
    const auto blend = [&](double a, double c) { return (a * count + c) / (count + 1); };
    mean = {blend(mean.x, b.x), blend(mean.y, b.y), blend(mean.w, b.w), blend(mean.h, b.h)};
    readers.insert(mark.reader);
    ++count;
  }
};

std::vector<Cluster> agreed_boxes(const Marks& image) {
  std::vector<Cluster> clusters;
  for (const Mark& mark : image.marks) {
    if (!mark.box) continue;
    Cluster* best = nullptr;
    for (Cluster& cluster : clusters) {
      // Two boxes of one reader are two boxes, however close.
      const bool fits = cluster.finding == mark.finding && !cluster.readers.contains(mark.reader) &&
                        iou(cluster.mean, *mark.box) >= kSameBoxIou;
      if (fits && (best == nullptr || iou(cluster.mean, *mark.box) > iou(best->mean, *mark.box))) {
        best = &cluster;
      }
    }
    if (best == nullptr) {
      clusters.push_back({.phrase = mark.phrase, .finding = mark.finding});
      best = &clusters.back();
    }
    best->add(mark);
  }
  std::erase_if(clusters, [&](const Cluster& cluster) {
    return 2 * cluster.readers.size() <= image.readers.size();
  });
  return clusters;
}

Labels agreed_labels(const Marks& image) {
  Labels labels;
  for (const Finding finding : kSameInBoth) labels[finding] = 0;
  std::map<Finding, std::set<std::string>> readers;
  for (const Mark& mark : image.marks) readers[mark.finding].insert(mark.reader);
  for (const auto& [finding, who] : readers) {
    labels[finding] = 2 * who.size() > image.readers.size() ? 1 : -1;
  }
  labels.emplace(Finding::kNoFinding, 0);
  return labels;
}

class VindrCxr : public StudySource {
 public:
  explicit VindrCxr(const SourceOptions& options) : options_(options) {}
  std::string name() const override { return "vindr-cxr"; }
  bool is_synthetic() const override { return fs::exists(options_.input / "SYNTHETIC"); }

  SourceListing list() const override {
    ListingBuilder listing;
    listing.has_no_reports();
    bool has_table = false;
    for (const char* split : {"train", "test"}) {
      const fs::path table = find(split);
      if (table.empty()) continue;
      has_table = true;
      listing.try_table(table, [&] { read_table(table, split, listing); });
    }
    if (!has_table) {
      throw Error(ErrorCode::kData,
                  fmt::format("{}: neither annotations/annotations_train.csv nor train.csv",
                              options_.input.string()),
                  "--input names the folder of VinDr-CXR");
    }
    return listing.take();
  }

 private:
  fs::path find(const std::string& split) const {
    for (const char* below : {"annotations", ""}) {
      const fs::path table = find_table(options_.input / below, "annotations_" + split, ".csv");
      if (!table.empty()) return table;
    }
    return exact_table(options_.input, split + ".csv");
  }

  void read_table(const fs::path& table, const std::string& split, ListingBuilder& listing) const {
    Table rows(table, listing);
    const size_t id = rows.column("image_id"), name = rows.column("class_name");
    const auto reader = rows.find_column("rad_id");
    const std::array<size_t, 4> edges{rows.column("x_min"), rows.column("y_min"),
                                      rows.column("x_max"), rows.column("y_max")};
    std::vector<std::string> order;
    std::unordered_map<std::string, Marks> images;
    while (rows.next()) {
      Marks& image = images[rows.at(id)];
      if (image.readers.empty()) order.push_back(rows.at(id));
      image.readers.insert(rows.at(reader));
      const auto finding = finding_of_class(rows.at(name));
      Mark mark{.reader = rows.at(reader), .phrase = rows.at(name)};
      const bool has_no_box =
          std::ranges::all_of(edges, [&](size_t column) { return rows.at(column).empty(); });
      if (!finding) {
        if (!has_no_box) listing.count("boxes_of_other_findings");
        continue;
      }
      mark.finding = *finding;
      if (!has_no_box) {
        const auto v = four_numbers(rows, edges);
        if (!v || (*v)[2] <= (*v)[0] || (*v)[3] <= (*v)[1]) {
          listing.problem(rows.where(), "bad_box", "expected numbers with x_min < x_max, ...");
          continue;
        }
        mark.box = Box{(*v)[0], (*v)[1], (*v)[2] - (*v)[0], (*v)[3] - (*v)[1]};
      }
      image.marks.push_back(std::move(mark));
    }
    for (const std::string& image_id : order) {
      add_image(image_id, split, images[image_id], table.filename().string(), listing);
    }
  }

  void add_image(const std::string& image_id, const std::string& split, const Marks& marks,
                 const std::string& where, ListingBuilder& listing) const {
    SourceImage image;
    image.image_id = image.study_id = image.patient_id = image_id;
    image.split = split == "train" ? kSplitTrainByPatient : split;
    image.has_boxes = true;
    image.labels = agreed_labels(marks);
    image.relative_path = fmt::format("{}/{}.dicom", split, image_id);
    if (!options_.text_only && is_plain_name(image_id)) {
      for (const char* extension : {".dicom", ".dcm", ".png", ".jpg"}) {
        const std::string candidate = fmt::format("{}/{}{}", split, image_id, extension);
        if (!fs::exists(options_.input / candidate)) continue;
        image.relative_path = candidate;
        break;
      }
    }
    image.image_path = options_.input / image.relative_path;
    for (const Cluster& cluster : agreed_boxes(marks)) {
      image.boxes.push_back({.finding = finding_name(cluster.finding),
                             .phrase = cluster.phrase,
                             .box = cluster.mean});
    }
    listing.add(std::move(image), where);
  }

  SourceOptions options_;
};

}  // namespace

std::unique_ptr<StudySource> open_vindr_cxr(const SourceOptions& options) {
  return std::make_unique<VindrCxr>(options);
}

}  // namespace radgen

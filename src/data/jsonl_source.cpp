// Any set, described by lines of JSON with the manifest's names: the way in for a hospital's own
// films.
//
//   --input studies.jsonl, or a folder that holds studies.jsonl; images relative to its folder
//   {"study_id": "s1", "image": "films/1.dcm", "report": "FINDINGS: ..."}
//
// Needed: study_id; image (or none, with --text-only). Of use: image_id, patient_id (else the study
// is a patient), split (else the division is ours), view, age, sex, race; the text as findings,
// impression and indication, or as report with its headers; labels {CheXpert name: 1|0|-1};
// boxes [{finding, phrase, x, y, w, h}] in pixels of the stored image, with image_width and
// image_height where they were drawn on another size. Unknown keys are passed over.
#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "data/listing.h"
#include "data/sources.h"
#include "radgen/core/files.h"

namespace radgen {
namespace {

using nlohmann::json;

constexpr size_t kMaxLineBytes = 4 << 20;

// Numbers are ids too.
std::string text_of(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) return "";
  return it->is_number_integer() ? it->dump() : it->get<std::string>();
}

class JsonlSource : public StudySource {
 public:
  explicit JsonlSource(const SourceOptions& options)
      : options_(options),
        file_(fs::is_directory(options.input) ? options.input / "studies.jsonl" : options.input),
        folder_(file_.parent_path()) {}
  std::string name() const override { return "jsonl"; }
  bool is_synthetic() const override { return fs::exists(folder_ / "SYNTHETIC"); }

  SourceListing list() const override {
    std::ifstream lines(file_, std::ios::binary);
    if (!lines) {
      throw Error(ErrorCode::kData, fmt::format("{}: cannot be read", file_.string()),
                  "--input names a .jsonl file, or a folder that holds studies.jsonl");
    }
    ListingBuilder listing;
    bool has_text = false;
    size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
      ++number;
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      const std::string where = fmt::format("{}:{}", file_.filename().string(), number);
      if (line.size() > kMaxLineBytes) {
        listing.problem(where, "report_too_large", "the line is above 4 MiB");
        continue;
      }
      try {
        has_text |= add(json::parse(line), where, listing);
      } catch (const json::exception&) {
        listing.problem(where, "bad_row",
                        "not a JSON object with the manifest's keys and their types");
      }
    }
    if (!has_text) listing.has_no_reports();
    return listing.take();
  }

 private:
  // True when the line has a text.
  bool add(const json& line, const std::string& where, ListingBuilder& listing) const {
    SourceImage image;
    image.study_id = text_of(line, "study_id");
    image.relative_path = text_of(line, "image");
    image.image_id = text_of(line, "image_id");
    if (image.image_id.empty()) image.image_id = image.study_id;
    image.patient_id = text_of(line, "patient_id");
    if (image.patient_id.empty()) image.patient_id = image.study_id;
    image.split = normalised_split(text_of(line, "split"));
    if (image.split.empty()) image.split = kSplitByPatient;
    image.view = normalised_view(text_of(line, "view"));
    image.sex = normalised_sex(text_of(line, "sex"));
    image.race = text_of(line, "race");
    if (line.contains("age") && line["age"].is_number()) image.age = line["age"].get<double>();
    image.photometric = text_of(line, "photometric") == "mimic-jpg" ? "mimic-jpg" : "";
    if (!image.relative_path.empty()) image.image_path = folder_ / image.relative_path;
    image.report = read_text(line);
    if (line.contains("labels")) {
      for (const auto& [key, value] : line["labels"].items()) {
        const auto finding = finding_from_name(key);
        if (finding && value.is_number_integer()) image.labels[*finding] = value.get<int>();
      }
    }
    image.has_boxes = line.value("has_boxes", line.contains("boxes"));
    const bool has_text = image.report != nullptr;
    const std::string id = image.image_id;
    if (!listing.add(std::move(image), where) || !line.contains("boxes")) return has_text;
    for (const json& box : line["boxes"]) {
      listing.add_box(id, box.at("finding").get<std::string>(),
                      {.phrase = text_of(box, "phrase"),
                       .box = {box.at("x"), box.at("y"), box.at("w"), box.at("h")},
                       .image_width = box.value("image_width", 0.0),
                       .image_height = box.value("image_height", 0.0)},
                      where);
    }
    return has_text;
  }

  static std::shared_ptr<const ReportSections> read_text(const json& line) {
    ReportSections sections;
    if (const std::string report = text_of(line, "report"); !report.empty()) {
      // The parser's headers stand behind a line break and one space.
      sections = parse_sections("\n " + report);
    }
    if (line.contains("findings")) sections.findings = text_of(line, "findings");
    if (line.contains("impression")) sections.impression = text_of(line, "impression");
    if (line.contains("indication")) sections.indication = text_of(line, "indication");
    const bool is_empty =
        sections.findings.empty() && sections.impression.empty() && sections.last_paragraph.empty();
    return is_empty ? nullptr : std::make_shared<const ReportSections>(std::move(sections));
  }

  SourceOptions options_;
  fs::path file_, folder_;
};

}  // namespace

std::unique_ptr<StudySource> open_jsonl(const SourceOptions& options) {
  return std::make_unique<JsonlSource>(options);
}

}  // namespace radgen

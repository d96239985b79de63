// Where studies come from: one interface for every public data set, so that the prepare pipeline
// knows none of them.
//
//   std::unique_ptr<StudySource> source = open_source("mimic-cxr", {.input = "/data/mimic-cxr"});
//   for (const SourceImage& image : source->list().images) ...
//
// A new data set is one file that implements StudySource, and one line in source.cpp.
//
// A row, table or file that cannot be used is a line among the listing's problems; the rest goes
// on. Only a data set whose main table is not there or lacks a column that is needed throws.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "radgen/core/error.h"
#include "radgen/core/geometry.h"
#include "radgen/report/finding.h"
#include "radgen/report/text.h"

namespace radgen {

struct SourceBox {
  std::string finding;  // CheXpert name
  std::string phrase;   // the words of the annotation; may be empty
  Box box;              // stored source pixels, as in the file, before any turning
  double image_width = 0,
         image_height = 0;  // size of the image the box was drawn on; 1: shares; 0: not said
};

// Where a piece of anatomy lies, and one sentence that says that nothing was found there.
struct SourceRegion {
  std::string anatomy;  // a name of report/anatomy.h
  std::string phrase;   // empty: no such sentence is known
  Box box;              // stored source pixels
  double image_width = 0,
         image_height = 0;  // as SourceBox's
};

// What stands in SourceImage::split where the data set leaves the division to us. Patients stay
// whole, and the division is the same on every machine (PrepareConfig has the shares).
inline constexpr const char* kSplitByPatient = "by-patient";             // train, validate and test
inline constexpr const char* kSplitTrainByPatient = "train-by-patient";  // train and validate

// One image that a data set offers, before it has been opened.
struct SourceImage {
  std::string study_id, image_id, patient_id;  // plain names; image_id is unique in the listing
  std::string split;  // train|validate|test|... or a constant from above; empty: in none
  std::string view;   // PA|AP|LATERAL|OTHER|"" (unknown, or frontal without saying which)
  // of the image under the input folder: what logs and rejected.jsonl name
  std::string relative_path;
  std::string image_path, report_path;  // texts: a path object takes half a kilobyte
  std::optional<double> age;            // years
  // Of the film that annotations without a size were drawn on; 0: not said.
  float original_width = 0, original_height = 0;
  std::string sex, race;  // empty: unknown; race "conflicting": the sources disagree
  std::vector<SourceBox> boxes;
  bool has_boxes = false;   // the annotation file has this image
  std::string box_split;    // the annotation's own split; empty: it has none
  std::string photometric;  // "mimic-jpg": stored in that convention already; empty: not
  Labels labels;            // of the data set's own tables, where it has such
  std::shared_ptr<const ReportSections> report;  // null: read_report() finds it
};

// What of the input could not be used: `source` is a path under the input, or "TABLE:LINE".
struct Rejection {
  std::string source, reason, message;
};

struct SourceListing {
  std::vector<SourceImage> images;  // every candidate, laterals included, in a stable order
  std::vector<Rejection> problems;
  std::map<std::string, size_t> counts;  // worth knowing: "boxes_of_other_findings"
  bool has_reports = true;               // false: labels (and boxes) only, no text to learn
};

class StudySource {
 public:
  virtual ~StudySource() = default;
  virtual std::string name() const = 0;
  // True when the folder says that its films are synthetic (a file SYNTHETIC at its root, as
  // phantom-radgen writes): a model that is trained on them must say so.
  virtual bool is_synthetic() const = 0;
  // Throws Error{kData} when there is nothing to list.
  virtual SourceListing list() const = 0;
  // The report of an image's study, uncleaned. Failures: no_report, report_too_large. Thread safe.
  virtual Result<ReportSections> read_report(const SourceImage& image) const;
  // Where the image's anatomy lies, as far as the data set says; read one image at a time, since
  // all together would take more memory than all else. Throws Error{kData} for a file that is
  // broken. Thread safe.
  virtual std::vector<SourceRegion> read_regions(const SourceImage& /*image*/) const { return {}; }
};

struct SourceOptions {
  std::filesystem::path input;    // the data set's folder (jsonl: or its file)
  std::filesystem::path boxes;    // annotations; empty: those found in `input`, if any
  std::filesystem::path reports;  // where the reports lie, if not in `input`
  // folder of the demographic tables; empty: looked for in `input`
  std::filesystem::path demographics;
  bool text_only = false;             // images are not looked for
  bool mimic_exact_sections = false;  // PrepareConfig's; sources that parse reports obey it
};

const std::vector<std::string>& source_names();
// Throws Error{kUsage} for an unknown name and Error{kData} for a folder that is not there.
std::unique_ptr<StudySource> open_source(const std::string& name, const SourceOptions& options);

// PA|AP|LATERAL|OTHER|"" from a ViewPosition value, whatever its case; "frontal" is "".
std::string normalised_view(const std::string& view_position);
// "val", "valid", "validation" -> "validate"; others in lower case as they are.
std::string normalised_split(const std::string& split);
// "Male", "m" -> "M"; "Female", "f" -> "F"; else empty.
std::string normalised_sex(const std::string& sex);

}  // namespace radgen

// Where studies come from: one interface for every public data set, so that the prepare pipeline
// knows none of them.
//
//   std::unique_ptr<StudySource> source = open_source("mimic-cxr", {.input = "/data/mimic-cxr"});
//   for (const SourceImage& image : source->images()) ...
//
// A new data set is one file that implements StudySource and one line in open_source().
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "radgen/core/error.h"
#include "radgen/core/geometry.h"
#include "radgen/report/text.h"

namespace radgen {

struct SourceBox {
  std::string finding;  // CheXpert name
  std::string phrase;   // the words of the annotation
  Box box;              // stored source pixels, as in the file, before any turning
  double image_width = 0,
         image_height = 0;  // size of the picture the box was drawn on; 0: not said
};

// One picture that a data set offers, before it has been opened.
struct SourceImage {
  std::string study_id, image_id, patient_id;
  std::string split;  // train|validate|test|...; empty: the data set puts it in none
  std::string view;   // PA|AP|LATERAL|OTHER|"" (unknown)
  std::string
      relative_path;  // of the picture under the input folder: what logs and rejected.jsonl name
  std::filesystem::path image_path, report_path;
  std::optional<double> age;  // years
  std::string sex, race;      // empty: unknown; race "conflicting": the sources disagree
  std::vector<SourceBox> boxes;
  bool has_boxes = false;  // the annotation file has this picture
};

class StudySource {
 public:
  virtual ~StudySource() = default;
  virtual std::string name() const = 0;
  // True when the folder says that its films are synthetic (a file SYNTHETIC at its root, as phantom-radgen writes): a
  // model that is trained on them must say so.
  virtual bool is_synthetic() const = 0;
  // Every candidate, laterals included, in a stable order. Throws Error{kData} when the data set's
  // tables cannot be read.
  virtual std::vector<SourceImage> images() const = 0;
  // The report of a picture's study, uncleaned. Failure "no_report" when there is none. Thread
  // safe.
  virtual Result<ReportSections> read_report(const SourceImage& image) const = 0;
};

struct SourceOptions {
  std::filesystem::path input;  // the data set's folder
  std::filesystem::path boxes;  // annotation file; empty: the one found in `input`, if any
  std::filesystem::path
      demographics;  // folder of the demographic tables; empty: looked for in `input`
};

const std::vector<std::string>& source_names();
// Throws Error{kUsage} for an unknown name and Error{kData} for a folder that is not there.
std::unique_ptr<StudySource> open_source(const std::string& name, const SourceOptions& options);

// PA|AP|LATERAL|OTHER|"" from a ViewPosition value, whatever its case.
std::string normalised_view(const std::string& view_position);

}  // namespace radgen

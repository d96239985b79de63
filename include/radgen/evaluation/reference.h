// What a draft is scored against: the reference report, its boxes, and on phantoms the truth.
//
//   Reference reference = ...;                            // made from a manifest line
//   load_truth("truth.jsonl", references, transforms);    // phantoms; only the evaluation reads it
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "radgen/core/geometry.h"
#include "radgen/report/finding.h"
#include "radgen/report/prediction.h"

namespace radgen::evaluation {

struct ReferenceBox {
  Finding finding = Finding::kNoFinding;
  Side side = Side::kNone;
  Box box;  // prepared-image pixels
  // False: the finding shows but the reference report leaves it out. A draft that names it is
  // right, one that does not has missed nothing.
  bool is_obligatory = true;
};

struct TrueLesion {
  Finding finding = Finding::kNoFinding;
  Side side = Side::kNone;
  Severity severity = Severity::kUnstated;
  Box box;  // prepared-image pixels; w = h = 0: none
  bool is_visible = true, is_mentioned = true;
};

struct Reference {
  std::string study_id, image_id, split;
  std::string patient_id;  // resamples take patients whole; empty: the study is one of its own
  // the prepared image; empty: unknown (then there is no nearest neighbour)
  std::filesystem::path image;
  int width = 0, height = 0;    // of the prepared image, pixels
  double pixel_spacing_mm = 0;  // of the prepared image; 0: unknown
  std::string indication, findings, impression;
  Labels labels;  // of the manifest; only used where the caller says so
  std::vector<ReferenceBox> boxes;
  bool has_boxes = false;  // boxes were annotated (an empty list then means none)
  bool has_truth = false;
  std::vector<TrueLesion> truth;
  std::string oracle_text;  // the same truth put into words again; empty: none

  std::string text() const;  // findings, one newline, impression: as Draft::text()
};

// Reads truth.jsonl (the fields of phantom/truth.h) and attaches it to the references of the same
// study_id: truth and oracle_text, and the boxes are replaced by the exact ones of every visible
// finding (obligatory when the report mentions it), so that the scarce, jittered boxes of training
// are not what is scored. `to_prepared` gives the way from upright film pixels to the reference's
// prepared pixels. Returns how many references got their truth; throws Error{kData} naming file and
// line.
size_t load_truth(const std::filesystem::path& path, std::vector<Reference>& references,
                  const std::function<Affine(const Reference&)>& to_prepared);

// Reads predictions.jsonl and the 16-bit map images it names (relative to its folder; a path that
// leaves the folder is an error; a map may also be written as rows of numbers, null where there is
// none), or a table (.csv) with the columns study_id and report, text,
// findings or impression. A report may also be called prediction, generated_report or hypothesis.
// Throws Error{kData} that names file and line.
std::vector<Draft> load_predictions(const std::filesystem::path& path);

// Reads reference reports from JSON lines or a table with the same names, for scoring without a
// prepared data set; patient_id (or subject_id), indication and split are used where they are
// there.
std::vector<Reference> load_references(const std::filesystem::path& path);

}  // namespace radgen::evaluation

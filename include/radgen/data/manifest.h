// The manifest of a prepared dataset (manifest.jsonl; one study image a line).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "radgen/core/geometry.h"
#include "radgen/report/finding.h"

namespace radgen {

struct FindingBox {
  std::string finding;  // CheXpert name
  std::string side;     // "", "left", "right", "bilateral" as linked from the phrase
  std::string phrase;   // the words of the annotation
  Box box;              // prepared-image pixels
};

struct ManifestEntry {
  // image: path relative to the dataset folder; empty: prepared without images
  std::string study_id, image_id, patient_id, split, image;
  int width = 0, height = 0;    // without an image: the size that boxes were drawn on, or 0
  double pixel_spacing_mm = 0;  // of the prepared image; 0: unknown
  std::string spacing_kind;     // imager|calibrated|none
  std::string photometric;      // voi|mimic-jpg
  std::string view;             // PA|AP|LATERAL|"" (unknown)
  std::optional<double> age;
  std::string sex, race;
  std::string indication, findings, impression;
  Labels labels;
  std::string labels_from;  // source: the data set's own tables; empty: our labeler on the text
  std::vector<FindingBox> boxes;
  bool has_boxes = false;  // boxes were annotated for this study (an empty list then means none)
  std::vector<std::string> quality;  // flags of quality_flags.h
  std::string hash;                  // image_hash.h, in hexadecimal; empty: not known
  std::string source_path, source_sha256;
  int source_rows = 0, source_columns = 0;
  Affine source_transform;  // stored source pixels -> prepared pixels

  // What is learnt and scored: findings, one newline, impression (either may be empty), as
  // Draft::text().
  std::string text() const;
};

// Throws Error{kData} naming file and line.
std::vector<ManifestEntry> read_manifest(const std::filesystem::path& path);
nlohmann::ordered_json manifest_entry_to_json(const ManifestEntry& entry);
ManifestEntry manifest_entry_from_json(const nlohmann::json& json, const std::string& where);

}  // namespace radgen

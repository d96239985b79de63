// The images of a prepared dataset as a predictor takes them.
//
//   const DatasetInputs inputs("runs/demo/prepared");
//   std::vector<Draft> drafts = predictor.draft({inputs.of_image(reference.image_id)});
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "radgen/data/manifest.h"
#include "radgen/inference/predictor.h"

namespace radgen::assessment {

// A manifest line as the predictor's input; reads the image. `folder` is the prepared dataset.
// Throws Error{kData} when the image cannot be read.
StudyInput study_input_of(const ManifestEntry& entry, const std::filesystem::path& folder);

// Reads the manifest once, the images as they are asked for.
class DatasetInputs {
 public:
  // Throws Error{kData} naming file and line.
  explicit DatasetInputs(std::filesystem::path folder);

  // Throws Error{kData} when the manifest has no such image, or it cannot be read.
  StudyInput of_image(const std::string& image_id) const;
  // Entries of a split in the manifest's order, at most `most` of them.
  std::vector<const ManifestEntry*> split(const std::string& name, size_t most) const;
  // The first `most` images of a split.
  std::vector<StudyInput> first_of(const std::string& split_name, size_t most) const;
  StudyInput of(const ManifestEntry& entry) const { return study_input_of(entry, folder_); }

 private:
  std::filesystem::path folder_;
  std::vector<ManifestEntry> entries_;
  std::map<std::string, size_t> by_image_;
};

}  // namespace radgen::assessment

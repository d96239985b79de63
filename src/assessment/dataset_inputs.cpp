#include "radgen/assessment/dataset_inputs.h"

#include <utility>

#include "radgen/core/error.h"
#include "radgen/imaging/image.h"

namespace radgen::assessment {

StudyInput study_input_of(const ManifestEntry& entry, const std::filesystem::path& folder) {
  Result<cv::Mat> image = read_png16(folder / entry.image);
  if (!image)
    throw Error(ErrorCode::kData, entry.image + ": " + image.failure().message,
                "prepare the data set again with preprocess-radgen --overwrite");
  return {entry.study_id, entry.image_id, *image, entry.age, entry.sex, entry.indication};
}

DatasetInputs::DatasetInputs(std::filesystem::path folder)
    : folder_(std::move(folder)), entries_(read_manifest(folder_ / "manifest.jsonl")) {
  for (size_t i = 0; i < entries_.size(); ++i) by_image_.emplace(entries_[i].image_id, i);
}

StudyInput DatasetInputs::of_image(const std::string& image_id) const {
  const auto found = by_image_.find(image_id);
  if (found == by_image_.end())
    throw Error(ErrorCode::kData, "manifest.jsonl has no image '" + image_id + "'",
                "the references are of another data set; give its folder as --data");
  return of(entries_[found->second]);
}

std::vector<const ManifestEntry*> DatasetInputs::split(const std::string& name, size_t most) const {
  std::vector<const ManifestEntry*> chosen;
  for (const ManifestEntry& entry : entries_)
    if (entry.split == name && chosen.size() < most) chosen.push_back(&entry);
  return chosen;
}

std::vector<StudyInput> DatasetInputs::first_of(const std::string& split_name, size_t most) const {
  std::vector<StudyInput> inputs;
  for (const ManifestEntry* entry : split(split_name, most)) inputs.push_back(of(*entry));
  return inputs;
}

}  // namespace radgen::assessment

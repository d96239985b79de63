#include "radgen/evaluation/manifest_references.h"

#include <set>

#include "radgen/core/log.h"

namespace radgen::evaluation {

Reference reference_of(const ManifestEntry& entry, const std::filesystem::path& folder) {
  Reference reference;
  reference.study_id = entry.study_id;
  reference.image_id = entry.image_id;
  reference.split = entry.split;
  reference.patient_id = entry.patient_id;
  reference.image = folder / entry.image;
  reference.width = entry.width;
  reference.height = entry.height;
  reference.pixel_spacing_mm = entry.pixel_spacing_mm;
  reference.indication = entry.indication;
  reference.findings = entry.findings;
  reference.impression = entry.impression;
  reference.labels = entry.labels;
  reference.has_boxes = entry.has_boxes;
  std::set<std::string> places;  // a place has a row for each of its sentences
  for (const AnatomyRegion& region : entry.regions)
    if (places.insert(region.anatomy).second)
      reference.regions.push_back({region.anatomy, region.box});
  for (const FindingBox& box : entry.boxes)
    if (const auto finding = finding_from_name(box.finding))
      reference.boxes.push_back({*finding, side_from_name(box.side), box.box});
  return reference;
}

size_t attach_truth(const std::filesystem::path& truth, std::vector<Reference>& references,
                    const std::map<std::string, Affine>& to_prepared) {
  if (truth.empty()) return 0;
  const bool is_table = truth.extension() == ".csv";
  const size_t count = is_table ? load_label_truth(truth, references)
                                : load_truth(truth, references, [&](const Reference& r) {
                                    return to_prepared.at(r.image_id);
                                  });
  log::info("{} for {} of {} pictures", is_table ? "labels by hand" : "truth", count,
            references.size());
  return count;
}

}  // namespace radgen::evaluation

// From a prepared dataset to references: the one place where a manifest line becomes what a draft
// is scored against, for training, evaluation and audit.
//
//   std::vector<Reference> references;
//   for (const ManifestEntry& entry : read_manifest(folder / "manifest.jsonl"))
//     if (entry.split == "test") references.push_back(reference_of(entry, folder));
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "radgen/data/manifest.h"
#include "radgen/evaluation/reference.h"

namespace radgen::evaluation {

// `folder` is the prepared dataset, to which the manifest's image paths are relative. Boxes whose
// finding is none of the 14 are left out; a place counts once, however many sentences speak of it.
Reference reference_of(const ManifestEntry& entry, const std::filesystem::path& folder);

// Attaches what stands in --truth to the references: labels that people gave where the file is a
// .csv (load_label_truth), else a truth.jsonl of phantoms (load_truth). `to_prepared`: by image_id,
// the way from stored to prepared pixels (ManifestEntry::source_transform). Logs and returns how
// many references got their truth; an empty path is none.
size_t attach_truth(const std::filesystem::path& truth, std::vector<Reference>& references,
                    const std::map<std::string, Affine>& to_prepared);

}  // namespace radgen::evaluation

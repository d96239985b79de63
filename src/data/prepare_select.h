// Which images a prepare run takes, and whether the splits are clean. The rules are in prepare.h.
#pragma once

#include <string>
#include <vector>

#include "radgen/data/prepare.h"
#include "radgen/data/source.h"

namespace radgen {

// What becomes one line of the manifest: the first of these images that can be used.
struct StudyUnit {
  std::vector<SourceImage> images;  // at least one, the preferred one first
  // No table names the views: an image that does not look frontal comes after one that does.
  bool is_view_open = false;
};

struct Selection {
  std::vector<StudyUnit> units;       // in the source's order
  std::vector<Rejection> rejections;  // no_split, no_accepted_view: one a study
};
// `text_only`: one unit a study whatever its views.
Selection select_images(std::vector<SourceImage> candidates, const PrepareConfig& config,
                        bool text_only = false);

// Turns kSplitByPatient and kSplitTrainByPatient into train, validate and test, by a hash of the
// patient: every machine and every later run divides alike.
void divide_patients(std::vector<SourceImage>& images, const PrepareConfig& config);

// Patients with boxes whose own split is another than their images'.
size_t count_box_split_conflicts(const std::vector<SourceImage>& images);
// box_split "follow": these patients' images all move; test before validate before train.
void follow_box_splits(std::vector<SourceImage>& images);

// Patients whose images are in more than one split.
size_t count_leaking_patients(const Selection& selection);

}  // namespace radgen

// Which pictures a prepare run takes, and whether the splits are clean. The rules are in prepare.h.
#pragma once

#include <string>
#include <vector>

#include "radgen/data/prepare.h"
#include "radgen/data/source.h"

namespace radgen {

struct Rejection {
  std::string source, reason, message;
};

struct Selection {
  std::vector<SourceImage> images;    // in the source's order
  std::vector<Rejection> rejections;  // no_split, no_frontal_view: one a study
};
Selection select_images(std::vector<SourceImage> candidates, const PrepareConfig& config);

// Patients whose pictures are in more than one split.
size_t count_leaking_patients(const std::vector<SourceImage>& images);

}  // namespace radgen

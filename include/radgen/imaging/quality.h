// Is this a frontal adult chest film? Judged by its pixels, with the tags as a hint, and quality
// flags.
#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "radgen/imaging/film.h"

namespace radgen {

struct ChestJudgement {
  bool is_reportable = false;
  // code when not: "blank", "low_contrast", "noise", "not_a_chest_film", "lateral_view",
  // "too_small", "for_processing"
  std::string reason;
  std::string message;  // a sentence for people
  // Reportable: "tags_say_lateral", "tags_say_other_body_part", "unusual_lung_fields",
  // "low_contrast", "dark_image"; not: "possibly_rotated", "possibly_inverted".
  std::vector<std::string> warnings;
  // What it was judged by (each documented in quality.cpp), for the log and for tuning on data.
  std::vector<std::pair<std::string, double>> features;
};

struct JudgementOptions {
  // false: a detector's raw image is refused (reason "for_processing"); a network that learnt from
  // processed ones says something about it that nobody can rely on
  bool takes_for_processing = false;
};
ChestJudgement judge_chest_film(const Film& film, const JudgementOptions& options = {});

}  // namespace radgen

// Drawing a phantom film: anatomy, attenuation along the ray, physics, findings, distractors.
//
//   // fills in box, outline, is_visible, contrast in truth.findings, and truth.anatomy
//   DrawnFilm film = draw_film(truth, 512, seed);
//
// Deterministic from (truth, long side, seed), whatever the thread. Uses one thread; run studies
// side by side.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>

#include "radgen/phantom/truth.h"

namespace radgen::phantom {

struct DrawnFilm {
  // CV_16UC1, as it goes into PixelData (before MONOCHROME1 inversion is undone)
  cv::Mat stored;
  int bits_stored = 12;
  bool is_monochrome1 = false;
  bool has_window = false;
  double window_center = 0, window_width = 0;
  double spacing_mm = 0.15;  // ImagerPixelSpacing of `stored` at this size
};

// `long_side_px`: the longer side in pixels (the field is 350 x 430 mm).
DrawnFilm draw_film(StudyTruth& truth, int long_side_px, uint64_t seed);

}  // namespace radgen::phantom

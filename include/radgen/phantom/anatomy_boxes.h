// Where a phantom's anatomy lies on its film: a box around each place that reports speak of, under
// the names of report/anatomy.h. The phantom knows every outline, so these are exact.
//
//   truth.anatomy = anatomy_boxes(scene, map, film_size);   // upright film pixels
//
// A place of which less than half is on the film (a costophrenic angle that was cut off) has none.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "radgen/phantom/scene.h"

namespace radgen::phantom {

// `map`: canvas pixels to film pixels, 2 x 3, as cv::warpAffine takes it.
std::vector<AnatomyBox> anatomy_boxes(const Scene& scene, const cv::Mat& map, cv::Size film);

}  // namespace radgen::phantom

// The black border that an X-ray tube's collimator leaves around the exposed field.
//
//   const cv::Rect field = exposed_field(film.pixels);  // the whole image when there is none
//   Affine to_field = Affine::scale_shift(1, 1, -field.x, -field.y);
//
// A line of pixels at an edge belongs to the border when at least 95 of 100 of its pixels are below
// 4 % of the brightest tissue (the 99th percentile): side markers in the border may be bright, the
// air beside a patient is not that dark over a whole line. What would leave less than half of a
// side is not taken for a border. Straight, axis-parallel borders only: tilted fields keep theirs.
#pragma once

#include <opencv2/core.hpp>

namespace radgen {

// `image` CV_16UC1.
cv::Rect exposed_field(const cv::Mat& image);

}  // namespace radgen

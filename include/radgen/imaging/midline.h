// Where the patient's middle lies on a frontal film, so that "left" and "right" of a sentence can
// be told apart in its pixels although the patient stands aside or the film was moved.
//
//   const double x = chest_midline_px(image);   // the patient's right lies left of it
#pragma once

#include <opencv2/core.hpp>

namespace radgen {

// The bright column between the two lungs of an upright film (CV_16UC1), in pixels from its left
// edge; the image's own middle where no such column stands out.
double chest_midline_px(const cv::Mat& image);

}  // namespace radgen

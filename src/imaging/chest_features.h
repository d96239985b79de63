// What a frontal chest film shows on 128 x 128 pixels: two dark lung fields left and right of a
// bright column, walls outside, abdomen below. Each feature is one such claim; quality.cpp decides.
#pragma once

#include <opencv2/core.hpp>

namespace radgen {

struct ChestFeatures {
  // Of the image as it is, not stretched.
  double contrast = 0;    // 98th minus 2nd percentile, 0..1: a blank image has almost none
  double bright_end = 0;  // 98th percentile, 0..1: of an underexposed image it is low
  double roughness = 0;   // mean difference of neighbouring pixels (in contrasts): noise has much
  double smooth_share =
      0;  // share of the variance that is left after blurring by 2 of 128 pixels: noise has little
  double distinct_levels = 0;  // share of 64 grey levels that hold pixels: test patterns have few

  // Of the equalised image; brightness 0..1, so differences are in shares of the image's
  // pixels.
  double ridge =
      0;  // central column above the brighter of the two lung columns, mean of rows .25 to .65
  double middle = 0;      // where that column is, share of the width
  double half_width = 0;  // lung column's distance from it, share of the width
  double symmetry = 0;    // correlation of the left half with the mirrored right half about it
  double lungs_dark_left = 0,
         lungs_dark_right = 0;  // share of rows .2 to .75 where the lung is darker than the column
  double wall = 0;   // brightest place outside of the lungs above the lungs, the weaker side
  int valleys = 0;   // dark stripes between bright ones in rows .25 to .65: lungs are two, fingers
                     // and teeth more
  double below = 0;  // brightness under the lungs above that of the lungs
};

// `image` CV_16UC1 of any size.
ChestFeatures chest_features(const cv::Mat& image);

}  // namespace radgen

#include "radgen/imaging/midline.h"

#include "imaging/chest_features.h"

namespace radgen {

double chest_midline_px(const cv::Mat& image) {
  // How far the column must stand out of the lungs before it is believed, share of the grey levels.
  constexpr double kLeastRidge = 0.15;
  const ChestFeatures features = chest_features(image);
  const double share = features.ridge >= kLeastRidge ? features.middle : 0.5;
  return share * image.cols;
}

}  // namespace radgen

#include "radgen/imaging/letterbox.h"

#include "radgen/imaging/image.h"

namespace radgen {

Letterbox make_letterbox(const cv::Mat& image, const ModelInputConfig& config) {
  RADGEN_CHECK(image.type() == CV_16UC1, "a letterbox is made from 16-bit grey");
  Fitted fitted =
      fit_letterbox(image, static_cast<int>(config.width_px), static_cast<int>(config.height_px));
  return {normalise_input(fitted.image, config), fitted.transform, fitted.content};
}

cv::Mat normalise_input(const cv::Mat& fitted, const ModelInputConfig& config) {
  cv::Mat input;
  fitted.convertTo(input, CV_32F, 1.0 / (65535.0 * config.sd), -config.mean / config.sd);
  return input;
}

}  // namespace radgen

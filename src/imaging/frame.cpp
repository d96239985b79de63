#include "radgen/imaging/frame.h"

#include "radgen/imaging/picture.h"

namespace radgen {

Frame make_frame(const cv::Mat& picture, const FrameConfig& config) {
  RADGEN_CHECK(picture.type() == CV_16UC1, "a frame is made from 16-bit grey");
  Fitted fitted =
      fit_frame(picture, static_cast<int>(config.width_px), static_cast<int>(config.height_px));
  return {normalise_frame(fitted.picture, config), fitted.transform, fitted.content};
}

cv::Mat normalise_frame(const cv::Mat& fitted, const FrameConfig& config) {
  cv::Mat input;
  fitted.convertTo(input, CV_32F, 1.0 / (65535.0 * config.sd), -config.mean / config.sd);
  return input;
}

}  // namespace radgen

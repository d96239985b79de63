// The network's input frame: one prepared picture fitted into a fixed frame and normalised.
// Training and inference go through the same function, and its settings travel in the model folder.
//
//   Frame frame = make_frame(picture16, config);
//   Box in_picture = frame.picture_to_frame.inverse().apply(box_in_frame);
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <string>

#include "radgen/core/config.h"
#include "radgen/core/geometry.h"

namespace radgen {

struct FrameConfig {
  int64_t height_px = 320, width_px = 256;
  // what the pictures were resized to before the frame; 0: as they came
  int64_t prepared_long_side_px = 512;
  double mean = 0.5, sd = 0.25;  // of grey values in 0..1
  std::string photometric =
      "voi";  // what the pictures were prepared with; inference applies the same
};
inline void describe(Fields& f, FrameConfig& c) {
  f.field("height_px", c.height_px, {.help = "frame height", .min = 16, .max = 8192, .unit = "px"});
  f.field("width_px", c.width_px, {.help = "frame width", .min = 16, .max = 8192, .unit = "px"});
  f.field("prepared_long_side_px", c.prepared_long_side_px,
          {.help = "long side of the prepared pictures; 0: taken from the data set",
           .min = 0,
           .max = 8192,
           .unit = "px"});
  f.field("mean", c.mean, {.help = "subtracted from grey values in 0..1", .min = 0, .max = 1});
  f.field("sd", c.sd, {.help = "divides what is left", .min = 1e-3, .max = 10});
  f.field("photometric", c.photometric,
          {.help = "photometric convention of the pictures", .choices = {"voi", "mimic-jpg"}});
}

struct Frame {
  cv::Mat input;            // CV_32FC1, height x width, normalised; padding is black
  Affine picture_to_frame;  // prepared-picture pixels -> frame pixels
  Box content;              // the picture's rectangle in the frame
};
// picture: CV_16UC1 (0..65535).
Frame make_frame(const cv::Mat& picture, const FrameConfig& config);
// The same normalisation for a frame that is already fitted (a cached one): CV_16UC1 -> CV_32FC1.
cv::Mat normalise_frame(const cv::Mat& fitted, const FrameConfig& config);

}  // namespace radgen

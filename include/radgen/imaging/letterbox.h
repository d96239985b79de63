// The network's input: one prepared image fitted into a fixed size (letterbox) and normalised.
// Training and inference go through the same function, and its settings travel in the model folder.
//
//   Letterbox letterbox = make_letterbox(image16, config);
//   Box in_image = letterbox.image_to_input.inverse().apply(box_in_input);
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <string>

#include "radgen/core/config.h"
#include "radgen/core/geometry.h"
#include "radgen/imaging/preparation.h"

namespace radgen {

struct ModelInputConfig {
  int64_t height_px = 320, width_px = 256;
  double mean = 0.5, sd = 0.25;  // of grey values in 0..1
  // how the images were prepared that the network learnt from; inference applies the same
  PreparationConfig preparation;
};
inline void describe(Fields& f, ModelInputConfig& c) {
  f.field("height_px", c.height_px, {.help = "input height", .min = 16, .max = 8192, .unit = "px"});
  f.field("width_px", c.width_px, {.help = "input width", .min = 16, .max = 8192, .unit = "px"});
  f.field("mean", c.mean, {.help = "subtracted from grey values in 0..1", .min = 0, .max = 1});
  f.field("sd", c.sd, {.help = "divides what is left", .min = 1e-3, .max = 10});
  f.section("preparation", c.preparation);
}

struct Letterbox {
  cv::Mat input;          // CV_32FC1, height x width, normalised; padding is black
  Affine image_to_input;  // prepared-image pixels -> input pixels
  Box content;            // the image's rectangle in the input
};
// image: CV_16UC1 (0..65535).
Letterbox make_letterbox(const cv::Mat& image, const ModelInputConfig& config);
// The same normalisation for an input that is already fitted (a cached one): CV_16UC1 -> CV_32FC1.
cv::Mat normalise_input(const cv::Mat& fitted, const ModelInputConfig& config);

}  // namespace radgen

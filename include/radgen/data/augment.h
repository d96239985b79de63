// Augmentation that keeps the words true: small turns, sizes and shifts, grey values, noise. Never
// a mirror: left and right are in the report. Boxes move with the pixels, since both go through
// `input_to_augmented`.
//
//   const uint64_t sample = hash_text(image_id);
//   const Augmentation a =
//       draw_augmentation(config, input.cols, input.rows, seed, epoch, sample);
//   cv::Mat augmented = apply_augmentation(input, a);
//
// The draw depends on (seed, epoch, sample) only, not on the order or the thread.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>

#include "radgen/core/config.h"
#include "radgen/core/geometry.h"

namespace radgen {

struct AugmentConfig {
  bool enabled = true;
  double rotate_degrees = 5;
  double scale = 0.1;
  double shift = 0.05;
  double gamma = 0.2;
  double contrast = 0.15;
  double brightness = 0.08;
  double noise_sd = 0.02;
  double erase_probability = 0;
  double erase_share = 0.05;
};
inline void describe(Fields& f, AugmentConfig& c) {
  f.field("enabled", c.enabled, {.help = "false: pictures as they are"});
  f.field("rotate_degrees", c.rotate_degrees,
          {.help = "turned by up to so much either way", .min = 0, .max = 15, .unit = "degrees"});
  f.field("scale", c.scale, {.help = "sized by 1 -+ so much", .min = 0, .max = 0.5});
  f.field("shift", c.shift,
          {.help = "moved by up to so much of the input's sides", .min = 0, .max = 0.3});
  f.field("gamma", c.gamma,
          {.help = "grey = grey ^ e^g, g up to so much either way", .min = 0, .max = 1});
  f.field("contrast", c.contrast,
          {.help = "spread around .5 by 1 -+ so much", .min = 0, .max = 0.9});
  f.field("brightness", c.brightness,
          {.help = "added to grey values in 0..1, up to so much either way", .min = 0, .max = 0.5});
  f.field("noise_sd", c.noise_sd,
          {.help = "largest standard deviation of the noise, grey values in 0..1",
           .min = 0,
           .max = 0.5});
  f.field("erase_probability", c.erase_probability,
          {.help = "share of pictures in which a rectangle becomes grey; it may hide a finding",
           .min = 0,
           .max = 1});
  f.field("erase_share", c.erase_share,
          {.help = "largest area of it, of the input", .min = 0, .max = 0.5});
}

struct Augmentation {
  Affine input_to_augmented;  // input pixels (edges) -> augmented input pixels
  double gamma = 1, contrast = 1, brightness = 0, noise_sd = 0;
  Box erased;  // in the augmented input; empty: none
  uint64_t noise_seed = 0;
};
Augmentation draw_augmentation(const AugmentConfig& config, int width_px, int height_px,
                               uint64_t seed, uint64_t epoch, uint64_t sample);

// CV_16UC1 -> CV_16UC1 of the same size. What comes in from outside the input is 0; grey value 0
// stays 0 before the noise, so that padding keeps looking like padding. One thread.
cv::Mat apply_augmentation(const cv::Mat& input, const Augmentation& augmentation);

}  // namespace radgen

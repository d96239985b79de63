// A film made into what it is not, to see whether a model notices: blank, noise, mirrored, one
// region hidden.
//
//   const cv::Mat blurred = strongly_blurred(image);                       // once an image
//   // that region shows no structure any more
//   const cv::Mat hidden = with_hidden_region(image, blurred, box);
//
// Images are CV_16UC1, upright, and keep their size; boxes are in their pixels. Nothing is
// changed in place. An empty image is a programmer's error.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>

#include "radgen/core/geometry.h"

namespace radgen {

// Every pixel is the image's mean: as bright as the film, and nothing on it.
cv::Mat blank_image(const cv::Mat& image);

// Every pixel is drawn alone from a normal distribution with the image's mean and deviation. The
// same for the same seed.
cv::Mat noise_image(const cv::Mat& image, uint64_t seed);

// Left and right swapped.
cv::Mat mirrored_image(const cv::Mat& image);

// Blurred by a Gaussian of a tenth of the long side: brightness stays, organs go.
cv::Mat strongly_blurred(const cv::Mat& image);

// `image` with `blurred` in the box. Outside of the box the weight of `blurred` falls from 1 to 0
// smoothly over a fiftieth of the long side, so that hiding draws no edge that a network could see.
// The box may reach beyond the image.
cv::Mat with_hidden_region(const cv::Mat& image, const cv::Mat& blurred, const Box& box);

// CV_8UC1 of the image's size, 255 where the body is, its lungs included: the largest part that
// is brighter than a tenth of the 99th percentile, without its holes. The whole image where that
// part is under a tenth of it.
cv::Mat body_mask(const cv::Mat& image);

}  // namespace radgen

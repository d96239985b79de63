// From stored pixel words to a grey image: mask, modality, VOI, inversion (PS3.3 C.7.6.3, C.11.1,
// C.11.2). All steps are functions of one stored value, so they are tabulated once and the image
// is mapped through the table.
#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "imaging/dicom_header.h"
#include "imaging/pixel_decode.h"

namespace radgen {

// Share of pixels at each end that an image without window or VOI table gives up to black and
// white.
constexpr double kPercentileShare = 0.005;

// CV_16UC1, 0 dark .. 65535 bright, air dark. Without a usable window or VOI table the range from
// the 0.5th to the 99.5th percentile is stretched, padding pixels not counted. Padding pixels
// become black. Failure: flat_image.
Result<cv::Mat> gray_from_stored(const StoredPixels& stored, const PixelFormat& format,
                                 const GrayTransform& gray, std::vector<std::string>& warnings);

// The way of MIMIC-CXR-JPG: stored values min-max to 8 bit, inverted for MONOCHROME1, histogram
// equalised; no modality or VOI transform. CV_16UC1 (8-bit values x 257). Failure: flat_image.
Result<cv::Mat> mimic_jpg_from_stored(const StoredPixels& stored, const PixelFormat& format,
                                      bool is_inverse);

// One modality value through a window: 0..1 (C.11.2.1.2.1 to C.11.2.1.3).
double apply_window(const Window& window, double value);

}  // namespace radgen

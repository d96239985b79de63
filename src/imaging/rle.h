// DICOM's run length encoding (PS3.5 annex G) for grey images of 8 or 16 bits.
#pragma once

#include <opencv2/core.hpp>
#include <string_view>

#include "imaging/dicom_header.h"

namespace radgen {

// CV_16UC1. Failure corrupt_compressed_data: the header or a segment's place is impossible, or a
// segment ends before the image is full. Flipped bytes of literal runs cannot be seen.
Result<cv::Mat> decode_rle(std::string_view frame, const PixelFormat& format);

}  // namespace radgen

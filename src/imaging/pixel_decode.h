// The stored pixel words of a DICOM film's one frame, whatever the transfer syntax: native, RLE,
// JPEG, JPEG-LS by DCMTK, JPEG 2000 by OpenJPEG. Lengths and the codestream's own size are checked
// before anything is allocated or decoded, and a decoder that complains about damaged data is
// believed: a cut or damaged file is a failure, never an image of padding.
//
// What cannot be seen: damage that is a valid code stream again (a flipped bit inside a coefficient
// of a JPEG, in uncompressed pixels, or in RLE literals). DICOM holds no checksum.
#pragma once

#include <opencv2/core.hpp>

#include "imaging/dicom_header.h"
#include "imaging/dicom_outline.h"

namespace radgen {

struct StoredPixels {
  cv::Mat words;  // CV_16UC1, the cells of PixelData; bits outside of the stored ones may be dirty
  bool may_overshoot =
      false;  // a lossy decoder may leave values above 2^bits_stored - 1: clamp, do not mask
  std::vector<std::string> warnings;
};

// Failures: unsupported_transfer_syntax, truncated_pixel_data, corrupt_compressed_data, too_large.
Result<StoredPixels> decode_pixels(const DicomOutline& outline, const PixelFormat& format);

}  // namespace radgen

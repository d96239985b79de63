// JPEG 2000 code streams (DICOM transfer syntaxes .90 and .91) by OpenJPEG, from memory, in strict
// mode: a code stream that ends early is a failure.
#pragma once

#include <opencv2/core.hpp>
#include <string_view>

#include "imaging/dicom_header.h"

namespace radgen {

// `codestream` may be wrapped in a JP2 container, which some writers leave in. The result holds
// two's complement words of the format's signedness. `has_sign_mismatch`: code stream and
// PixelRepresentation disagree; the header is believed about the meaning of the bits. Failures:
// corrupt_compressed_data, too_large, not_grayscale.
struct Jpeg2000Pixels {
  cv::Mat words;  // CV_16UC1
  bool has_sign_mismatch = false;
};
Result<Jpeg2000Pixels> decode_jpeg2000(std::string_view codestream, const PixelFormat& format);

}  // namespace radgen

// What the markers of a JPEG, JPEG lossless or JPEG-LS stream say, without decoding it (ITU-T T.81
// annex B, T.87 annex C).
#pragma once

#include <optional>
#include <string_view>

namespace radgen {

struct JpegFrame {
  int precision = 0, height = 0, width = 0, components = 0;
};

// The frame header (SOF0 to SOF15, SOF55); nothing when the stream is no JPEG or breaks off before
// it.
std::optional<JpegFrame> find_jpeg_frame(std::string_view stream);

// Whether the end marker stands at the end; zeros behind it (padding to an even length) are
// allowed.
bool ends_with_jpeg_end(std::string_view stream);

// Whether an end marker stands anywhere behind the frame header: cameras append thumbnails and
// notes.
bool holds_jpeg_end(std::string_view stream);

}  // namespace radgen

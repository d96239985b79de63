// What the markers of a JPEG, JPEG lossless or JPEG-LS stream say, without decoding it (ITU-T T.81
// annex B, T.87 annex C).
#pragma once

#include <optional>
#include <string_view>

namespace radgen {

struct JpegFrame {
  int precision = 0, height = 0, width = 0, components = 0;
  bool is_lossless = false;  // T.81's lossless process, not JPEG-LS
  bool is_jpeg_ls = false;
};

// The frame header (SOF0 to SOF15, SOF55); nothing when the stream is no JPEG or breaks off before
// it.
std::optional<JpegFrame> find_jpeg_frame(std::string_view stream);

// Whether every Huffman table, also between scans, can be what an encoder wrote: symbols of the DC
// class say a number of bits, at most 15 (T.81 F.1.2.1.2), 16 in the lossless process with more
// than 12 bits (H.1.2.2). libijg up to DCMTK 3.7.0 decodes by others out of its buffer
// (CVE-2026-44038). Not for JPEG-LS, which has none.
bool has_sound_huffman_tables(std::string_view stream);

// The TIFF structure of the first Exif segment in front of the image (CIPA DC-008 4.5.4); empty:
// none.
std::string_view find_exif(std::string_view stream);

// Whether the end marker stands at the end; zeros behind it (padding to an even length) are
// allowed.
bool ends_with_jpeg_end(std::string_view stream);

// Whether an end marker stands anywhere behind the frame header: cameras append thumbnails and
// notes.
bool holds_jpeg_end(std::string_view stream);

}  // namespace radgen

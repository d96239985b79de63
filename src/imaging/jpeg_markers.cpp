#include "imaging/jpeg_markers.h"

#include <cstdint>

namespace radgen {
namespace {

int byte_at(std::string_view s, size_t at) { return static_cast<uint8_t>(s[at]); }
int word_at(std::string_view s, size_t at) { return byte_at(s, at) << 8 | byte_at(s, at + 1); }

// SOF markers are C0 to CF without DHT (C4), JPG (C8) and DAC (CC); JPEG-LS uses F7.
bool is_frame_marker(int marker) {
  if (marker == 0xF7) return true;
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

}  // namespace

std::optional<JpegFrame> find_jpeg_frame(std::string_view stream) {
  if (!stream.starts_with("\xFF\xD8")) return std::nullopt;
  size_t at = 2;
  while (at + 4 <= stream.size()) {
    if (byte_at(stream, at) != 0xFF) return std::nullopt;
    const int marker = byte_at(stream, at + 1);
    if (marker == 0xFF) {  // fill byte
      ++at;
      continue;
    }
    if (marker == 0xD9 || marker == 0xDA) return std::nullopt;  // end or scan before any frame
    const size_t length = static_cast<size_t>(word_at(stream, at + 2));
    if (is_frame_marker(marker)) {
      if (length < 8 || at + 10 > stream.size()) return std::nullopt;
      return JpegFrame{byte_at(stream, at + 4), word_at(stream, at + 5), word_at(stream, at + 7),
                       byte_at(stream, at + 9)};
    }
    if (length < 2) return std::nullopt;
    at += 2 + length;
  }
  return std::nullopt;
}

bool ends_with_jpeg_end(std::string_view stream) {
  while (!stream.empty() && (stream.back() == '\0' || stream.back() == '\xFF'))
    stream.remove_suffix(1);
  return stream.ends_with("\xFF\xD9");
}

bool holds_jpeg_end(std::string_view stream) {
  // A thumbnail in the header has an end of its own: only what follows the last scan header counts.
  const size_t scan = stream.rfind("\xFF\xDA");
  return scan != std::string_view::npos && stream.find("\xFF\xD9", scan) != std::string_view::npos;
}

}  // namespace radgen

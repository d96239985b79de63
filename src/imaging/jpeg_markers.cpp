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
      // SOF3, 7, 11 and 15.
      const bool is_lossless = marker != 0xF7 && (marker & 3) == 3;
      return JpegFrame{byte_at(stream, at + 4),
                       word_at(stream, at + 5),
                       word_at(stream, at + 7),
                       byte_at(stream, at + 9),
                       is_lossless,
                       marker == 0xF7};
    }
    if (length < 2) return std::nullopt;
    at += 2 + length;
  }
  return std::nullopt;
}

namespace {

constexpr int kStart = 0xD8, kEnd = 0xD9, kScan = 0xDA, kHuffmanTables = 0xC4;

struct Segment {
  int marker = 0;
  std::string_view content;  // behind the length
};

// The marker segments of a stream, those between its scans included (T.81 B.1.1.2). False from
// `visit` ends the walk; the result says whether no segment reaches beyond the stream.
template <typename Visit>
bool for_each_segment(std::string_view stream, const Visit& visit) {
  size_t at = stream.starts_with("\xFF\xD8") ? 2 : 0;
  while (true) {
    // Entropy-coded bytes, stuffed zeros, fill bytes and restart markers are stepped over.
    at = stream.find('\xFF', at);
    if (at == std::string_view::npos || at + 1 >= stream.size()) return true;
    const int marker = byte_at(stream, at + 1);
    const bool stands_alone = marker == 0 || marker == 0x01 || (marker >= 0xD0 && marker <= kStart);
    if (marker == 0xFF || stands_alone) {
      at += marker == 0xFF ? 1 : 2;
      continue;
    }
    if (marker == kEnd) return true;
    if (at + 4 > stream.size()) return false;
    const size_t length = static_cast<size_t>(word_at(stream, at + 2));
    if (length < 2 || length > stream.size() - at - 2) return false;
    if (!visit(Segment{marker, stream.substr(at + 4, length - 2)})) return true;
    at += 2 + length;
  }
}

// Each table: class and place, sixteen counts of codes by their length, the codes' symbols (T.81
// B.2.4.2). False for what overruns the segment or holds more codes than there are.
bool are_huffman_tables_sound(std::string_view tables, int largest_dc_symbol) {
  while (!tables.empty()) {
    if (tables.size() < 17) return false;
    const int kind = byte_at(tables, 0);
    if (kind >> 4 > 1 || (kind & 15) > 3) return false;
    size_t count = 0;
    int free_codes = 1;  // of the present length
    for (size_t length = 1; length <= 16; ++length) {
      const int codes = byte_at(tables, length);
      free_codes = 2 * free_codes - codes;
      if (free_codes < 0) return false;
      count += static_cast<size_t>(codes);
    }
    if (count > 256 || count > tables.size() - 17) return false;
    const bool is_dc = kind >> 4 == 0;
    for (size_t i = 0; is_dc && i < count; ++i)
      if (byte_at(tables, 17 + i) > largest_dc_symbol) return false;
    tables.remove_prefix(17 + count);
  }
  return true;
}

}  // namespace

bool has_sound_huffman_tables(std::string_view stream) {
  const std::optional<JpegFrame> frame = find_jpeg_frame(stream);
  if (!frame) return false;
  const int largest = frame->is_lossless && frame->precision > 12 ? 16 : 15;
  bool are_sound = true;
  const bool is_whole = for_each_segment(stream, [&](const Segment& segment) {
    are_sound =
        segment.marker != kHuffmanTables || are_huffman_tables_sound(segment.content, largest);
    return are_sound;
  });
  return are_sound && is_whole;
}

std::string_view find_exif(std::string_view stream) {
  constexpr std::string_view kName("Exif\0\0", 6);
  std::string_view exif;
  for_each_segment(stream, [&](const Segment& segment) {
    if (segment.marker == kScan) return false;
    if (segment.marker != 0xE1 || !segment.content.starts_with(kName)) return true;
    exif = segment.content.substr(kName.size());
    return false;
  });
  return exif;
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

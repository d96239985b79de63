#include "imaging/dicom_outline.h"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>

#include "imaging/dicom_bytes.h"

namespace radgen {
namespace {

constexpr std::string_view kImplicitSyntax = "1.2.840.10008.1.2";
constexpr std::string_view kExplicitSyntax = "1.2.840.10008.1.2.1";
constexpr std::string_view kDeflatedSyntax = "1.2.840.10008.1.2.1.99";
constexpr std::string_view kBigEndianSyntax = "1.2.840.10008.1.2.2";
constexpr uint32_t kPixelDataTag = 0x7FE00010;

// Texts and numbers longer than this are no film's; LUT sequences hold up to 65,536 entries of two
// bytes each.
constexpr size_t kMaxValueBytes = 4096, kMaxSequenceBytes = size_t{1} << 20;

// What a film needs of its header, sorted by tag; docs/dicom.md says where each fact goes.
constexpr std::array<HeaderFact, 46> kHeaderFacts = {{
    {0x00080005, "CS"}, {0x00080016, "UI"}, {0x00080018, "UI"}, {0x00080020, "DA"},
    {0x00080030, "TM"}, {0x00080050, "SH"}, {0x00080060, "CS"}, {0x00080068, "CS"},
    {0x00080090, "PN"}, {0x00100010, "PN"}, {0x00100020, "LO"}, {0x00100030, "DA"},
    {0x00100040, "CS"}, {0x00101010, "AS"}, {0x00180015, "CS"}, {0x00181114, "DS"},
    {0x00181164, "DS"}, {0x00182010, "DS"}, {0x00185101, "CS"}, {0x0020000D, "UI"},
    {0x0020000E, "UI"}, {0x00200010, "SH"}, {0x00200020, "CS"}, {0x00204000, "LT"},
    {0x00280002, "US"}, {0x00280004, "CS"}, {0x00280008, "IS"}, {0x00280010, "US"},
    {0x00280011, "US"}, {0x00280030, "DS"}, {0x00280034, "IS"}, {0x00280100, "US"},
    {0x00280101, "US"}, {0x00280102, "US"}, {0x00280103, "US"}, {0x00280120, "US"},
    {0x00280121, "US"}, {0x00280A02, "CS"}, {0x00281050, "DS"}, {0x00281051, "DS"},
    {0x00281052, "DS"}, {0x00281053, "DS"}, {0x00281056, "CS"}, {0x00283000, "SQ"},
    {0x00283010, "SQ"}, {0x20500020, "CS"},
}};

Failure truncated(size_t at) {
  return {"truncated_file",
          fmt::format("the file ends inside an element of its header (byte {})", at)};
}
Failure malformed(size_t at) {
  return {"corrupt_header", fmt::format("no DICOM data element at byte {}", at)};
}
Failure truncated_pixels() {
  return {"truncated_pixel_data",
          "the file ends inside its pixel data: it was cut while it was copied or written"};
}
Failure too_deep(int limit) {
  return {"nesting_too_deep", fmt::format("sequences are nested more than {} deep", limit)};
}

// What the first bytes of a data set look like, whatever its transfer syntax says.
DicomEncoding sniff_encoding(std::string_view data_set, DicomEncoding stated) {
  if (data_set.size() < 8) return stated;
  const auto is_between = [&](char low, char high) {
    return data_set[4] >= low && data_set[4] <= high && data_set[5] >= low && data_set[5] <= high;
  };
  if (!is_between('A', 'Z')) {
    // A blank or lower-case VR where an explicit one is stated, unless it is an implicit length.
    const bool is_no_length = read_u32(data_set, 4, false) > data_set.size() - 8;
    const bool is_odd_vr =
        stated != DicomEncoding::kImplicitLittle && (is_between('a', 'z') || is_no_length);
    return is_odd_vr ? stated : DicomEncoding::kImplicitLittle;
  }
  // Data sets begin with a low group (0008): its zero byte tells the byte order.
  const bool is_big = data_set[0] == 0 && data_set[1] != 0;
  return is_big ? DicomEncoding::kExplicitBig : DicomEncoding::kExplicitLittle;
}

std::string_view syntax_of(DicomEncoding encoding) {
  if (encoding == DicomEncoding::kImplicitLittle) return kImplicitSyntax;
  return encoding == DicomEncoding::kExplicitBig ? kBigEndianSyntax : kExplicitSyntax;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\0' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

struct Start {
  size_t data_set_at = 0;
  std::string transfer_syntax;  // empty: none stated
  std::vector<std::string> warnings;
};

// Steps over the file meta information (PS3.10 7.1), whose own group length is often wrong and not
// used.
Result<Start> read_meta(std::string_view bytes) {
  Start start;
  if (bytes.size() >= 132 && bytes.substr(128, 4) == "DICM") {
    start.data_set_at = 132;
  } else if (bytes.size() >= 4 && bytes.substr(0, 4) == "DICM") {
    start.data_set_at = 4;
    start.warnings.push_back("no_preamble");
  } else {
    start.warnings.push_back("no_preamble");
  }
  const bool is_marked = start.data_set_at != 0;
  size_t at = start.data_set_at;
  while (at + 8 <= bytes.size() && read_u16(bytes, at, false) == 0x0002) {
    ElementHeader header;
    const DicomEncoding encoding = sniff_encoding(bytes.substr(at), DicomEncoding::kExplicitLittle);
    if (read_element_header(bytes, at, bytes.size(), encoding, header) != HeaderProblem::kNone ||
        header.length > bytes.size() - header.value_at)
      return truncated(at);
    if (header.element == 0x0010)
      start.transfer_syntax = trimmed(bytes.substr(header.value_at, header.length));
    at = header.value_at + header.length;
  }
  const bool has_meta = at != start.data_set_at;
  start.data_set_at = at;
  if (is_marked && at + 8 > bytes.size()) return truncated(at);
  if (!is_marked && !has_meta) {
    const bool starts_like_a_data_set = bytes.size() >= 8 && (read_u16(bytes, 0, false) == 0x0008 ||
                                                              read_u16(bytes, 0, true) == 0x0008);
    if (!starts_like_a_data_set)
      return Failure{"not_dicom", "neither a DICOM file nor a PNG or JPEG picture"};
  }
  return start;
}

// Raw deflate (PS3.5 A.5), stopped at the limit: a few kilobytes can hold gigabytes of zeros.
Result<std::vector<char>> inflate_data_set(std::string_view deflated, size_t max_bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return Failure{"corrupt_compressed_data", "zlib cannot start"};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(deflated.data()));
  stream.avail_in = static_cast<uInt>(deflated.size());
  std::vector<char> inflated;
  std::vector<char> chunk(size_t{1} << 18);
  int status = Z_OK;
  while (status == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = static_cast<uInt>(chunk.size());
    status = inflate(&stream, Z_NO_FLUSH);
    inflated.insert(inflated.end(), chunk.begin(), chunk.end() - stream.avail_out);
    if (inflated.size() > max_bytes) break;
  }
  inflateEnd(&stream);
  if (inflated.size() > max_bytes)
    return Failure{"too_large",
                   fmt::format("the deflated data set is larger than {} bytes", max_bytes)};
  if (status == Z_BUF_ERROR) return Failure{"truncated_file", "the deflated data set ends early"};
  if (status != Z_STREAM_END)
    return Failure{"corrupt_compressed_data", "the deflated data set is damaged"};
  return inflated;
}

// Collects the fragments of encapsulated pixel data (PS3.5 A.4); the first item is the offset
// table.
Result<size_t> read_fragments(std::string_view bytes, size_t at, bool is_big,
                              std::vector<std::string_view>& fragments) {
  bool is_offset_table = true;
  while (true) {
    if (at + 8 > bytes.size()) return truncated_pixels();
    const uint32_t tag =
        static_cast<uint32_t>(read_u16(bytes, at, is_big)) << 16 | read_u16(bytes, at + 2, is_big);
    const uint32_t length = read_u32(bytes, at + 4, is_big);
    at += 8;
    if (tag == kSequenceEnd) return at;
    if (tag != kItem)
      return Failure{"corrupt_compressed_data",
                     "the compressed pixel data is not a list of fragments"};
    if (length > bytes.size() - at) return truncated_pixels();
    if (!is_offset_table) fragments.push_back(bytes.substr(at, length));
    is_offset_table = false;
    at += length;
  }
}

// Walks the top level of the data set up to the pixel data.
class TopLevel {
 public:
  TopLevel(std::string_view bytes, const OutlineLimits& limits, DicomOutline& outline)
      : bytes_(bytes), limits_(limits), outline_(outline) {}

  std::optional<Failure> run() {
    while (at_ < bytes_.size() && !outline_.has_pixel_data) {
      if (is_only_padding()) break;
      ElementHeader header;
      const HeaderProblem problem =
          read_element_header(bytes_, at_, bytes_.size(), outline_.encoding, header);
      if (problem == HeaderProblem::kTruncated) return truncated(at_);
      if (problem == HeaderProblem::kMalformed) return malformed(at_);
      if (header.group == 0xFFFE) return malformed(at_);
      auto failure = header.tag() == kPixelDataTag ? read_pixel_data(header) : step_over(header);
      if (failure) return failure;
    }
    return std::nullopt;
  }

 private:
  // Zeros behind the last element: a file rounded up to a block.
  bool is_only_padding() const {
    return bytes_[at_] == 0 && bytes_.find_first_not_of('\0', at_) == std::string_view::npos;
  }

  std::optional<Failure> read_pixel_data(const ElementHeader& header) {
    const bool is_big = outline_.encoding == DicomEncoding::kExplicitBig;
    size_t end = header.value_at;
    if (header.length == kUndefinedLength) {
      const Result<size_t> behind =
          read_fragments(bytes_, header.value_at, is_big, outline_.fragments);
      if (!behind) return behind.failure();
      end = *behind;
      outline_.is_encapsulated = true;
    } else {
      if (header.length > bytes_.size() - header.value_at) return truncated_pixels();
      end += header.length;
    }
    outline_.pixel_data = element(header, end);
    outline_.has_pixel_data = true;
    at_ = end;
    return std::nullopt;
  }

  std::optional<Failure> step_over(const ElementHeader& header) {
    const bool is_undefined = header.length == kUndefinedLength;
    if (!is_undefined && header.length > bytes_.size() - header.value_at) return truncated(at_);
    size_t end = header.value_at + (is_undefined ? 0 : header.length);
    const bool has_unknown_vr = !header.vr.empty() && !is_known_vr(header.vr);
    if (has_unknown_vr) note_unknown_vr();
    bool is_plain = true;
    if (is_undefined || header.vr == "SQ" || holds_item(header)) {
      const DicomEncoding inner =
          header.vr == "UN" ? DicomEncoding::kImplicitLittle : outline_.encoding;
      const SequenceWalk walk =
          walk_sequence(bytes_, header.value_at, header.length, inner, limits_.max_nesting);
      if (walk.outcome == SequenceWalk::Outcome::kTooDeep) return too_deep(limits_.max_nesting);
      if (walk.outcome == SequenceWalk::Outcome::kTruncated) return truncated(walk.end);
      if (walk.outcome == SequenceWalk::Outcome::kMalformed) return malformed(walk.end);
      end = walk.end;
      is_plain = !has_unknown_vr && walk.is_plain;
      if (walk.has_unknown_vr) note_unknown_vr();
    }
    if (header.tag() == 0x7FE00008 || header.tag() == 0x7FE00009)
      outline_.has_float_pixel_data = true;
    // DCMTK gets nothing that it might read differently from what was checked here: no damaged
    // sequence, and a value of an unknown VR with a header of our own (dicom_header.cpp).
    if (is_plain) keep(header, end);
    at_ = end;
    return std::nullopt;
  }

  void note_unknown_vr() {
    if (std::ranges::find(outline_.warnings, "unknown_vr") == outline_.warnings.end())
      outline_.warnings.push_back("unknown_vr");
  }

  bool holds_item(const ElementHeader& header) const {
    const bool is_big = outline_.encoding == DicomEncoding::kExplicitBig;
    return header.length >= 8 && read_u16(bytes_, header.value_at, is_big) == 0xFFFE &&
           read_u16(bytes_, header.value_at + 2, is_big) == 0xE000;
  }

  void keep(const ElementHeader& header, size_t end) {
    const HeaderFact* fact = find_header_fact(header.tag());
    if (!fact) return;
    const bool is_sequence = fact->vr == "SQ";
    if (is_sequence && !header.vr.empty() && header.vr != "SQ" && header.vr != "UN") return;
    if (end - header.value_at > (is_sequence ? kMaxSequenceBytes : kMaxValueBytes)) return;
    // Of an element that stands twice the first one counts.
    if (!outline_.find(header.group, header.element))
      outline_.elements.push_back(element(header, end));
  }

  DicomElement element(const ElementHeader& header, size_t end) const {
    return {header.group, header.element, header.vr, bytes_.substr(at_, end - at_),
            bytes_.substr(header.value_at, end - header.value_at)};
  }

  std::string_view bytes_;
  const OutlineLimits& limits_;
  DicomOutline& outline_;
  size_t at_ = 0;
};

// The encoding that the data set is really in; says so when the stated one is another.
void settle_encoding(std::string_view data_set, DicomOutline& outline) {
  const std::string& stated = outline.transfer_syntax;
  DicomEncoding encoding = DicomEncoding::kExplicitLittle;  // of all compressed syntaxes
  if (stated == kImplicitSyntax) encoding = DicomEncoding::kImplicitLittle;
  if (stated == kBigEndianSyntax) encoding = DicomEncoding::kExplicitBig;
  outline.encoding = sniff_encoding(data_set, encoding);
  if (stated.empty()) {
    outline.transfer_syntax = syntax_of(outline.encoding);
    outline.warnings.push_back("no_transfer_syntax");
  } else if (outline.encoding != encoding) {
    outline.warnings.push_back("transfer_syntax_contradicts_data");
    if (stated == kImplicitSyntax || stated == kExplicitSyntax || stated == kBigEndianSyntax)
      outline.transfer_syntax = syntax_of(outline.encoding);
  }
}

}  // namespace

std::span<const HeaderFact> header_facts() { return kHeaderFacts; }

const HeaderFact* find_header_fact(uint32_t tag) {
  const auto* fact = std::ranges::lower_bound(kHeaderFacts, tag, {}, &HeaderFact::tag);
  return fact != kHeaderFacts.end() && fact->tag == tag ? fact : nullptr;
}

const DicomElement* DicomOutline::find(uint16_t group, uint16_t element) const {
  const auto found = std::find_if(elements.begin(), elements.end(), [&](const DicomElement& e) {
    return e.group == group && e.element == element;
  });
  return found == elements.end() ? nullptr : &*found;
}

Result<DicomOutline> outline_dicom(std::string_view bytes, const OutlineLimits& limits) {
  Result<Start> start = read_meta(bytes);
  if (!start) return start.failure();
  DicomOutline outline;
  outline.transfer_syntax = start->transfer_syntax;
  outline.warnings = start->warnings;
  std::string_view data_set = bytes.substr(start->data_set_at);
  if (outline.transfer_syntax == kDeflatedSyntax) {
    Result<std::vector<char>> inflated = inflate_data_set(data_set, limits.max_inflated_bytes);
    if (!inflated) return inflated.failure();
    outline.inflated = std::move(*inflated);
    data_set = {outline.inflated.data(), outline.inflated.size()};
  }
  settle_encoding(data_set, outline);
  if (auto failure = TopLevel(data_set, limits, outline).run()) return *failure;
  return outline;
}

}  // namespace radgen

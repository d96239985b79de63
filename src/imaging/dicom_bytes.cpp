#include "imaging/dicom_bytes.h"

#include <algorithm>
#include <array>
#include <vector>

namespace radgen {
namespace {

// VRs whose explicit header has two reserved bytes and a 32-bit length (PS3.5 table 7.1-1).
bool has_long_header(std::string_view vr) {
  static constexpr std::array<std::string_view, 13> kLong = {
      "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"};
  return std::find(kLong.begin(), kLong.end(), vr) != kLong.end();
}

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

struct Level {
  bool is_item = false;  // else a sequence
  bool is_bounded = false;
  size_t end = 0;  // when bounded
  DicomEncoding encoding = DicomEncoding::kExplicitLittle;
};

// The walk's state: levels are kept on the heap, so that nesting costs no stack.
class Walker {
 public:
  Walker(std::string_view bytes, int max_nesting)
      : bytes_(bytes), max_nesting_(static_cast<size_t>(max_nesting)) {}

  SequenceWalk run(size_t at, uint32_t length, DicomEncoding encoding) {
    at_ = at;
    if (!push(false, length, encoding)) return give_up();
    while (!levels_.empty()) {
      const Level top = levels_.back();
      if (top.is_bounded && at_ >= top.end) {
        at_ = top.end;
        levels_.pop_back();
      } else if (!step(top) && !step_over_damage()) {
        return give_up();
      }
    }
    return {SequenceWalk::Outcome::kDone, at_, is_plain_, has_unknown_vr_};
  }

 private:
  size_t limit() const {
    for (auto level = levels_.rbegin(); level != levels_.rend(); ++level)
      if (level->is_bounded) return level->end;
    return bytes_.size();
  }

  bool fail(SequenceWalk::Outcome outcome) {
    outcome_ = outcome;
    return false;
  }

  bool push(bool is_item, uint32_t length, DicomEncoding encoding) {
    const bool is_bounded = length != kUndefinedLength;
    if (is_bounded && length > limit() - at_) return fail(SequenceWalk::Outcome::kTruncated);
    // Sequences and items alternate, so half of the levels are sequences.
    if (!is_item && levels_.size() / 2 >= max_nesting_)
      return fail(SequenceWalk::Outcome::kTooDeep);
    levels_.push_back({is_item, is_bounded, is_bounded ? at_ + length : 0, encoding});
    return true;
  }

  bool step(const Level& top) {
    ElementHeader header;
    const HeaderProblem problem = read_element_header(bytes_, at_, limit(), top.encoding, header);
    if (problem == HeaderProblem::kTruncated) return fail(SequenceWalk::Outcome::kTruncated);
    if (problem == HeaderProblem::kMalformed) return fail(SequenceWalk::Outcome::kMalformed);
    return top.is_item ? step_in_item(top, header) : step_in_sequence(top, header);
  }

  bool step_in_sequence(const Level& top, const ElementHeader& header) {
    if (header.tag() == kItem) {
      at_ = header.value_at;
      return push(true, header.length, top.encoding);
    }
    if (header.tag() != kSequenceEnd || top.is_bounded)
      return fail(SequenceWalk::Outcome::kMalformed);
    at_ = header.value_at;
    levels_.pop_back();
    return true;
  }

  bool step_in_item(const Level& top, const ElementHeader& header) {
    if (header.tag() == kItemEnd) {
      if (top.is_bounded) return fail(SequenceWalk::Outcome::kMalformed);
      at_ = header.value_at;
      levels_.pop_back();
      return true;
    }
    if (header.group == 0xFFFE) return fail(SequenceWalk::Outcome::kMalformed);
    if (!header.vr.empty() && !is_known_vr(header.vr)) {
      is_plain_ = false;
      has_unknown_vr_ = true;
    }
    at_ = header.value_at;
    // The content of a UN element of undefined length is implicit little endian (PS3.5 6.2.2).
    const DicomEncoding inner = header.vr == "UN" ? DicomEncoding::kImplicitLittle : top.encoding;
    if (header.length == kUndefinedLength) return push(false, header.length, inner);
    if (header.length > limit() - at_) return fail(SequenceWalk::Outcome::kTruncated);
    // In implicit VR a sequence of known length cannot be told from text but by its first item.
    if (header.vr == "SQ" || starts_with_item(header.length, inner))
      return push(false, header.length, inner);
    at_ += header.length;
    return true;
  }

  bool starts_with_item(uint32_t length, DicomEncoding encoding) const {
    const bool is_big = encoding == DicomEncoding::kExplicitBig;
    return length >= 8 && read_u16(bytes_, at_, is_big) == 0xFFFE &&
           read_u16(bytes_, at_ + 2, is_big) == 0xE000;
  }

  // The outermost level with a known length says where to go on; too deep stays too deep.
  bool step_over_damage() {
    if (outcome_ == SequenceWalk::Outcome::kTooDeep) return false;
    const auto bounded =
        std::find_if(levels_.begin(), levels_.end(), [](const Level& l) { return l.is_bounded; });
    if (bounded == levels_.end()) return false;
    at_ = bounded->end;
    is_plain_ = false;
    levels_.erase(bounded, levels_.end());
    return true;
  }

  SequenceWalk give_up() const { return {outcome_, at_, false, has_unknown_vr_}; }

  std::string_view bytes_;
  size_t max_nesting_;
  size_t at_ = 0;
  bool is_plain_ = true, has_unknown_vr_ = false;
  std::vector<Level> levels_;
  SequenceWalk::Outcome outcome_ = SequenceWalk::Outcome::kDone;
};

// Where the value of an element may begin whose VR the standard does not know.
enum class HeaderForm { kLong, kShort, kImplicit };

bool read_form(std::string_view bytes, size_t at, size_t end, bool is_big, HeaderForm form,
               ElementHeader& header) {
  header.value_at = at + (form == HeaderForm::kLong ? 12 : 8);
  if (header.value_at > end) return false;
  if (form == HeaderForm::kLong) {
    if (read_u16(bytes, at + 6, is_big) != 0) return false;  // reserved
    header.length = read_u32(bytes, at + 8, is_big);
  } else {
    header.length = form == HeaderForm::kShort ? read_u16(bytes, at + 6, is_big)
                                               : read_u32(bytes, at + 4, is_big);
  }
  return header.length == kUndefinedLength || header.length <= end - header.value_at;
}

// What stands behind the element that a form finds: nothing that could be one (0), perhaps another
// one (1), surely (2). Tags ascend (PS3.5 7.1).
int follow_up(std::string_view bytes, size_t end, bool is_big, const ElementHeader& header) {
  const bool is_undefined = header.length == kUndefinedLength;
  const size_t at = header.value_at + (is_undefined ? 0 : header.length);
  if (at == end && !is_undefined) return 2;
  if (at + 8 > end) return 0;
  const uint32_t tag =
      static_cast<uint32_t>(read_u16(bytes, at, is_big)) << 16 | read_u16(bytes, at + 2, is_big);
  if (is_undefined) return tag == kItem || tag == kSequenceEnd ? 2 : 0;
  if (tag == kItemEnd || tag == kSequenceEnd) return 2;
  if (tag <= header.tag()) return 0;
  return is_known_vr(bytes.substr(at + 4, 2)) ? 2 : 1;
}

// A VR that is none of table 6.2-1. New ones have a 32-bit length (PS3.5 6.2); blank, lower-case
// and other invented ones were written with 16 bits, as most VRs have; and some writers put an
// element of implicit VR in between. The form behind which another element stands is the right one.
HeaderProblem read_unknown_vr(std::string_view bytes, size_t at, size_t end, DicomEncoding encoding,
                              ElementHeader& header) {
  const bool is_big = encoding == DicomEncoding::kExplicitBig;
  const bool is_well_formed = is_capital(header.vr[0]) && is_capital(header.vr[1]);
  const std::array<HeaderForm, 3> forms = {is_well_formed ? HeaderForm::kLong : HeaderForm::kShort,
                                           is_well_formed ? HeaderForm::kShort : HeaderForm::kLong,
                                           HeaderForm::kImplicit};
  for (const int needed : {2, 1})
    for (const HeaderForm form : forms)
      if (read_form(bytes, at, end, is_big, form, header) &&
          follow_up(bytes, end, is_big, header) >= needed)
        return HeaderProblem::kNone;
  return HeaderProblem::kMalformed;
}

}  // namespace

bool is_known_vr(std::string_view vr) {
  static constexpr std::array<std::string_view, 21> kShort = {
      "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO",
      "LT", "PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US"};
  return has_long_header(vr) || std::find(kShort.begin(), kShort.end(), vr) != kShort.end();
}

HeaderProblem read_element_header(std::string_view bytes, size_t at, size_t end,
                                  DicomEncoding encoding, ElementHeader& header) {
  if (end > bytes.size() || at + 8 > end) return HeaderProblem::kTruncated;
  const bool is_big = encoding == DicomEncoding::kExplicitBig;
  header.group = read_u16(bytes, at, is_big);
  header.element = read_u16(bytes, at + 2, is_big);
  header.vr = {};
  if (encoding == DicomEncoding::kImplicitLittle || header.group == 0xFFFE) {
    header.length = read_u32(bytes, at + 4, is_big);
    header.value_at = at + 8;
    return HeaderProblem::kNone;
  }
  header.vr = bytes.substr(at + 4, 2);
  if (!is_known_vr(header.vr)) return read_unknown_vr(bytes, at, end, encoding, header);
  const bool is_long = has_long_header(header.vr);
  if (is_long && at + 12 > end) return HeaderProblem::kTruncated;
  header.length = is_long ? read_u32(bytes, at + 8, is_big) : read_u16(bytes, at + 6, is_big);
  header.value_at = at + (is_long ? 12 : 8);
  return HeaderProblem::kNone;
}

SequenceWalk walk_sequence(std::string_view bytes, size_t at, uint32_t length,
                           DicomEncoding encoding, int max_nesting) {
  return Walker(bytes, max_nesting).run(at, length, encoding);
}

}  // namespace radgen

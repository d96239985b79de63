// A draft's text as people read it: a sentence that states a finding and has no region that bears
// it out is marked, and left out of the impression unless the site wants it there. What else a
// reader must be told of a sentence stands behind it in brackets. Whole sentences only; no word
// inside one is touched.
//
//   const ShownReport shown = shown_report(draft, /*keeps_unsupported=*/false);
#pragma once

#include <string>
#include <vector>

#include "radgen/report/prediction.h"

namespace radgen {

struct ShownReport {
  std::string findings, impression;
  std::vector<std::string> left_out;  // sentences of the impression, in order
};
ShownReport shown_report(const Draft& draft, bool keeps_unsupported);

// Whether the sentence belongs into the impression and is left out of it.
bool is_left_out(const Draft& draft, size_t sentence, bool keeps_unsupported);

// Behind a sentence that is shown although no region bears it out; whose size is not its region's;
// that hiding its region does not change.
inline constexpr const char* kUnsupportedMark = "[not supported by the picture]";
inline constexpr const char* kSizeMark = "[size not borne out by the region]";
inline constexpr const char* kUnverifiedMark = "[region not verified]";
// All that apply, each with a space before it.
std::string marks_of(const DraftSentence& sentence);
// Of an impression whose sentences are all left out.
inline constexpr const char* kNothingSupported =
    "No statement of the drafted impression is supported by the picture.";

}  // namespace radgen

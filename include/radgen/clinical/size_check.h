// Sizes in words against what can be measured: "1.4 cm nodule" is borne out when the pixel spacing
// is known and the longer side of one of the sentence's regions agrees within 30 %. A spacing that
// is stated at the detector is taken as it is: magnification makes it up to a fifth too large.
//
//   mark_unsupported_sizes(report);
#pragma once

#include "radgen/clinical/report_folder.h"

namespace radgen {

inline constexpr double kSizesMostApart = 0.3;

bool is_size_supported(const FilmReport& report, double size_mm, const DraftSentence& sentence);

// Sets DraftSentence::has_unsupported_size of the sentences of report.draft.
void mark_unsupported_sizes(FilmReport& report);

}  // namespace radgen

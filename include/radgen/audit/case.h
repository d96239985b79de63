// One study as the audit sees it: who was on the film, what was there, what the draft said, where
// the model looked. Cases come from files (intake.h) or are made in memory (simulation.h); the
// audit does not know the difference.
#pragma once

#include <array>
#include <limits>
#include <optional>
#include <string>

#include "radgen/evaluation/clinical/clinical.h"
#include "radgen/evaluation/grounding/grounding.h"
#include "radgen/evaluation/text/text_metrics.h"

namespace radgen::audit {

using evaluation::FindingSet;
inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// Where the model looked when it stated findings, as means over the sentences that state one and
// hold a map. NaN: there was no such sentence.
struct AttentionLocation {
  double entropy =
      kUnknown;  // of the map over that of an even one: 0 one patch, 1 everywhere alike
  double mass_in_box =
      kUnknown;  // share of the map inside the finding's reference box; NaN without a box
  double centre_x = kUnknown;  // centre of mass over the image's width, 0 left edge
  double centre_y = kUnknown;  // over its height, 0 top
};

struct AuditCase {
  std::string study_id;
  std::string patient_id;  // the unit of all resampling
  std::optional<double> age_years;
  std::string sex;   // "female", "male" or empty: unknown
  std::string race;  // a coarse group (groups.h) or empty
  std::string view;  // "PA", "AP", "LATERAL" or empty

  FindingSet reference = 0,
             draft = 0;  // what is there; what the draft states (uncertain counts as stated)
  // Of the findings in `reference`; kUnstated where nobody says.
  std::array<Severity, kFindingCount> severity{};
  bool has_draft = true;  // false: no prediction, or refused as not reportable

  // For the metrics by group; of no use when AuditOptions::with_metrics is off.
  evaluation::ClinicalCounts clinical;
  evaluation::TextCounts text;
  evaluation::StudyItems grounding;
  AttentionLocation attention_location;
  std::string draft_text, reference_text;  // only for the page's examples
};

}  // namespace radgen::audit

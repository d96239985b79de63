// The steps of an audit that have files of their own.
#pragma once

#include <cstdint>
#include <vector>

#include "radgen/audit/audit.h"

namespace radgen::audit {

// The cases with what every step needs to know of them.
struct AuditContext {
  const std::vector<AuditCase>& cases;
  std::vector<uint32_t> patient_of;  // by case
  size_t patients = 0;
  // Resamples of the patients: how often each one counts (0..255).
  std::vector<std::vector<uint8_t>> resamples;
};

// Rates, gaps, tests, intervals and verdicts of all groups on all endpoints.
void compare_groups(const AuditContext& context, AuditResult& result);

// Attention patterns by group, tested by permuting the patients' groups among patients with the
// same view.
void compare_attention(const AuditContext& context, AuditResult& result);

// Text, clinical, grounding and confidence metrics by group, with intervals.
void measure_groups(const AuditContext& context, const SharedMeasures& measures,
                    AuditResult& result);

}  // namespace radgen::audit

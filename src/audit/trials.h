// The yes-or-no trials behind an endpoint: one a study (or one a finding of a study), with what
// must be equal when groups are compared.
#pragma once

#include <cstdint>
#include <vector>

#include "radgen/audit/audit.h"

namespace radgen::audit {

struct Trial {
  uint32_t case_index = 0;
  uint16_t kind = 0;     // the finding, where an endpoint is over several
  uint8_t severity = 0;  // of the finding, or how much is wrong in the study
  bool is_yes = false;
};

struct Trials {
  Endpoint endpoint;
  std::vector<Trial> trials;
};

// Every endpoint that has a trial.
std::vector<Trials> trials_of(const std::vector<AuditCase>& cases);

// Trials of one attribute: those of cases without a level are gone.
struct Layout {
  int levels = 0;
  int strata = 0;
  std::vector<int> level, stratum;
  std::vector<uint32_t> patient;
  std::vector<uint8_t> is_yes;
  size_t size() const { return level.size(); }
};

struct Strata {
  bool by_severity = true, by_view = true, by_age = true;
};

// Strata are the finding (always) and what is asked for, but for what the attribute itself is made
// of. Where these cells would hold fewer than 25 trials on average, trials are sorted by how hard
// they are (an additive model of the same covariates that does not know the groups) and cut into up
// to ten strata: a confounder works through the difficulty (Hansen 2008, the prognostic analogue of
// the propensity score).
Layout make_layout(const Trials& trials, const Attribute& attribute,
                   const std::vector<AuditCase>& cases, const std::vector<uint32_t>& patient_of,
                   const Strata& strata);

}  // namespace radgen::audit

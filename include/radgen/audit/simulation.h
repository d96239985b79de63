// Does the audit find what is there, and nothing else? Audits of made-up studies whose truth is
// known: the cases are drawn, everything after them is the audit itself.
//
//   std::vector<SimulationDesign> designs = simulation_designs();
//   SimulationResult r = simulate(designs.front(), /*rounds=*/200, options);
//   // r.rounds_with_alarm of r.rounds; r.rounds_found
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "radgen/audit/audit.h"

namespace radgen::audit {

// How often a finding is stated, and what makes it harder or easier.
struct SimulationDesign {
  std::string name, question;  // "gap", "Is a gap of 15 points found ..."
  // Positives in each race group, over all `findings` together. The last group is the one that
  // differs.
  int64_t positives_per_group = 150;
  int64_t positives_of_others = 0;  // in each of the groups but the last; 0: as many
  std::vector<std::string> races{"White", "Black", "Hispanic or Latino", "Asian"};
  std::vector<Finding> findings;  // that occur, equally often
  double prevalence = 0.1;        // of each finding in a study
  double sensitivity = 0.85, specificity = 0.95;
  double gap = 0;                    // what the last group's sensitivity is lower by
  size_t findings_with_gap = 100;    // the first so many of `findings`
  double patient_correlation = 0.1;  // of the errors on one patient's films (Gaussian copula)
  // A confounder: more AP films and worse findings in the last group, as in the phantoms'
  // `confounder` bias; what a film's view and a finding's severity cost in sensitivity is the same
  // for everybody.
  bool is_confounded = false;
  double ap_cost = 0;  // sensitivity on PA films less that on AP films
  std::array<double, 3> severity_gain{-0.10, 0.02, 0.10};  // subtle, moderate, severe
  // What the audit sees of a severity are words of a report: of the findings that are there, the
  // share whose words give no degree and the share whose words give another one, the next milder or
  // the next worse. What a draft finds depends on the true one.
  double unstated_severity = 0.3, misread_severity = 0.15;
};

// One round's cases.
std::vector<AuditCase> simulate_cases(const SimulationDesign& design, uint64_t seed);

struct SimulationResult {
  SimulationDesign design;
  int64_t rounds = 0;
  int64_t found = 0;  // rounds where the last group's lower sensitivity is called a disparity
  int64_t false_alarms = 0;  // rounds with any verdict (disparity, confounded, unclear, attention)
                             // of what is not there
  int64_t named_confounded = 0;  // rounds where the last group's raw gap is named as confounded
  double studies = 0;            // mean of a round
};

// `options.bootstrap` is taken as 0: intervals decide nothing. Round r has the seed (options.seed,
// r).
SimulationResult simulate(const SimulationDesign& design, int64_t rounds,
                          const AuditOptions& options);

// The designs that the project is measured by.
std::vector<SimulationDesign> simulation_designs();

}  // namespace radgen::audit

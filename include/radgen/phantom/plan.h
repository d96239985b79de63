// The plan of a phantom data set: who the patients are, what is wrong in which study, seen how, in
// which split. Draws everything that is decided before a film is drawn and a word is said.
//
//   std::vector<StudyTruth> studies = plan_studies({.studies = 2000, .seed = 7});
//
// Deterministic from the options; no threads. Race is drawn on its own and changes nothing else,
// but for `bias`. Shares and marginals: see Prevalence; severity 35 % subtle, 40 % moderate, 25 %
// severe for every finding.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "radgen/phantom/truth.h"

namespace radgen::phantom {

struct PlanOptions {
  int64_t studies = 200;
  uint64_t seed = 0;
  std::string prevalence = "mimic";  // mimic|enriched
  std::string bias = "none";         // none|contrast|omission|confounder
  double twin_share = 0;  // share of the test studies with a finding that get a twin; 0: none
  // Studies of a split; -1: the default. Defaults: validate 5 %, test 10 % (and at least min(600,
  // N/8) from N = 4000 on), test_wording and test_shift 2.5 % each. Splits are by patient, so up to
  // 4 studies more may fall into one.
  int64_t validate_studies = -1, test_studies = -1, wording_studies = -1, shift_studies = -1;
};

// How often things are. Marginals are of the truth over all studies ("No Finding": nothing but
// support devices).
struct Prevalence {
  std::array<double, kFindingCount> marginal{};  // by Finding
  double abnormal_of_ap = 0, abnormal_of_pa = 0;
  double effusion_given_edema = 0.6, cardiomegaly_given_edema = 0.6;
  double chest_tube_given_pneumothorax = 0.5;
};
// `name` is mimic or enriched. Throws Error{kUsage}. `is_shifted`: of test_shift, where what goes
// together in the other splits does not (edema seldom with effusion or a large heart, no chest tube
// with pneumothorax, PA films sicker).
Prevalence prevalence_named(const std::string& name, bool is_shifted = false);

// Patients in random order, the studies of one patient behind each other in the order of their
// dates; a twin stands behind the study it is a twin of. Throws Error{kUsage} for options that
// cannot be met.
std::vector<StudyTruth> plan_studies(const PlanOptions& options);

// The one group that `bias` concerns, and all race labels with their shares (MIMIC-IV's words).
extern const char* const kBiasedRace;

// The seed of a study's film: twins share it with their original.
uint64_t film_seed(const StudyTruth& truth, uint64_t seed);

// The ratio above which a heart counts as enlarged: .50 PA, .55 AP.
inline double cardiothoracic_threshold(bool is_ap) { return is_ap ? 0.55 : 0.50; }

}  // namespace radgen::phantom

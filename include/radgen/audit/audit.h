// The audit: is the model equally good for everybody, and if not, is it the model or who was on the
// films?
//
//   AuditResult result = audit(cases, {});
//   for (const Comparison& c : result.comparisons)
//     if (c.verdict == Verdict::kDisparity) ...
//
// Each group (a level of an attribute, groups.h) is compared with everybody else whose level is
// known, on each endpoint (sensitivity of a finding, ...), twice: raw, and at equal finding,
// severity, view and age (Mantel and Haenszel's risk difference over strata of these). All raw and
// stratified tests that have enough cases form one family; the chance that any of them raises an
// alarm when no group differs is held at `alpha` (Westfall and Young's step-down minimum of
// weighted p values over sign flips by patient). The weights are set before anybody looks at an
// outcome, from the numbers of cases alone, so that a gap of `target_gap` is seen best (Roeder and
// Wasserman 2009), and most of the error is spent on the question whether a group is served worse.
//
// Deterministic from the seed, whatever the number of threads.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "radgen/audit/case.h"
#include "radgen/audit/groups.h"
#include "radgen/core/config.h"
#include "radgen/evaluation/bootstrap.h"
#include "radgen/evaluation/evaluate.h"

namespace radgen::audit {

struct AuditOptions {
  int64_t bootstrap = 1000;   // resamples of the patients for 95 % intervals; 0: none
  int64_t sign_flips = 2000;  // of the patients' contributions, for the family's error
  int64_t permutations =
      2000;  // of the patients' groups, for the attention patterns; 0: these are not tested
  double alpha = 0.05;  // of the whole audit
  double attention_alpha =
      0.005;  // the part of alpha that the attention patterns get, when there are maps
  double target_gap = 0.15;
  int64_t min_cases =
      20;  // a group needs so many trials, and the others too; below it is named as small
  bool with_metrics = true;  // every text, clinical and grounding metric by group
  bool with_pairs = true;    // intersections
  int64_t seed = 0;
  int64_t threads = 0;
};
void describe(Fields& f, AuditOptions& options);

enum class Measure {
  kSensitivity,     // of the studies that have the finding, those where the draft states it
  kSpecificity,     // of the studies without it, those where the draft does not state it
  kAnySensitivity,  // over all findings but No Finding: of all findings that are there, those
                    // stated
  kAnySpecificity,  // the same of those that are not there
  kFalseNoFinding,  // of the studies with an abnormality, those that the draft calls normal
  kNoDraft,         // studies without a draft
};
const char* measure_name(Measure measure);  // "sensitivity"

struct Endpoint {
  Measure measure = Measure::kSensitivity;
  Finding finding = Finding::kNoFinding;  // of kSensitivity and kSpecificity
  std::string name() const;               // "sensitivity of Pleural Effusion"
  bool is_better_when_high() const {
    return measure != Measure::kFalseNoFinding && measure != Measure::kNoDraft;
  }
};

struct Estimate {
  double value = kUnknown, low = kUnknown, high = kUnknown;  // 95 % interval; NaN: none
};

enum class Verdict {
  kNoDifference,  // none that these cases can show; see Comparison::detectable
  kDisparity,     // significant at equal finding, severity, view and age
  kConfounded,    // significant raw, at least halved when stratified and no longer significant
  kUnclear,  // significant raw, no longer so when stratified, but hardly smaller: too few cases to
             // tell
  kTooFew,   // fewer than min_cases, or fewer than five expected hits or misses: not tested
  kDescribed,  // not tested: the specificity of single findings in intersections, of which there
               // are too many
};
const char* verdict_name(Verdict verdict);  // "no_difference"

enum class Confounder { kSeverity, kView, kAge };
const char* confounder_name(Confounder confounder);

struct Comparison {
  size_t attribute = 0;  // into AuditResult::attributes
  int level = 0;
  Endpoint endpoint;
  int64_t trials = 0, other_trials = 0;  // findings or studies behind the two rates
  int64_t patients = 0;
  Estimate rate, other_rate;
  Estimate raw, adjusted;  // group less others
  double standardised = kUnknown,
         other_standardised = kUnknown;  // rates over the shared mix of strata
  double matched = 0;  // share of the group's trials in strata where others are too
  double raw_p = kUnknown, adjusted_p = kUnknown;  // corrected for the whole audit
  double detectable =
      kUnknown;  // the stratified gap that would have been found with a chance of 80 %
  Verdict verdict = Verdict::kTooFew;
  // How much of the raw gap goes when only this is held equal (1: all of it); of significant raw
  // gaps.
  std::vector<std::pair<Confounder, double>> explained_by;
  bool is_worse() const { return endpoint.is_better_when_high() == (gap() < 0); }
  double gap() const { return std::isnan(adjusted.value) ? raw.value : adjusted.value; }
};

// A mean of AttentionLocation in a group against the others.
struct AttentionComparison {
  size_t attribute = 0;
  int level = 0;
  std::string feature;  // "entropy", "mass_in_box", "centre_x", "centre_y"
  int64_t patients = 0, other_patients = 0;
  double mean = kUnknown, other_mean = kUnknown;
  double p = kUnknown;  // corrected over all attention patterns
  bool is_different = false;
};

struct GroupMetric {
  std::string path;  // "clinical.f1_macro"
  Estimate value, difference;
};
struct GroupMetrics {
  size_t attribute = 0;
  int level = 0;
  std::vector<GroupMetric> metrics;
};

struct GroupSize {
  size_t attribute = 0;
  int level = 0;
  int64_t studies = 0, patients = 0;
  double abnormal = kUnknown, ap = kUnknown;  // shares
  double severe = kUnknown;                   // of the findings whose severity is known
  bool is_small = false;                      // fewer studies than min_cases
};

struct AuditResult {
  AuditOptions options;
  std::vector<Attribute> attributes;
  std::vector<GroupSize> sizes;
  std::vector<Comparison> comparisons;
  std::vector<AttentionComparison> attention;  // empty: no maps
  std::vector<GroupMetrics> metrics;           // single attributes only
  int64_t studies = 0, patients = 0, tests = 0;
  double detection_alpha = 0.05;

  const std::string& group(size_t attribute, int level) const {
    return attributes[attribute].levels[static_cast<size_t>(level)];
  }
  size_t count(Verdict verdict) const;
  // Differences that the audit calls real, of detection or of attention.
  size_t alarms() const;
};

// What the metrics by group need beside the cases: the names of the METEOR variants in their text
// counts (empty: not computed) and the confidences, whose `study` is the case's index.
struct SharedMeasures {
  std::string meteor, meteor_15;
  evaluation::ConfidenceData confidence;
};

// Throws Error{kData} when there is no case, or no attribute with two levels.
AuditResult audit(const std::vector<AuditCase>& cases, const AuditOptions& options,
                  const SharedMeasures& measures = {});

// The largest |gap| of a disparity that concerns people (not the view alone); 0: there is none.
double largest_disparity(const AuditResult& result);

}  // namespace radgen::audit

#include "radgen/audit/audit.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "audit/steps.h"
#include "radgen/core/error.h"
#include "radgen/core/random.h"

namespace radgen::audit {
namespace {

constexpr uint64_t kBootstrapStream = 0x626f6f74;

std::vector<std::vector<uint8_t>> draw_resamples(size_t patients, size_t count, uint64_t seed) {
  std::vector<std::vector<uint8_t>> resamples(count, std::vector<uint8_t>(patients, 0));
  for (size_t r = 0; r < count; ++r) {
    Random random(seed, {kBootstrapStream, r});
    for (size_t i = 0; i < patients; ++i) {
      uint8_t& times =
          resamples[r][static_cast<size_t>(random.integer(0, static_cast<int64_t>(patients) - 1))];
      if (times < 255) ++times;
    }
  }
  return resamples;
}

bool is_abnormal(const AuditCase& c) {
  constexpr FindingSet kOrdinary =
      static_cast<FindingSet>(1u << static_cast<unsigned>(Finding::kNoFinding) |
                              1u << static_cast<unsigned>(Finding::kSupportDevices));
  return (c.reference & ~kOrdinary) != 0;
}

GroupSize size_of(const AuditContext& context, const AuditResult& result, size_t attribute,
                  int level) {
  GroupSize size{attribute, level};
  std::set<uint32_t> patients;
  double abnormal = 0, ap = 0, with_view = 0, severe = 0, graded = 0;
  for (size_t i = 0; i < context.cases.size(); ++i) {
    if (result.attributes[attribute].level_of[i] != level) continue;
    const AuditCase& c = context.cases[i];
    ++size.studies;
    patients.insert(context.patient_of[i]);
    abnormal += is_abnormal(c);
    with_view += !c.view.empty();
    ap += c.view == "AP";
    for (const Severity s : c.severity) {
      graded += s != Severity::kUnstated;
      severe += s == Severity::kSevere;
    }
  }
  size.patients = static_cast<int64_t>(patients.size());
  if (size.studies > 0) size.abnormal = abnormal / static_cast<double>(size.studies);
  if (with_view > 0) size.ap = ap / with_view;
  if (graded > 0) size.severe = severe / graded;
  size.is_small = size.studies < result.options.min_cases;
  return size;
}

bool has_attention_location(const std::vector<AuditCase>& cases) {
  return std::any_of(cases.begin(), cases.end(),
                     [](const AuditCase& c) { return !std::isnan(c.attention_location.entropy); });
}

}  // namespace

void describe(Fields& f, AuditOptions& o) {
  f.field(
      "bootstrap", o.bootstrap,
      {.help = "resamples of the patients for 95 % intervals; 0: none", .min = 0, .max = 100000});
  f.field("sign_flips", o.sign_flips,
          {.help = "of the patients' contributions, for the corrected p values",
           .min = 200,
           .max = 1000000});
  f.field("permutations", o.permutations,
          {.help = "of the patients' groups, for the attention patterns; 0: not tested",
           .min = 0,
           .max = 1000000});
  f.field("alpha", o.alpha,
          {.help = "chance of any false alarm in the whole audit", .min = 0.0001, .max = 0.5});
  f.field("attention_alpha", o.attention_alpha,
          {.help = "the part of alpha for attention patterns, where there are maps",
           .min = 0,
           .max = 0.5});
  f.field("target_gap", o.target_gap,
          {.help = "difference of a rate that the tests are weighted to find best",
           .min = 0.01,
           .max = 1});
  f.field(
      "min_cases", o.min_cases,
      {.help = "trials that a group and the others need to be compared", .min = 10, .max = 100000});
  f.field("with_metrics", o.with_metrics,
          {.help = "text, clinical and grounding metrics by group"});
  f.field("with_pairs", o.with_pairs, {.help = "compare intersections of two attributes too"});
  f.field("seed", o.seed, {.help = "of all resampling", .min = 0});
  f.field("threads", o.threads, {.help = "0: all cores given", .min = 0, .max = 1024});
}

const char* measure_name(Measure measure) {
  switch (measure) {
    case Measure::kSensitivity:
      return "sensitivity";
    case Measure::kSpecificity:
      return "specificity";
    case Measure::kAnySensitivity:
      return "sensitivity_all_findings";
    case Measure::kAnySpecificity:
      return "specificity_all_findings";
    case Measure::kFalseNoFinding:
      return "false_no_finding";
    case Measure::kNoDraft:
      return "no_draft";
  }
  return "";
}

std::string Endpoint::name() const {
  switch (measure) {
    case Measure::kSensitivity:
      return "sensitivity of " + finding_name(finding);
    case Measure::kSpecificity:
      return "specificity of " + finding_name(finding);
    case Measure::kAnySensitivity:
      return "sensitivity, all findings";
    case Measure::kAnySpecificity:
      return "specificity, all findings";
    case Measure::kFalseNoFinding:
      return "false No Finding";
    case Measure::kNoDraft:
      return "no draft";
  }
  return "";
}

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kNoDifference:
      return "no_difference";
    case Verdict::kDisparity:
      return "disparity";
    case Verdict::kConfounded:
      return "confounded";
    case Verdict::kUnclear:
      return "unclear";
    case Verdict::kTooFew:
      return "too_few";
    case Verdict::kDescribed:
      return "described";
  }
  return "";
}

const char* confounder_name(Confounder confounder) {
  return confounder == Confounder::kSeverity ? "severity"
         : confounder == Confounder::kView   ? "view"
                                             : "age";
}

size_t AuditResult::count(Verdict verdict) const {
  return static_cast<size_t>(
      std::count_if(comparisons.begin(), comparisons.end(),
                    [&](const Comparison& c) { return c.verdict == verdict; }));
}

size_t AuditResult::alarms() const {
  return count(Verdict::kDisparity) +
         static_cast<size_t>(std::count_if(attention.begin(), attention.end(),
                                           [](const auto& a) { return a.is_different; }));
}

AuditResult audit(const std::vector<AuditCase>& cases, const AuditOptions& options,
                  const SharedMeasures& measures) {
  if (cases.empty()) {
    throw Error(ErrorCode::kData, "there is no study to audit", "check the name of the split");
  }
  if (options.attention_alpha >= options.alpha) {
    throw Error(ErrorCode::kConfig, "attention_alpha must be smaller than alpha",
                "it is the part of alpha that the attention patterns get");
  }
  AuditResult result;
  result.options = options;
  result.attributes = attributes_of(cases);
  if (!options.with_pairs) {
    std::erase_if(result.attributes, [](const Attribute& a) { return a.is_pair; });
  }
  if (result.attributes.empty()) {
    throw Error(ErrorCode::kData,
                "no two groups can be compared: age, sex, race and view are unknown or the same in "
                "all studies",
                "prepare the data set with demographics (preprocess-radgen --demographics)");
  }
  AuditContext context{cases};
  std::map<std::string, uint32_t> patients;
  for (const AuditCase& c : cases) {
    context.patient_of.push_back(
        patients.emplace(c.patient_id, static_cast<uint32_t>(patients.size())).first->second);
  }
  context.patients = patients.size();
  context.resamples = draw_resamples(context.patients, static_cast<size_t>(options.bootstrap),
                                     static_cast<uint64_t>(options.seed));
  result.studies = static_cast<int64_t>(cases.size());
  result.patients = static_cast<int64_t>(context.patients);
  for (size_t a = 0; a < result.attributes.size(); ++a) {
    for (size_t l = 0; l < result.attributes[a].levels.size(); ++l) {
      result.sizes.push_back(size_of(context, result, a, static_cast<int>(l)));
    }
  }
  const bool is_attention_tested = has_attention_location(cases) && options.permutations > 0;
  result.detection_alpha = options.alpha - (is_attention_tested ? options.attention_alpha : 0);
  compare_groups(context, result);
  if (is_attention_tested) compare_attention(context, result);
  if (options.with_metrics) measure_groups(context, measures, result);
  return result;
}

double largest_disparity(const AuditResult& result) {
  double largest = 0;
  for (const Comparison& c : result.comparisons) {
    if (c.verdict != Verdict::kDisparity) continue;
    const Attribute& attribute = result.attributes[c.attribute];
    if (attribute.is_of_people) largest = std::max(largest, std::abs(c.gap()));
  }
  return largest;
}

}  // namespace radgen::audit

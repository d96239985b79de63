#include <cmath>

#include "radgen/audit/audit_report.h"
#include "radgen/core/json.h"
#include "radgen/core/tool.h"

namespace radgen::audit {
namespace {

using nlohmann::ordered_json;

ordered_json estimate_json(const Estimate& e) {
  return {{"value", number(e.value)}, {"low", number(e.low)}, {"high", number(e.high)}};
}

ordered_json sizes_json(const AuditResult& result) {
  ordered_json attributes = ordered_json::array();
  for (size_t a = 0; a < result.attributes.size(); ++a) {
    const Attribute& attribute = result.attributes[a];
    ordered_json groups = ordered_json::array();
    for (const GroupSize& size : result.sizes) {
      if (size.attribute != a) continue;
      groups.push_back({{"group", result.group(a, size.level)},
                        {"studies", size.studies},
                        {"patients", size.patients},
                        {"abnormal_share", number(size.abnormal)},
                        {"ap_share", number(size.ap)},
                        {"severe_share", number(size.severe)},
                        {"is_small", size.is_small}});
    }
    attributes.push_back({{"attribute", attribute.name},
                          {"is_pair", attribute.is_pair},
                          {"unknown", attribute.count(kNoLevel)},
                          {"groups", std::move(groups)}});
  }
  return attributes;
}

ordered_json comparison_json(const AuditResult& result, const Comparison& c) {
  ordered_json explained = ordered_json::object();
  for (const auto& [confounder, share] : c.explained_by)
    explained[confounder_name(confounder)] = number(share);
  ordered_json finding = nullptr;
  if (c.endpoint.measure == Measure::kSensitivity || c.endpoint.measure == Measure::kSpecificity) {
    finding = finding_name(c.endpoint.finding);
  }
  ordered_json out{{"attribute", result.attributes[c.attribute].name},
                   {"group", result.group(c.attribute, c.level)},
                   {"measure", measure_name(c.endpoint.measure)},
                   {"finding", finding},
                   {"n", c.trials},
                   {"n_others", c.other_trials},
                   {"patients", c.patients},
                   {"rate", estimate_json(c.rate)},
                   {"rate_others", estimate_json(c.other_rate)}};
  if (c.endpoint.measure == Measure::kSensitivity ||
      c.endpoint.measure == Measure::kAnySensitivity) {
    out["miss_rate"] = estimate_json({1 - c.rate.value, 1 - c.rate.high, 1 - c.rate.low});
  }
  out["raw"] = estimate_json(c.raw);
  out["raw"]["p"] = number(c.raw_p);
  out["stratified"] = estimate_json(c.adjusted);
  out["stratified"]["p"] = number(c.adjusted_p);
  out["stratified"]["rate"] = number(c.standardised);
  out["stratified"]["rate_others"] = number(c.other_standardised);
  out["stratified"]["matched_share"] = number(c.matched);
  out["detectable_at_80"] = number(c.detectable);
  out["verdict"] = verdict_name(c.verdict);
  if (!c.explained_by.empty()) out["raw_gap_explained_by"] = std::move(explained);
  return out;
}

ordered_json input_json(const Intake& intake) {
  return {{"predictions", intake.predictions},
          {"studies", intake.cases.size()},
          {"predictions_of_other_studies", intake.unknown_studies},
          {"studies_without_prediction", intake.missing},
          {"not_reportable", intake.not_reportable},
          {"without_age", intake.without_age},
          {"without_sex", intake.without_sex},
          {"without_race", intake.without_race},
          {"without_view", intake.without_view},
          {"without_patient", intake.without_patient},
          {"unlisted_races", intake.unlisted_races},
          {"with_maps", intake.with_maps},
          {"with_maps_and_boxes", intake.with_boxes},
          {"reference", intake.is_truth ? "truth" : "report"}};
}

ordered_json attention_json(const AuditResult& result) {
  ordered_json out = ordered_json::array();
  for (const AttentionComparison& a : result.attention) {
    out.push_back({{"attribute", result.attributes[a.attribute].name},
                   {"group", result.group(a.attribute, a.level)},
                   {"feature", a.feature},
                   {"patients", a.patients},
                   {"patients_others", a.other_patients},
                   {"mean", number(a.mean)},
                   {"mean_others", number(a.other_mean)},
                   {"p", number(a.p)},
                   {"is_different", a.is_different}});
  }
  return out;
}

ordered_json metrics_json(const AuditResult& result) {
  ordered_json out = ordered_json::array();
  for (const GroupMetrics& group : result.metrics) {
    ordered_json metrics = ordered_json::object();
    for (const GroupMetric& m : group.metrics) {
      metrics[m.path] = estimate_json(m.value);
      metrics[m.path]["difference"] = estimate_json(m.difference);
    }
    out.push_back({{"attribute", result.attributes[group.attribute].name},
                   {"group", result.group(group.attribute, group.level)},
                   {"metrics", std::move(metrics)}});
  }
  return out;
}

}  // namespace

nlohmann::ordered_json audit_to_json(const AuditResult& result, const Intake& intake,
                                     const AuditGate& gate) {
  ordered_json comparisons = ordered_json::array();
  for (const Comparison& c : result.comparisons) comparisons.push_back(comparison_json(result, c));
  ordered_json verdicts = ordered_json::object();
  for (const Verdict verdict : {Verdict::kDisparity, Verdict::kConfounded, Verdict::kUnclear,
                                Verdict::kNoDifference, Verdict::kTooFew, Verdict::kDescribed}) {
    verdicts[verdict_name(verdict)] = result.count(verdict);
  }
  // Threads change nothing in the result, so that they have no place in it.
  ordered_json options = dump_config(result.options);
  options.erase("threads");
  return {{"format_version", 1},
          {"version", version_text()},
          {"notice", "Research software, not for clinical use"},
          {"input", input_json(intake)},
          {"options", std::move(options)},
          {"tests", result.tests},
          {"detection_alpha", result.detection_alpha},
          {"verdicts", std::move(verdicts)},
          {"largest_disparity", largest_disparity(result)},
          {"gate",
           {{"fail_above", gate.above ? ordered_json(*gate.above) : ordered_json(nullptr)},
            {"has_failed", gate.has_failed(result)}}},
          {"notes", intake.notes},
          {"groups", sizes_json(result)},
          {"comparisons", std::move(comparisons)},
          {"attention", attention_json(result)},
          {"metrics", metrics_json(result)}};
}

}  // namespace radgen::audit

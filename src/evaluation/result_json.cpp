// metrics.json and the lines of scores.jsonl.
#include <algorithm>
#include <cmath>

#include "radgen/evaluation/evaluate.h"
#include "radgen/evaluation/grounding/heads.h"

namespace radgen::evaluation {
namespace {

const char* kind_name(ItemKind kind) {
  switch (kind) {
    case ItemKind::kMissed:
      return "missed";
    case ItemKind::kFalsePositive:
      return "false_positive";
    default:
      return "scored";
  }
}

nlohmann::ordered_json names(FindingSet set) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Finding f : all_findings()) {
    if (has(set, f)) list.push_back(finding_name(f));
  }
  return list;
}

void add_reason(nlohmann::ordered_json& json, const std::string& path, const std::string& reason) {
  nlohmann::ordered_json* node = &json;
  size_t begin = 0;
  for (size_t dot; (dot = path.find('.', begin)) != std::string::npos; begin = dot + 1) {
    node = &(*node)[path.substr(begin, dot - begin)];
  }
  nlohmann::ordered_json& entry = (*node)[path.substr(begin)];
  if (entry.is_null()) {
    entry = {{"value", nullptr},
             {"low", nullptr},
             {"high", nullptr},
             {"n", 0},
             {"definition", metric_definition(path)},
             {"reason", reason}};
  }
}

// Bins of the reliability diagram and about a hundred points of the curve of abstention.
nlohmann::ordered_json confidence_json(const std::vector<ConfidenceEvent>& events) {
  nlohmann::ordered_json bins = nlohmann::ordered_json::array();
  for (const ReliabilityBin& bin : reliability(events)) {
    bins.push_back({{"confidence", bin.confidence}, {"right", bin.right}, {"n", bin.events}});
  }
  nlohmann::ordered_json curve = nlohmann::ordered_json::array();
  const std::vector<RiskPoint> points = risk_coverage(events);
  const size_t step = std::max<size_t>(1, points.size() / 100);
  for (size_t i = 0; i < points.size(); ++i) {
    if (i % step != 0 && i + 1 != points.size()) continue;  // the last one keeps everything
    curve.push_back({{"coverage", points[i].coverage}, {"risk", points[i].risk}});
  }
  return {{"reliability", std::move(bins)}, {"risk_coverage", std::move(curve)}};
}

nlohmann::ordered_json expectations_json(const std::vector<Expectation>& expectations) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Expectation& expectation : expectations) {
    list.push_back(
        {{"metric", expectation.path},
         {"expected", expectation.expected},
         {"met", expectation.is_met ? nlohmann::ordered_json(*expectation.is_met) : nullptr}});
  }
  return list;
}

}  // namespace

nlohmann::ordered_json result_to_json(const EvaluationResult& result) {
  nlohmann::ordered_json json = result.metrics.to_json();
  for (const auto& [path, reason] : result.missing) add_reason(json, path, reason);
  json["targets"] = nlohmann::ordered_json::array();
  for (const Target& target : result.targets) {
    const bool is_known = std::isfinite(target.value);
    json["targets"].push_back(
        {{"name", target.name},
         {"metric", target.path},
         {target.is_below ? "below" : "above", target.limit},
         {"value", is_known ? nlohmann::ordered_json(target.value) : nullptr},
         {"reached", is_known ? nlohmann::ordered_json(target.is_reached()) : nullptr}});
  }
  json["calibration"] = {{"words", confidence_json(result.confidence.words)},
                         {"grounding", confidence_json(result.confidence.grounding)},
                         {"phrase", confidence_json(result.confidence.phrase)}};
  json["alarms"] = nlohmann::ordered_json::array();
  for (const Alarm& alarm : result.alarms) {
    json["alarms"].push_back(
        {{"name", alarm.name}, {"raised", alarm.is_raised}, {"reason", alarm.reason}});
  }
  if (!result.expectations.empty()) json["expectations"] = expectations_json(result.expectations);
  if (!result.heads.heads.empty()) json["heads"] = heads_to_json(result.heads);
  json["notes"] = result.notes;
  if (!result.selected_by.empty()) json["selected_by"] = result.selected_by;
  json["counts"] = {{"studies", result.studies.size()},
                    {"missing_predictions", result.missing_drafts},
                    {"not_reportable", result.not_reportable},
                    {"empty_predictions", result.input.empty_drafts},
                    {"empty_references", result.input.empty_references},
                    {"unknown_predictions", result.input.unknown},
                    {"maps", result.input.maps},
                    {"broken_maps", result.input.broken_maps},
                    {"maps_of_another_grid", result.input.other_grid_maps}};
  return json;
}

nlohmann::ordered_json study_to_json(const StudyResult& study) {
  nlohmann::ordered_json items = nlohmann::ordered_json::array();
  for (const GroundedItem& item : study.end_to_end) {
    items.push_back({{"finding", finding_name(item.finding)},
                     {"kind", kind_name(item.kind)},
                     {"iou_plain", item.score.iou[kDefaultLevel]},
                     {"pointing", item.score.pointing}});
  }
  return {{"study_id", study.study_id},
          {"has_draft", study.has_draft},
          {"bleu_4", bleu(study.text.bleu, kBleuOrder)},
          {"meteor", study.text.meteor},
          {"rouge_l", study.text.rouge_l},
          {"draft_findings", names(study.clinical.draft)},
          {"reference_findings", names(study.clinical.reference)},
          {"wrong_side", study.clinical.wrong_side},
          {"grounding", std::move(items)}};
}

}  // namespace radgen::evaluation

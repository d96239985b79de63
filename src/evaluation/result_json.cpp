// metrics.json and the lines of scores.jsonl.
#include <cmath>

#include "radgen/evaluation/evaluate.h"

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

}  // namespace

nlohmann::ordered_json result_to_json(const EvaluationResult& result) {
  nlohmann::ordered_json json = result.metrics.to_json();
  json["alarms"] = nlohmann::ordered_json::array();
  for (const Alarm& alarm : result.alarms) {
    json["alarms"].push_back(
        {{"name", alarm.name}, {"raised", alarm.is_raised}, {"reason", alarm.reason}});
  }
  json["notes"] = result.notes;
  json["counts"] = {{"studies", result.studies.size()},
                    {"missing_predictions", result.missing_drafts},
                    {"not_reportable", result.not_reportable}};
  return json;
}

nlohmann::ordered_json study_to_json(const StudyResult& study) {
  nlohmann::ordered_json items = nlohmann::ordered_json::array();
  for (const GroundedItem& item : study.end_to_end) {
    items.push_back({{"finding", finding_name(item.finding)},
                     {"kind", kind_name(item.kind)},
                     {"iou", item.score.iou[kDefaultLevel]},
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

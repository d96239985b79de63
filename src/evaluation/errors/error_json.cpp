// errors.json.
#include <cmath>

#include "radgen/evaluation/errors/error_analysis.h"

namespace radgen::evaluation {
namespace {

using nlohmann::ordered_json;

ordered_json number(double value) {
  return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr);
}

ordered_json kinds_json(const ErrorAnalysis& errors, const std::vector<ErrorKind>& kinds,
                        const std::string& group) {
  ordered_json json = ordered_json::object();
  for (const ErrorKind& kind : kinds) {
    const std::string path = group + "." + kind.name;
    const Metric* share = errors.metrics.find(path + ".share");
    ordered_json& entry = json[kind.name];
    const auto reason = errors.missing.find(path);
    const bool is_known = reason == errors.missing.end();
    entry["count"] = is_known ? ordered_json(kind.cases.size()) : ordered_json(nullptr);
    entry["n"] = kind.among.size();
    entry["share"] = number(share->value);
    entry["low"] = number(share->low);
    entry["high"] = number(share->high);
    if (const Metric* chance = errors.metrics.find(path + ".share_by_chance")) {
      entry["share_by_chance"] = number(chance->value);
    }
    entry["definition"] = kind.definition;
    if (!is_known) entry["reason"] = reason->second;
  }
  return json;
}

ordered_json comparison_json(const ErrorAnalysis& errors, const std::string& name,
                             const MannWhitneyResult& c, const char* question) {
  ordered_json json{
      {"question", question},
      {"wrong", {{"n", c.marked}, {"median", number(c.marked_median)}}},
      {"right", {{"n", c.others}, {"median", number(c.other_median)}}},
      {"compared", c.compared},
      {"superiority",
       {{"value", number(c.superiority)}, {"low", number(c.low)}, {"high", number(c.high)}}},
      {"p", number(c.p)},
      {"test",
       "Mann-Whitney within findings (van Elteren), signs flipped by patient, "
       "two-sided; superiority: probability that a wrong one has the higher entropy"}};
  if (const auto reason = errors.missing.find("entropy." + name); reason != errors.missing.end()) {
    json["reason"] = reason->second;
  }
  return json;
}

ordered_json case_json(const FindingCase& c) {
  ordered_json json{{"study_id", c.study_id},
                    {"finding", finding_name(c.finding)},
                    {"side", side_name(c.side)},
                    {"outcome", outcome_name(c.outcome)},
                    {"other_side", c.is_other_side},
                    {"wrong_degree", c.is_wrong_degree},
                    {"has_map", c.has_map()},
                    {"iou", number(c.iou)},
                    {"pointing", c.has_place() ? number(c.place.pointing) : nullptr},
                    {"mass", c.has_place() ? number(c.place.mass) : nullptr},
                    {"entropy", number(c.entropy)},
                    {"spread", number(c.spread)},
                    {"box_share", number(c.box_share)},
                    {"score", c.score},
                    {"confidence", c.confidence}};
  if (c.outcome == Outcome::kFalsePositive && !std::isnan(c.other_iou)) {
    json["lies_on"] = finding_name(c.other);
    json["lies_on_iou"] = number(c.is_other_side ? c.same_iou : c.other_iou);
  }
  return json;
}

}  // namespace

ordered_json errors_to_json(const ErrorAnalysis& errors, bool with_cases) {
  const auto count = [&](Outcome outcome) {
    size_t n = 0;
    for (const FindingCase& c : errors.cases) n += c.outcome == outcome;
    return n;
  };
  ordered_json json{{"counts",
                     {{"studies", errors.studies},
                      {"drafted", errors.drafted},
                      {"true_positives", count(Outcome::kTruePositive)},
                      {"false_positives", count(Outcome::kFalsePositive)},
                      {"false_negatives", count(Outcome::kFalseNegative)},
                      {"statements_with_map", errors.maps}}},
                    {"settings", dump_config(errors.options)},
                    {"mismatches", kinds_json(errors, errors.mismatches, "mismatches")},
                    {"known_failures", kinds_json(errors, errors.failures, "known_failures")}};
  json["entropy"] = {
      {"words", comparison_json(errors, "words", errors.entropy_words,
                                "is attention more spread where a statement is wrong?")},
      {"place", comparison_json(errors, "place", errors.entropy_place,
                                "is attention more spread where right words miss the boxes?")}};
  const ordered_json table = errors.metrics.to_json();
  json["all"] = table.value("all", ordered_json::object());
  json["per_finding"] = table.value("per_finding", ordered_json::object());
  json["heads"] = {{"value", nullptr}, {"reason", errors.missing.at("heads")}};
  json["notes"] = errors.notes;
  if (!with_cases) {
    json["cases"] = nullptr;
    return json;
  }
  json["cases"] = ordered_json::array();
  for (const FindingCase& c : errors.cases) json["cases"].push_back(case_json(c));
  return json;
}

}  // namespace radgen::evaluation

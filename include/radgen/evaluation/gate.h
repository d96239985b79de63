// Does a metrics.json reach what somebody asks of a model? For pipelines that must stop when it
// does not.
//
//   {"text.bleu_4": {"at_least": 0.15},
//    "skill.f1_macro": {"at_least": 0.3, "of": "low"},          // the lower end of its interval
//    "grounding.negations_with_evidence": {"at_most": 0.02},
//    "alarms": "none"}  // or a list of those that must not be raised
//
//   for (const GateLine& line : check_gate(read_json(metrics), read_json(thresholds))) ...
//
// A metric that is not there or null fails: what was not measured was not reached.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace radgen::evaluation {

struct GateLine {
  std::string name;  // path of the metric, or "alarm <name>"
  bool is_passed = false;
  std::string text;  // with the figures that decided it
};

// In the order of the thresholds' names. Throws Error{kConfig} that names everything that is wrong
// with the thresholds.
std::vector<GateLine> check_gate(const nlohmann::json& metrics, const nlohmann::json& thresholds);

bool has_passed(const std::vector<GateLine>& lines);
nlohmann::ordered_json gate_to_json(const std::vector<GateLine>& lines);
std::string gate_text(const std::vector<GateLine>& lines);

}  // namespace radgen::evaluation

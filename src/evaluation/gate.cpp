#include "radgen/evaluation/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "radgen/core/error.h"

namespace radgen::evaluation {
namespace {

using nlohmann::json;

// The object of a metric ("text.bleu_4"), or null.
const json* find_metric(const json& metrics, const std::string& path) {
  const json* node = &metrics;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    if (!node->is_object() || !node->contains(name)) return nullptr;
    node = &node->at(name);
    begin = end + 1;
  }
  return node->is_object() ? node : nullptr;
}

GateLine check_metric(const json& metrics, const std::string& path, const json& threshold) {
  const std::string of = threshold.value("of", "value");
  GateLine line{path, false, ""};
  const json* metric = find_metric(metrics, path);
  if (metric == nullptr || !metric->contains(of)) {
    line.text = "there is no such metric in the file";
    return line;
  }
  if (!metric->at(of).is_number()) {
    line.text = of + " is null: " + metric->value("reason", std::string("it was not computed"));
    return line;
  }
  const double value = metric->at(of).get<double>();
  line.is_passed = true;
  line.text = fmt::format("{} {:.4f}", of, value);
  if (threshold.contains("at_least")) {
    const double limit = threshold.at("at_least").get<double>();
    line.is_passed = line.is_passed && value >= limit;
    line.text += fmt::format(", at least {:.4f}", limit);
  }
  if (threshold.contains("at_most")) {
    const double limit = threshold.at("at_most").get<double>();
    line.is_passed = line.is_passed && value <= limit;
    line.text += fmt::format(", at most {:.4f}", limit);
  }
  return line;
}

// The alarms that must not be raised. One that was not looked for is not known to be silent.
void check_alarms(const json& metrics, const json& wanted, std::vector<GateLine>& lines) {
  const bool is_all = wanted.is_string();
  std::set<std::string> names;
  if (!is_all) names = wanted.get<std::set<std::string>>();
  for (const json& alarm : metrics.value("alarms", json::array())) {
    const std::string name = alarm.value("name", "");
    if (!is_all && names.erase(name) == 0) continue;
    lines.push_back({"alarm " + name, !alarm.value("raised", true), alarm.value("reason", "")});
  }
  for (const std::string& name : names) {
    lines.push_back({"alarm " + name, false, "was not looked for in this file"});
  }
}

std::vector<std::string> problems_of(const json& thresholds) {
  if (!thresholds.is_object() || thresholds.empty())
    return {"expected an object of metrics' paths"};
  std::vector<std::string> problems;
  for (const auto& [path, threshold] : thresholds.items()) {
    if (path == "alarms") {
      const bool is_list =
          threshold.is_array() && std::all_of(threshold.begin(), threshold.end(),
                                              [](const json& name) { return name.is_string(); });
      if (!is_list && threshold != "none")
        problems.push_back("alarms: expected \"none\" or a list of names");
      continue;
    }
    if (!threshold.is_object()) {
      problems.push_back(path + ": expected an object with at_least or at_most");
      continue;
    }
    if (!threshold.contains("at_least") && !threshold.contains("at_most"))
      problems.push_back(path + ": neither at_least nor at_most");
    for (const auto& [key, value] : threshold.items()) {
      if (key == "at_least" || key == "at_most") {
        if (!value.is_number()) problems.push_back(path + "." + key + ": expected a number");
      } else if (key != "of") {
        problems.push_back(path + "." + key + ": expected at_least, at_most or of");
      } else if (value != "value" && value != "low" && value != "high") {
        problems.push_back(path + ".of: expected value, low or high");
      }
    }
  }
  return problems;
}

}  // namespace

std::vector<GateLine> check_gate(const json& metrics, const json& thresholds) {
  if (const std::vector<std::string> problems = problems_of(thresholds); !problems.empty()) {
    std::string all;
    for (const std::string& problem : problems) all += (all.empty() ? "" : "; ") + problem;
    throw Error(ErrorCode::kConfig, "thresholds: " + all,
                R"(for example {"text.bleu_4": {"at_least": 0.15}, "alarms": "none"})");
  }
  std::vector<GateLine> lines;
  for (const auto& [path, threshold] : thresholds.items()) {
    if (path == "alarms") {
      check_alarms(metrics, threshold, lines);
    } else {
      lines.push_back(check_metric(metrics, path, threshold));
    }
  }
  return lines;
}

bool has_passed(const std::vector<GateLine>& lines) {
  return std::all_of(lines.begin(), lines.end(), [](const GateLine& l) { return l.is_passed; });
}

nlohmann::ordered_json gate_to_json(const std::vector<GateLine>& lines) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const GateLine& line : lines)
    rows.push_back({{"name", line.name}, {"passed", line.is_passed}, {"reason", line.text}});
  return {{"passed", has_passed(lines)}, {"thresholds", std::move(rows)}};
}

std::string gate_text(const std::vector<GateLine>& lines) {
  std::string text;
  for (const GateLine& line : lines)
    text += fmt::format("{} {}: {}\n", line.is_passed ? "passed" : "FAILED", line.name, line.text);
  return text + (has_passed(lines) ? "gate passed\n" : "gate failed\n");
}

}  // namespace radgen::evaluation

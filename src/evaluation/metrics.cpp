#include "radgen/evaluation/metrics.h"

#include <cmath>

#include "radgen/core/json.h"
#include "radgen/evaluation/metric_registry.h"

namespace radgen::evaluation {
void MetricTable::set_interval(const std::string& path, double low, double high) {
  const auto metric = metrics_.find(path);
  if (metric == metrics_.end()) return;
  metric->second.low = low;
  metric->second.high = high;
}

const Metric* MetricTable::find(const std::string& path) const {
  const auto metric = metrics_.find(path);
  return metric == metrics_.end() ? nullptr : &metric->second;
}

double MetricTable::value(const std::string& path) const {
  const Metric* metric = find(path);
  return metric != nullptr ? metric->value : kUndefined;
}

nlohmann::ordered_json MetricTable::to_json() const { return to_json(MetricRegistry::standard()); }

nlohmann::ordered_json MetricTable::to_json(const MetricRegistry& registry) const {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  // The reader's order first, whatever else there is behind it.
  for (const char* group : {"text", "clinical", "grounding", "confidence", "diversity", "baselines",
                            "oracle", "skill"}) {
    json[group] = nlohmann::ordered_json::object();
  }
  for (const auto& [path, metric] : metrics_) {
    nlohmann::ordered_json* node = &json;
    size_t begin = 0;
    for (size_t dot; (dot = path.find('.', begin)) != std::string::npos; begin = dot + 1) {
      node = &(*node)[path.substr(begin, dot - begin)];
    }
    nlohmann::ordered_json& entry = (*node)[path.substr(begin)];
    entry = {{"value", number(metric.value)},
             {"low", number(metric.low)},
             {"high", number(metric.high)},
             {"n", metric.n},
             {"definition", registry.definition(path)}};
    if (const std::string protocol = metric_protocol(path); !protocol.empty()) {
      entry["protocol"] = protocol;
    }
    if (!std::isfinite(metric.value)) entry["reason"] = undefined_reason(path, metric);
  }
  return json;
}

}  // namespace radgen::evaluation

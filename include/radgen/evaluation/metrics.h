// Values, intervals and definitions of metrics, and metrics.json (DESIGN "Metrics").
//
//   MetricTable table;
//   table.set("text.bleu_4", 0.12, 1000);                 // path, value, number of items behind it
//   write_json_atomic(folder / "metrics.json", table.to_json());
//
// Paths are groups joined by dots ("clinical.per_finding.Edema.f1"). A value that is not defined
// (no positive in the references, ...) is NaN in memory and null in the file, never 0.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace radgen::evaluation {

inline constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

struct Metric {
  double value = kUndefined;
  double low = kUndefined, high = kUndefined;  // 95 % interval; NaN: none was made
  int64_t n = 0;                               // items behind the value (studies, boxes, ...)
};

class MetricRegistry;  // metric_registry.h

// What a metric means, in one sentence: MetricRegistry::standard().definition(); empty: unknown.
std::string metric_definition(const std::string& path);
// "phrase" or "end_to_end" for grounding metrics, whose number means nothing without it; empty for
// others.
std::string metric_protocol(const std::string& path);
// Why a metric has no value, in words, from its path and its count.
std::string undefined_reason(const std::string& path, const Metric& metric);

class MetricTable {
 public:
  void set(const std::string& path, double value, int64_t n) {
    metrics_[path] = {value, kUndefined, kUndefined, n};
  }
  void set_interval(const std::string& path, double low, double high);
  const Metric* find(const std::string& path) const;
  double value(const std::string& path) const;  // NaN when there is none
  const std::map<std::string, Metric>& all() const { return metrics_; }
  std::map<std::string, Metric>& all() { return metrics_; }
  // Nested objects {value, low, high, n, definition}, with `protocol` for grounding and `reason`
  // where the value is null.
  nlohmann::ordered_json to_json() const;  // definitions of MetricRegistry::standard()
  nlohmann::ordered_json to_json(const MetricRegistry& registry) const;

 private:
  std::map<std::string, Metric> metrics_;
};

struct Alarm {
  std::string name;  // snake_case, stable
  bool is_raised = false;
  std::string reason;  // with the figures that decided it
};

}  // namespace radgen::evaluation

// The home of every metric: one row says its path, its definition, how counts become its value,
// where it is shown and which direction is better.
//
//   // A new metric: one row in src/evaluation/registry/<subject>_rows.cpp ...
//   {.path = "clinical.devices_per_100",
//    .definition = "devices that a draft states, per 100 reports",
//    .shown = kErrorKinds,
//    .counter = counted<ErrorSums>([](const ErrorSums& s) { return per_100(s.devices, s); })},
//   // ... and its count in the sums that it reads (src/evaluation/metric_sums.h).
//
// Whoever has sums of some type calls set(): every row that counts from this type is set, so nobody
// else lists the metrics.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "radgen/evaluation/metrics.h"

namespace radgen::evaluation {

enum class Better { kHigher, kLower, kNeither };

// Where a metric is shown beside the list of all, as bits.
enum ShownIn : unsigned {
  kHeadline = 1,       // model, baselines and oracle side by side; and the terminal
  kErrorKinds = 2,     // "Errors by kind"
  kConsistency = 4,    // drafts and references side by side
  kExamined = 8,       // "Examined anatomy"
  kBySeverity = 16,    // below the figures by finding
  kWithPhrase = 32,    // its twin of the phrase protocol (path + "_phrase") is shown behind it
  kMarkedChoice = 64,  // marked where drafts were chosen by something that shares a measure with it
};

struct MetricValue {
  double value = kUndefined;
  int64_t n = 0;  // items behind the value
};

// A function from sums over the studies, of one type, to the value.
struct Counter {
  const std::type_info* sums = nullptr;  // null: none
  std::function<std::optional<MetricValue>(const void* sums)> value;
};
// `count`: const Sums& -> MetricValue, or std::optional of it where these sums may not have it.
template <class Sums, class Count>
Counter counted(Count count) {
  return {&typeid(Sums), [count](const void* sums) -> std::optional<MetricValue> {
            return count(*static_cast<const Sums*>(sums));
          }};
}

struct MetricRow {
  std::string path;        // "text.bleu_4"; '*': each finding, kind of confidence or anatomy
  std::string definition;  // in one sentence; what n counts where that is not the studies
  Better better = Better::kHigher;
  unsigned shown = 0;        // bits of ShownIn
  Counter counter = {};      // none: what sets it is no sum over the studies
  Counter per_finding = {};  // of "<group>.per_finding.<finding>.<name>"; none: there is none
};

class MetricRegistry {
 public:
  static const MetricRegistry& standard();
  // Behind the other rows. Throws Error{kUsage} when the path has a row, or the row no definition.
  void add(MetricRow row);
  const std::vector<MetricRow>& rows() const { return rows_; }

  // The row of a metric, whatever system or finding stands before its last name
  // ("baselines.constant.text.bleu_4"), and of the phrase protocol; null: there is none.
  const MetricRow* find(const std::string& path) const;
  // As find(), in words: with what the path adds (system, protocol, classes, event); empty: none.
  std::string definition(const std::string& path) const;
  // Paths of the rows that are shown there, in their order.
  std::vector<std::string> shown_in(ShownIn place) const;

  // Sets every metric that counts from sums of this type, as path + suffix; `star` stands in for
  // the '*' of their paths.
  template <class Sums>
  void set(const Sums& sums, MetricTable& table, const std::string& suffix = "",
           const std::string& star = "") const {
    for (const MetricRow& row : rows_)
      if (row.counter.sums != nullptr && *row.counter.sums == typeid(Sums))
        set_one(row.counter, &sums, path_of(row, star) + suffix, table);
  }
  // The same for the rows' per_finding.
  template <class Sums>
  void set_finding(const Sums& sums, const std::string& finding, MetricTable& table,
                   const std::string& suffix = "") const {
    for (const MetricRow& row : rows_)
      if (row.per_finding.sums != nullptr && *row.per_finding.sums == typeid(Sums))
        set_one(row.per_finding, &sums, finding_path(row, finding) + suffix, table);
  }

 private:
  static void set_one(const Counter& counter, const void* sums, const std::string& path,
                      MetricTable& table);
  static std::string path_of(const MetricRow& row, const std::string& star);
  static std::string finding_path(const MetricRow& row, const std::string& finding);
  std::vector<MetricRow> rows_;
};

}  // namespace radgen::evaluation

#include <algorithm>
#include <map>

#include "audit/steps.h"
#include "radgen/core/parallel.h"

namespace radgen::audit {
namespace {

using evaluation::ClinicalCounts;
using evaluation::MetricTable;
using evaluation::StudyItems;
using evaluation::TextCounts;

// What the summaries of the evaluation take, in the order of the cases.
struct Columns {
  std::vector<ClinicalCounts> clinical;
  std::vector<TextCounts> text;
  std::vector<StudyItems> grounding;
  std::vector<int> levels;
  FindingSet boxed = 0;  // findings with enough boxed items for a macro mean
};

Columns gather_columns(const AuditContext& context) {
  Columns columns;
  std::array<int, kFindingCount> items{};
  for (const AuditCase& c : context.cases) {
    columns.clinical.push_back(c.clinical);
    columns.text.push_back(c.text);
    columns.grounding.push_back(c.grounding);
    for (const auto& item : c.grounding) items[static_cast<size_t>(item.finding)] += item.is_boxed;
  }
  for (const Finding f : all_findings()) {
    if (items[static_cast<size_t>(f)] >= evaluation::kMinBoxedItems)
      columns.boxed |= evaluation::bit(f);
  }
  // The audit knows predictions and no model: its maps are cut where it serves the other half best.
  std::vector<std::string> ids;
  for (const AuditCase& c : context.cases) ids.push_back(c.study_id);
  columns.levels = evaluation::cross_fitted_levels(columns.grounding, ids, columns.boxed);
  return columns;
}

MetricTable summarize(const Columns& columns, const SharedMeasures& measures,
                      const std::vector<double>& weights) {
  MetricTable table;
  evaluation::summarize_text(columns.text, weights, measures.meteor, table);
  if (!measures.meteor_15.empty()) {
    evaluation::summarize_published(columns.text, weights, measures.meteor_15, table);
  }
  const evaluation::ConfidenceData& confidence = measures.confidence;
  for (const auto& [name, events] :
       {std::pair{"words", &confidence.words}, std::pair{"grounding", &confidence.grounding}}) {
    if (!events->empty()) evaluation::summarize_confidence(*events, weights, name, table);
  }
  evaluation::summarize_clinical(columns.clinical, weights, table);
  if (columns.boxed != 0) {
    evaluation::summarize_grounding(columns.grounding, weights, columns.levels, columns.boxed, "",
                                    table);
  }
  return table;
}

GroupMetrics measure(const AuditContext& context, const Columns& columns,
                     const SharedMeasures& measures, const Attribute& attribute, size_t place,
                     int level) {
  GroupMetrics result{place, level, {}};
  const auto weigh = [&](const std::vector<uint8_t>* resample, bool is_group) {
    std::vector<double> weights(context.cases.size(), 0.0);
    for (size_t i = 0; i < weights.size(); ++i) {
      const int own = attribute.level_of[i];
      if (own == kNoLevel || (own == level) != is_group) continue;
      weights[i] = resample == nullptr ? 1.0 : (*resample)[context.patient_of[i]];
    }
    return weights;
  };
  const MetricTable group = summarize(columns, measures, weigh(nullptr, true));
  const MetricTable others = summarize(columns, measures, weigh(nullptr, false));
  for (const auto& [path, metric] : group.all()) {
    // By finding there are rates already, and a group's boxes of one finding are few.
    if (path.find("per_finding") != std::string::npos) continue;
    result.metrics.push_back({path, {metric.value}, {metric.value - others.value(path)}});
  }
  std::vector<std::vector<double>> values(result.metrics.size()), gaps(result.metrics.size());
  for (const auto& resample : context.resamples) {
    const MetricTable in = summarize(columns, measures, weigh(&resample, true));
    const MetricTable out = summarize(columns, measures, weigh(&resample, false));
    for (size_t m = 0; m < result.metrics.size(); ++m) {
      const double value = in.value(result.metrics[m].path);
      values[m].push_back(value);
      gaps[m].push_back(value - out.value(result.metrics[m].path));
    }
  }
  for (size_t m = 0; m < result.metrics.size() && !context.resamples.empty(); ++m) {
    const auto value = evaluation::percentile_interval(std::move(values[m]));
    const auto gap = evaluation::percentile_interval(std::move(gaps[m]));
    result.metrics[m].value.low = value.low;
    result.metrics[m].value.high = value.high;
    result.metrics[m].difference.low = gap.low;
    result.metrics[m].difference.high = gap.high;
  }
  return result;
}

}  // namespace

void measure_groups(const AuditContext& context, const SharedMeasures& measures,
                    AuditResult& result) {
  const Columns columns = gather_columns(context);
  std::vector<std::pair<size_t, int>> groups;
  for (size_t a = 0; a < result.attributes.size(); ++a) {
    if (result.attributes[a].is_pair) continue;
    for (size_t l = 0; l < result.attributes[a].levels.size(); ++l) {
      groups.emplace_back(a, static_cast<int>(l));
    }
  }
  result.metrics.resize(groups.size());
  parallel_for(groups.size(), static_cast<int>(result.options.threads), [&](size_t g) {
    const auto [attribute, level] = groups[g];
    result.metrics[g] =
        measure(context, columns, measures, result.attributes[attribute], attribute, level);
  });
}

}  // namespace radgen::audit

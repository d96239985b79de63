// Metrics of all systems, their skill, and intervals by resampling patients.
#include <cmath>

#include "evaluation/evaluation_context.h"
#include "radgen/evaluation/bootstrap.h"

namespace radgen::evaluation {
namespace {

struct SkillMetric {
  std::string name, path;
};
std::vector<SkillMetric> skill_metrics(const std::string& meteor_name) {
  std::vector<SkillMetric> metrics{{"bleu_4", "text.bleu_4"}};
  if (!meteor_name.empty()) metrics.push_back({meteor_name, "text." + meteor_name});
  metrics.push_back({"f1_macro", "clinical.f1_macro"});
  for (const char* name : {"iou", "iou_phrase", "pointing", "pointing_phrase"}) {
    metrics.push_back({name, std::string("grounding.") + name});
  }
  return metrics;
}

// Adds skill.* to a table that holds the model, the baselines and the oracle.
void add_skill(MetricTable& table, const std::vector<System>& systems,
               const std::vector<SkillMetric>& metrics) {
  for (const SkillMetric& metric : metrics) {
    const Metric* model = table.find(metric.path);
    const Metric* oracle = table.find("oracle." + metric.path);
    if (model == nullptr || oracle == nullptr) continue;
    double trivial = kUndefined;
    for (const System& system : systems) {
      if (!system.prefix.starts_with("baselines.")) continue;
      const double value = table.value(system.prefix + metric.path);
      if (!std::isnan(value) && !(trivial >= value)) trivial = value;
    }
    const double room = oracle->value - trivial;
    const double skill = room > 1e-6 ? (model->value - trivial) / room : kUndefined;
    table.set("skill." + metric.name, skill, model->n);
  }
}

}  // namespace

MetricTable summarize_all(const EvaluationContext& context, std::span<const double> weights) {
  MetricTable table;
  for (const System& system : context.systems) {
    const MetricTable own = system.summarize(context.references, weights, context.tools.names());
    for (const auto& [path, metric] : own.all()) table.set(path, metric.value, metric.n);
  }
  add_skill(table, context.systems, skill_metrics(context.tools.names().meteor));
  return table;
}

void add_intervals(EvaluationContext& context) {
  const Resamples resamples(context.pairing.patients,
                            static_cast<size_t>(context.options.bootstrap),
                            static_cast<uint64_t>(context.options.seed));
  add_intervals(context.result.metrics, resamples, context.threads,
                [&](std::span<const double> weights) { return summarize_all(context, weights); });
}

}  // namespace radgen::evaluation

// Metrics of all systems, their skill, and intervals by resampling patients.
#include <cmath>

#include "evaluation/evaluation_context.h"
#include "evaluation/skill.h"
#include "radgen/evaluation/bootstrap.h"

namespace radgen::evaluation {
namespace {

// Adds skill.* to a table that holds the model, the baselines and the oracle. No skill exceeds 1:
// the ceiling of IoU and pointing is 1 itself; a text that is nearer to the references than the
// oracle has all the skill that there is.
void add_skill(MetricTable& table, const std::vector<System>& systems,
               const std::vector<SkillMetric>& metrics) {
  for (const SkillMetric& metric : metrics) {
    const Metric* model = table.find(metric.path);
    const double ceiling = ceiling_of(table, metric.path);
    if (model == nullptr || std::isnan(ceiling)) continue;
    double trivial = kUndefined;
    for (const System& system : systems) {
      if (!system.prefix.starts_with("baselines.")) continue;
      const double value = table.value(system.prefix + metric.path);
      if (!std::isnan(value) && !(trivial >= value)) trivial = value;
    }
    table.set("skill." + metric.name, skill_of(model->value, trivial, ceiling), model->n);
  }
}

// What the maps add to fixed boxes on the same words.
void add_lead_over_prior(MetricTable& table) {
  for (const char* name : {"iou", "pointing", "iou_phrase", "pointing_phrase"}) {
    const std::string path = std::string("grounding.") + name;
    const Metric *model = table.find(path), *prior = table.find(kPriorOnOwnWords + path);
    if (model == nullptr || prior == nullptr) continue;
    const std::string stem = name, phrase = "_phrase";
    const bool is_phrase = stem.ends_with(phrase);
    table.set("grounding." + stem.substr(0, stem.size() - (is_phrase ? phrase.size() : 0)) +
                  "_over_prior" + (is_phrase ? phrase : ""),
              model->value - prior->value, model->n);
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
  add_lead_over_prior(table);
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

// How much the trivial baselines depend on their draw, and with them the skill.
#include <algorithm>
#include <cmath>
#include <map>

#include "evaluation/evaluation_context.h"
#include "evaluation/skill.h"
#include "radgen/core/parallel.h"
#include "radgen/evaluation/baselines.h"
#include "radgen/evaluation/text/tokenize.h"

namespace radgen::evaluation {
namespace {

// The metrics of words that have a skill, of one text a study.
MetricTable score_words(const EvaluationContext& context, const std::vector<std::string>& texts) {
  const size_t n = texts.size();
  std::vector<TextCounts> text(n);
  std::vector<ClinicalCounts> clinical(n);
  parallel_for(n, context.threads, [&](size_t s) {
    text[s] = compare_texts(context.tools.meteor.get(), scoring_tokens(texts[s]),
                            context.references.tokens[s]);
    clinical[s] = compare_words(extract_findings(context.tools.labeler, texts[s]),
                                context.references.words[s], *context.references.studies[s],
                                context.references.indicated[s]);
  });
  const std::vector<double> ones(n, 1.0);
  MetricTable table;
  summarize_text(text, ones, context.tools.names().meteor, table);
  summarize_clinical(clinical, ones, table);
  return table;
}

// Mean, smallest and largest: no interval of a mean, but what a single draw may come to.
void set_spread(const std::string& path, const std::vector<double>& values, MetricTable& table) {
  if (values.empty()) return;
  double sum = 0;
  for (const double value : values) sum += value;
  table.set(path, sum / static_cast<double>(values.size()), static_cast<int64_t>(values.size()));
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  table.set_interval(path, *low, *high);
}

}  // namespace

void add_baseline_spread(EvaluationContext& context) {
  const size_t draws = static_cast<size_t>(context.options.baseline_draws);
  if (draws == 0 || context.data.train.empty()) return;
  BaselineOptions options;
  options.constant_candidates = static_cast<size_t>(context.options.constant_candidates);
  options.seed = static_cast<uint64_t>(context.options.seed);
  options.threads = context.threads;
  const size_t n = context.references.studies.size();
  std::map<std::string, std::vector<MetricTable>> drawn;
  for (const std::string& text :
       constant_reports(context.data.train, context.data.validate, draws, options))
    drawn["constant"].push_back(score_words(context, std::vector<std::string>(n, text)));
  std::vector<Reference> test;
  for (const Reference* study : context.references.studies) test.push_back(*study);
  for (size_t draw = 0; draw < draws; ++draw) {
    ++options.seed;
    drawn["random"].push_back(
        score_words(context, random_reports(test, context.data.train, options)));
  }
  MetricTable& metrics = context.result.metrics;
  for (const SkillMetric& metric : skill_metrics(context.tools.names().meteor)) {
    if (metric.path.starts_with("grounding.")) continue;  // fixed boxes are not drawn
    std::vector<double> skills;
    double fixed = kUndefined;  // the baselines that are not drawn
    for (const System& system : context.systems) {
      const bool is_fixed = system.prefix.starts_with("baselines.") &&
                            system.prefix != "baselines.constant." &&
                            system.prefix != "baselines.random.";
      const double value = metrics.value(system.prefix + metric.path);
      if (is_fixed && !std::isnan(value) && !(fixed >= value)) fixed = value;
    }
    for (const auto& [name, tables] : drawn) {
      std::vector<double> values;
      for (const MetricTable& table : tables) {
        const double value = table.value(metric.path);
        if (!std::isnan(value)) values.push_back(value);
      }
      set_spread("baseline_spread." + name + "." + metric.path, values, metrics);
    }
    for (size_t draw = 0; draw < draws; ++draw) {
      double trivial = fixed;
      for (const auto& [name, tables] : drawn) {
        const double value = tables[draw].value(metric.path);
        if (!std::isnan(value) && !(trivial >= value)) trivial = value;
      }
      const double skill =
          skill_of(metrics.value(metric.path), trivial, ceiling_of(metrics, metric.path));
      if (!std::isnan(skill)) skills.push_back(skill);
    }
    set_spread("skill_spread." + metric.name, skills, metrics);
  }
}

}  // namespace radgen::evaluation

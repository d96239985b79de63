// The steps of an evaluation and what they share: the model, the trivial baselines and the oracle
// are scored one after the other against the same references.
#pragma once

#include <span>
#include <vector>

#include "evaluation/map_health.h"
#include "evaluation/pairing.h"
#include "evaluation/system.h"
#include "radgen/evaluation/evaluate.h"

namespace radgen::evaluation {

struct Work {
  const EvaluationData& data;
  const EvaluateOptions& options;
  const std::vector<PhraseMap>& phrase_maps;
  int threads;
  TextTools tools{};
  Pairing pairing{};
  MapHealth maps{};
  ScoredReferences references{};
  std::vector<System> systems{};  // the model is the first
  EvaluationResult result{};
};

// Pairs drafts with references, reads the references and makes the tools. Work cannot be moved, so
// it is made first: Work work{data, options, phrase_maps, threads}.
void prepare_work(Work& work, const std::vector<Draft>& drafts);

// Each adds systems to work.systems, and notes on what could not be had.
void score_model(Work& work);
void score_baselines(Work& work);
void score_oracle(Work& work);

// Metrics of all systems and the skill, of the studies as they are weighted.
MetricTable summarize_all(const Work& work, std::span<const double> weights);
// The baselines drawn again and the skill against each draw: baseline_spread.*, skill_spread.*.
void add_baseline_spread(Work& work);
// 95 % intervals of the metrics in work.result, over resampled patients.
void add_intervals(Work& work);

}  // namespace radgen::evaluation

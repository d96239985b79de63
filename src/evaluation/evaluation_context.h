// The steps of an evaluation and what they share: the model, the trivial baselines and the oracle
// are scored one after the other against the same references.
#pragma once

#include <span>
#include <vector>

#include "evaluation/grounding/attention_map_validation.h"
#include "evaluation/pairing.h"
#include "evaluation/system.h"
#include "radgen/evaluation/evaluate.h"

namespace radgen::evaluation {

struct EvaluationContext {
  const EvaluationData& data;
  const EvaluateOptions& options;
  const std::vector<PhraseMap>& phrase_maps;
  int threads;
  TextTools tools{};
  Pairing pairing{};
  AttentionMapValidation maps{};
  ScoredReferences references{};
  std::vector<System> systems{};  // the model is the first
  EvaluationResult result{};
};

// Pairs drafts with references, reads the references and makes the tools. EvaluationContext cannot
// be moved, so it is made first: EvaluationContext context{data, options, phrase_maps, threads}.
void prepare_context(EvaluationContext& context, const std::vector<Draft>& drafts);

// Each adds systems to context.systems, and notes on what could not be had.
void score_model(EvaluationContext& context);
void score_baselines(EvaluationContext& context);
void score_oracle(EvaluationContext& context);

// Metrics of all systems and the skill, of the studies as they are weighted.
MetricTable summarize_all(const EvaluationContext& context, std::span<const double> weights);
// 95 % intervals of the metrics in context.result, over resampled patients.
void add_intervals(EvaluationContext& context);

}  // namespace radgen::evaluation

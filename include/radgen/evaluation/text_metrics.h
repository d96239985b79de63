// Text scores: BLEU-1 to 4 (corpus), METEOR, ROUGE-L.
//
//   TextCounts c = compare_texts(meteor, scoring_tokens(draft), scoring_tokens(reference));
//   summarize_text(all_counts, weights, meteor.metric_name(), table);   // text.bleu_1 ...
//   text.rouge_l
#pragma once

#include <span>
#include <string>
#include <vector>

#include "radgen/evaluation/meteor.h"
#include "radgen/evaluation/metrics.h"
#include "radgen/report/bleu.h"

namespace radgen::evaluation {

// ROUGE-L as the COCO caption tools compute it: longest common subsequence, beta 1.2; with several
// references the largest precision and the largest recall, each by itself. Source: Lin 2004.
double rouge_l(const std::vector<std::string>& hypothesis,
               const std::vector<std::vector<std::string>>& references);

struct TextCounts {
  BleuCounts bleu;
  double meteor = 0, rouge_l = 0;
};
// `meteor` may be null: then METEOR is left out (quick validation during training).
TextCounts compare_texts(const Meteor* meteor, const std::vector<std::string>& draft,
                         const std::vector<std::string>& reference);

// Sets text.*; `weights`: how often each study counts. `meteor_name` empty: METEOR was left out.
void summarize_text(std::span<const TextCounts> studies, std::span<const double> weights,
                    const std::string& meteor_name, MetricTable& table);

}  // namespace radgen::evaluation

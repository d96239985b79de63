// Scores for comparison with published figures: each with the tokenization that it was made with.
#include "evaluation/metric_sums.h"
#include "radgen/core/parallel.h"
#include "radgen/evaluation/text/published_tokens.h"
#include "radgen/evaluation/text/sentence_bleu.h"
#include "radgen/evaluation/text/text_metrics.h"
#include "radgen/evaluation/text/tokenize.h"

namespace radgen::evaluation {

PublishedScorer::Tokens PublishedScorer::tokens_of(const std::string& text) {
  return {split_raw(text), split_raw(clean_r2gen_mimic(text)), ptb_tokens(text),
          meteor15_tokens(text), scoring_tokens(text)};
}

PublishedScorer::PublishedScorer(const Meteor15& meteor, const std::vector<std::string>& references,
                                 int threads)
    : meteor_(meteor), references_(references.size()) {
  parallel_for(references.size(), threads,
               [&](size_t s) { references_[s] = tokens_of(references[s]); });
  std::vector<std::vector<Cider::Words>> sets;
  for (const Tokens& tokens : references_) sets.push_back({tokens.scoring});
  cider_ = std::make_unique<Cider>(sets);
}

PublishedCounts PublishedScorer::compare(const std::string& draft, size_t study) const {
  const Tokens h = tokens_of(draft);
  const Tokens& r = references_[study];
  PublishedCounts counts;
  counts.meteor_15 = meteor_.compare(h.meteor, r.meteor);
  counts.bleu_raw = bleu_counts(ngrams(h.raw), ngrams(r.raw));
  counts.bleu_r2gen = bleu_counts(ngrams(h.r2gen), ngrams(r.r2gen));
  counts.bleu_ptb = bleu_counts(ngrams(h.ptb), ngrams(r.ptb));
  counts.cider_d = cider_->score(h.scoring, {r.scoring}).cider_d;
  counts.bleu_4_sentence = NltkBleu(h.scoring, {r.scoring}).score(4, Smoothing::kMethod4);
  return counts;
}

void summarize_published(std::span<const TextCounts> studies, std::span<const double> weights,
                         const std::string& meteor_name, MetricTable& table) {
  PublishedSums sums;
  sums.meteor_name = meteor_name;
  sums.studies = static_cast<int64_t>(studies.size());
  for (size_t s = 0; s < studies.size(); ++s) {
    const double w = weights[s];
    if (w == 0) continue;
    const PublishedCounts& counts = studies[s].published;
    sums.meteor += counts.meteor_15.scaled(w);
    sums.raw += counts.bleu_raw.scaled(w);
    sums.r2gen += counts.bleu_r2gen.scaled(w);
    sums.ptb += counts.bleu_ptb.scaled(w);
    sums.cider_d += w * counts.cider_d;
    sums.bleu_4_sentence += w * counts.bleu_4_sentence;
    sums.weight += w;
  }
  MetricRegistry::standard().set(sums, table);
}

}  // namespace radgen::evaluation

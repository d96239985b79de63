// Text scores: BLEU-1 to 4 (corpus), METEOR, ROUGE-L, edit rate; and for comparison with published
// figures METEOR 1.5, CIDEr-D, sentence BLEU and corpus BLEU on three other tokenizations.
//
//   TextCounts c = compare_texts(meteor, scoring_tokens(draft), scoring_tokens(reference));
//   summarize_text(all_counts, weights, meteor.metric_name(), table);  // text.bleu_1 .. rouge_l
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "radgen/evaluation/metrics.h"
#include "radgen/evaluation/text/cider.h"
#include "radgen/evaluation/text/edit_rate.h"
#include "radgen/evaluation/text/meteor.h"
#include "radgen/evaluation/text/meteor15.h"
#include "radgen/report/bleu.h"

namespace radgen::evaluation {

// ROUGE-L as the COCO caption tools compute it: longest common subsequence, beta 1.2; with several
// references the largest precision and the largest recall, each by itself. Source: Lin 2004.
double rouge_l(const std::vector<std::string>& hypothesis,
               const std::vector<std::vector<std::string>>& references);

// What the published scores need of one study.
struct PublishedCounts {
  Meteor15Counts meteor_15;
  BleuCounts bleu_raw, bleu_r2gen, bleu_ptb;
  double cider_d = 0, bleu_4_sentence = 0;
};

struct TextCounts {
  BleuCounts bleu;
  double meteor = 0, rouge_l = 0;
  WordEdits edits;
  PublishedCounts published;  // only filled by PublishedScorer
};
// `meteor` may be null: then METEOR is left out (quick validation during training).
TextCounts compare_texts(const Meteor* meteor, const std::vector<std::string>& draft,
                         const std::vector<std::string>& reference);

// Sets text.*; `weights`: how often each study counts. `meteor_name` empty: METEOR was left out.
// edit_rate_to_reference is among them. The published ones are summarize_published()'s.
void summarize_text(std::span<const TextCounts> studies, std::span<const double> weights,
                    const std::string& meteor_name, MetricTable& table);

// Published scores against a fixed set of references, which are tokenized once.
class PublishedScorer {
 public:
  // `meteor` is kept by reference.
  PublishedScorer(const Meteor15& meteor, const std::vector<std::string>& references, int threads);
  const std::string& meteor_name() const { return meteor_.metric_name(); }
  // Of a draft against reference `study`. Thread safe.
  PublishedCounts compare(const std::string& draft, size_t study) const;

 private:
  struct Tokens {
    std::vector<std::string> raw, r2gen, ptb, meteor, scoring;
  };
  static Tokens tokens_of(const std::string& text);
  const Meteor15& meteor_;
  std::vector<Tokens> references_;
  std::unique_ptr<Cider> cider_;
};
void summarize_published(std::span<const TextCounts> studies, std::span<const double> weights,
                         const std::string& meteor_name, MetricTable& table);

}  // namespace radgen::evaluation

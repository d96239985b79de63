#include "radgen/evaluation/text/text_metrics.h"

#include <algorithm>

#include "evaluation/metric_sums.h"

namespace radgen::evaluation {
namespace {

size_t common_subsequence(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<size_t> row(b.size() + 1, 0);
  for (const std::string& word : a) {
    size_t diagonal = 0;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = word == b[j - 1] ? diagonal + 1 : std::max(row[j], row[j - 1]);
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

double rouge_l(const std::vector<std::string>& hypothesis,
               const std::vector<std::vector<std::string>>& references) {
  constexpr double kBeta = 1.2;
  double precision = 0, recall = 0;
  for (const std::vector<std::string>& reference : references) {
    if (hypothesis.empty() || reference.empty()) continue;
    const double common = static_cast<double>(common_subsequence(hypothesis, reference));
    precision = std::max(precision, common / static_cast<double>(hypothesis.size()));
    recall = std::max(recall, common / static_cast<double>(reference.size()));
  }
  if (precision <= 0 || recall <= 0) return 0;
  return (1 + kBeta * kBeta) * precision * recall / (recall + kBeta * kBeta * precision);
}

TextCounts compare_texts(const Meteor* meteor, const std::vector<std::string>& draft,
                         const std::vector<std::string>& reference) {
  TextCounts counts;
  counts.bleu = bleu_counts(ngrams(draft), ngrams(reference));
  if (meteor != nullptr) counts.meteor = meteor->score(draft, reference);
  counts.rouge_l = rouge_l(draft, {reference});
  counts.edits = word_edits(draft, reference);
  return counts;
}

void summarize_text(std::span<const TextCounts> studies, std::span<const double> weights,
                    const std::string& meteor_name, MetricTable& table) {
  TextSums sums;
  sums.meteor_name = meteor_name;
  sums.studies = static_cast<int64_t>(studies.size());
  for (size_t s = 0; s < studies.size(); ++s) {
    if (weights[s] == 0) continue;
    sums.bleu += studies[s].bleu.scaled(weights[s]);
    sums.meteor += weights[s] * studies[s].meteor;
    sums.rouge_l += weights[s] * studies[s].rouge_l;
    sums.edits.edits += weights[s] * studies[s].edits.edits;
    sums.edits.reference_words += weights[s] * studies[s].edits.reference_words;
    sums.weight += weights[s];
  }
  MetricRegistry::standard().set(sums, table);
}

}  // namespace radgen::evaluation

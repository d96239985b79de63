#include "evaluation/system.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "radgen/core/parallel.h"
#include "radgen/evaluation/text/tokenize.h"

namespace radgen::evaluation {
namespace {

// Distinct texts are read once: a constant report costs one reading.
std::vector<ExtractedFindings> read_all(const std::vector<std::string>& texts,
                                        const Labeler& labeler, int threads) {
  std::unordered_map<std::string, size_t> first;
  std::vector<size_t> same_as(texts.size());
  std::vector<size_t> distinct;
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto [entry, is_new] = first.emplace(texts[i], i);
    same_as[i] = entry->second;
    if (is_new) distinct.push_back(i);
  }
  std::vector<ExtractedFindings> words(texts.size());
  parallel_for(distinct.size(), threads, [&](size_t d) {
    words[distinct[d]] = extract_findings(labeler, texts[distinct[d]]);
  });
  for (size_t i = 0; i < texts.size(); ++i) {
    if (same_as[i] != i) words[i] = words[same_as[i]];
  }
  return words;
}

std::vector<int> levels_for(const std::vector<StudyItems>& items,
                            const ScoredReferences& references, double map_threshold) {
  if (map_threshold <= 0) return cross_fitted_levels(items, references.ids, references.macro);
  const int level = static_cast<int>(std::lround(map_threshold / threshold_of(0))) - 1;
  return std::vector<int>(items.size(), std::clamp(level, 0, kLevels - 1));
}

}  // namespace

ScoredReferences read_references(const std::vector<const Reference*>& studies,
                                 const Labeler& labeler, int threads) {
  ScoredReferences references;
  references.studies = studies;
  for (const Reference* study : studies) {
    references.ids.push_back(study->study_id);
    references.texts.push_back(study->text());
    references.tokens.push_back(scoring_tokens(references.texts.back()));
    if (study->has_boxes) references.boxed.push_back(*study);
  }
  references.words = read_all(references.texts, labeler, threads);
  references.indicated.resize(studies.size());
  parallel_for(studies.size(), threads, [&](size_t s) {
    references.indicated[s] = named_findings(labeler, studies[s]->indication);
  });
  references.boxable = boxable_findings(references.boxed);
  references.macro = macro_findings(references.boxed);
  return references;
}

System score_texts(std::string prefix, std::vector<std::string> texts,
                   const ScoredReferences& references, const TextTools& tools, int threads) {
  System system;
  system.prefix = std::move(prefix);
  system.texts = std::move(texts);
  system.words = read_all(system.texts, tools.labeler, threads);
  const size_t n = system.texts.size();
  system.text.resize(n);
  system.clinical.resize(n);
  parallel_for(n, threads, [&](size_t s) {
    system.text[s] =
        compare_texts(tools.meteor.get(), scoring_tokens(system.texts[s]), references.tokens[s]);
    if (tools.published) system.text[s].published = tools.published->compare(system.texts[s], s);
    system.clinical[s] = compare_words(system.words[s], references.words[s], *references.studies[s],
                                       references.indicated[s]);
  });
  return system;
}

void score_end_to_end(System& system, const ScoredReferences& references,
                      const ScoreStudyClaim& score, double map_threshold, int threads) {
  system.end_to_end.resize(references.studies.size());
  parallel_for(references.studies.size(), threads, [&](size_t s) {
    const std::vector<Claim> claims = claims_of(system.words[s]);
    system.end_to_end[s] =
        end_to_end_items(*references.studies[s], references.words[s], references.boxable, claims,
                         [&](const Claim& claim, const std::vector<Box>& boxes, bool& is_shown) {
                           return score(s, claim, boxes, is_shown);
                         });
  });
  system.levels = levels_for(system.end_to_end, references, map_threshold);
}

void score_phrases(System& system, const ScoredReferences& references, const ScoreStudyClaim& score,
                   double map_threshold, int threads) {
  system.phrase.resize(references.studies.size());
  parallel_for(references.studies.size(), threads, [&](size_t s) {
    system.phrase[s] = phrase_items(
        *references.studies[s], [&](const Claim& claim, const std::vector<Box>& boxes,
                                    bool& is_shown) { return score(s, claim, boxes, is_shown); });
  });
  system.phrase_levels = levels_for(system.phrase, references, map_threshold);
}

MetricTable System::summarize(const ScoredReferences& references, std::span<const double> weights,
                              const TextNames& names) const {
  MetricTable plain;
  if (!text.empty()) {
    summarize_text(text, weights, names.meteor, plain);
    if (!names.meteor_15.empty()) summarize_published(text, weights, names.meteor_15, plain);
    summarize_clinical(clinical, weights, plain);
  }
  if (!end_to_end.empty()) {
    summarize_grounding(end_to_end, weights, levels, references.macro, "", plain);
  }
  if (!phrase.empty()) {
    summarize_grounding(phrase, weights, phrase_levels, references.macro, "_phrase", plain);
  }
  if (!sentences.empty()) summarize_sentences(sentences, weights, plain);
  if (!confidence.words.empty()) summarize_confidence(confidence.words, weights, "words", plain);
  if (!confidence.grounding.empty()) {
    summarize_confidence(confidence.grounding, weights, "grounding", plain);
  }
  if (!confidence.phrase.empty()) summarize_confidence(confidence.phrase, weights, "phrase", plain);
  if (prefix.empty()) return plain;
  MetricTable prefixed;
  for (const auto& [path, metric] : plain.all())
    prefixed.set(prefix + path, metric.value, metric.n);
  return prefixed;
}

}  // namespace radgen::evaluation

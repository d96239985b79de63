// One system under test (the model, a baseline, the oracle): its texts and the scores of its maps,
// reduced to what each study adds to each metric, so that a resample of the studies costs sums
// only.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "radgen/evaluation/evaluate.h"

namespace radgen::evaluation {

// The references of all systems, read once.
struct ScoredReferences {
  std::vector<const Reference*> studies;
  std::vector<Reference> boxed;  // copies of those with boxes, for class sets
  std::vector<std::string> ids, texts;
  std::vector<std::vector<std::string>> tokens;
  std::vector<StudyWords> words;
  FindingSet boxable = 0, macro = 0;  // see grounding.h
  bool has_boxes() const { return boxable != 0; }
};
ScoredReferences read_references(const std::vector<const Reference*>& studies,
                                 const Labeler& labeler, int threads);

struct System {
  std::string prefix;              // "", "baselines.constant.", "oracle."
  std::vector<std::string> texts;  // empty: this system has no words (the location prior)
  std::vector<StudyWords> words;
  std::vector<TextCounts> text;
  std::vector<ClinicalCounts> clinical;
  std::vector<StudyItems> end_to_end, phrase;  // empty: not scored
  std::vector<int> levels, phrase_levels;

  // Metrics of the studies as they are weighted; paths carry the prefix. Diversity is left out: it
  // has no weights.
  MetricTable summarize(const ScoredReferences& references, std::span<const double> weights,
                        const std::string& meteor_name) const;
};

// Reads and scores the texts, one a study.
System score_texts(std::string prefix, std::vector<std::string> texts,
                   const ScoredReferences& references, const Labeler& labeler, const Meteor* meteor,
                   int threads);

// Scores a claim of study `s`.
using ScoreStudyClaim = std::function<MapScore(size_t s, const Claim& claim,
                                               const std::vector<Box>& boxes, bool& is_shown)>;
void score_end_to_end(System& system, const ScoredReferences& references,
                      const ScoreStudyClaim& score, double map_threshold, int threads);
void score_phrases(System& system, const ScoredReferences& references, const ScoreStudyClaim& score,
                   double map_threshold, int threads);

}  // namespace radgen::evaluation

// One system under test (the model, a baseline, the oracle): its texts and the scores of its maps,
// reduced to what each study adds to each metric, so that a resample of the studies costs sums
// only.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "evaluation/grounding/sentence_regions.h"
#include "radgen/evaluation/evaluate.h"

namespace radgen::evaluation {

// The references of all systems, read once.
struct ScoredReferences {
  std::vector<const Reference*> studies;
  std::vector<Reference> boxed;  // copies of those with boxes, for class sets
  std::vector<std::string> ids, texts;
  std::vector<std::vector<std::string>> tokens;
  std::vector<ExtractedFindings> words;
  std::vector<FindingSet> indicated;  // findings that the indication names
  FindingSet boxable = 0, macro = 0;  // see grounding.h
  bool has_boxes() const { return boxable != 0; }
};
ScoredReferences read_references(const std::vector<const Reference*>& studies,
                                 const Labeler& labeler, int threads);

// Names of the METEOR variants that were computed; empty: left out.
struct TextNames {
  std::string meteor, meteor_15;
};

struct System {
  std::string prefix;              // "", "baselines.constant.", "oracle."
  std::vector<std::string> texts;  // empty: this system has no words (the location prior)
  std::vector<ExtractedFindings> words;
  std::vector<TextCounts> text;
  std::vector<ClinicalCounts> clinical;
  std::vector<StudyItems> end_to_end, phrase;  // empty: not scored
  std::vector<int> levels, phrase_levels;
  std::vector<SentenceCounts> sentences;  // empty: no evidence
  ConfidenceData confidence;              // empty: no confidences

  // Metrics of the studies as they are weighted; paths carry the prefix. Diversity is left out: it
  // has no weights.
  MetricTable summarize(const ScoredReferences& references, std::span<const double> weights,
                        const TextNames& names) const;
};

// What texts are scored with.
struct TextTools {
  Labeler labeler;
  std::unique_ptr<Meteor> meteor;              // null: METEOR is left out
  std::unique_ptr<Meteor15> meteor_15;         // null: the published scores are left out
  std::unique_ptr<PublishedScorer> published;  // made of the references, later
  TextNames names() const {
    return {meteor ? meteor->metric_name() : "", published ? published->meteor_name() : ""};
  }
};

// Reads and scores the texts, one a study.
System score_texts(std::string prefix, std::vector<std::string> texts,
                   const ScoredReferences& references, const TextTools& tools, int threads);

// Scores a claim of study `s`.
using ScoreStudyClaim = std::function<MapScore(size_t s, const Claim& claim,
                                               const std::vector<Box>& boxes, bool& is_shown)>;
void score_end_to_end(System& system, const ScoredReferences& references,
                      const ScoreStudyClaim& score, double map_threshold, int threads);
void score_phrases(System& system, const ScoredReferences& references, const ScoreStudyClaim& score,
                   double map_threshold, int threads);

}  // namespace radgen::evaluation

// Sums over the weighted studies from which the registry's rows count their values: one struct a
// subject. What a new metric counts is a new field here, summed where the others are.
#pragma once

#include <array>
#include <span>
#include <string>

#include "evaluation/clinical/label_scores.h"
#include "radgen/evaluation/calibration/confidence.h"
#include "radgen/evaluation/grounding/grounding.h"
#include "radgen/evaluation/metric_registry.h"
#include "radgen/evaluation/text/text_metrics.h"
#include "radgen/report/consistency.h"

namespace radgen::evaluation {

inline double ratio(double some, double all) { return all > 0 ? some / all : kUndefined; }
// A share of what is counted, with that as its n.
inline MetricValue share_of(double some, double all) {
  return {ratio(some, all), static_cast<int64_t>(all)};
}

struct TextSums {
  BleuCounts bleu;
  double meteor = 0, rouge_l = 0, weight = 0;
  WordEdits edits;
  std::string meteor_name;  // of the METEOR that was computed; empty: none
  int64_t studies = 0;
};

struct PublishedSums {
  Meteor15Counts meteor;
  BleuCounts raw, r2gen, ptb;
  double cider_d = 0, bleu_4_sentence = 0, weight = 0;
  std::string meteor_name;
  int64_t studies = 0;
};

// Over the studies with truth.
struct TruthSums {
  Confusions confusions{};
  std::array<double, 3> lesions{}, stated{};  // by severity
  int64_t studies = 0;
};

// What is counted per study or as a share.
struct ErrorSums {
  double total = 0, invented = 0, omitted = 0, sided = 0, wrong_side = 0, sick = 0, noticed = 0;
  double decided = 0, negation_errors = 0, graded = 0, same_grade = 0, placed = 0, same_place = 0;
  double sized = 0, same_size = 0, comparisons = 0, reference_comparisons = 0, echoes = 0;
  int64_t studies = 0;
  void add(const ClinicalCounts& counts, double weight);
};
ErrorSums error_sums(std::span<const ClinicalCounts> studies, std::span<const double> weights);

struct DistinctSums {
  double draft_tuples = 0, reference_tuples = 0, draft_texts = 0, reference_texts = 0;
  int64_t studies = 0;
};

bool compares_sections(ContradictionKind kind);  // findings with impression

struct ConsistencySums {
  double texts = 0, sectioned = 0, sentences = 0, any = 0, denied = 0, denied_too = 0;
  int64_t text_count = 0, sectioned_count = 0, denied_count = 0;
  std::array<double, kContradictionKinds> with{};
};

// Items of one finding, or of all.
struct FindingSum {
  double weight = 0, iou = 0, plain = 0, mean_levels = 0, pointing = 0, mass = 0;
  double shown = 0, shown_iou = 0, missed = 0, invented = 0;
  double both_px = 0, either_px = 0;
  // Over items that have a map.
  double maps = 0, area = 0, raw_maps = 0, attention = 0, raw_empty = 0, contrasts = 0, cnr = 0;
  double sided = 0, right_side = 0;
  int64_t items = 0;

  void add(const GroundedItem& item, double w, int level);
  void add_map(const GroundedItem& item, double w);
};
using FindingSums = std::array<FindingSum, kFindingCount>;
// Mean of a part over the findings that have items.
double macro_mean(const FindingSums& sums, FindingSet findings, double FindingSum::*part);

struct GroundingSums {
  FindingSums by_finding{};
  FindingSum all;
  FindingSet findings = 0;  // that macro means are over
  bool is_phrase = false;   // the protocol
};

// Of a draft's sentences (grounding/sentence_regions.h, SentenceCounts).
struct SentenceSums {
  double shown = 0, shown_stating = 0, stating = 0, stating_shown = 0, denying = 0;
  double denying_shown = 0, all = 0, placed = 0, one_sided = 0, wrong_side = 0, sized = 0;
  double size_matches = 0;
};

struct WeightedMean {
  double sum = 0, weight = 0;
  void add(double value, double w) {  // NaN: the item has none
    if (std::isnan(value)) return;
    sum += w * value;
    weight += w;
  }
};

struct ExaminedSums {
  WeightedMean iou, pointing, shown, prior_iou, prior_pointing, iou_over, pointing_over;
};

struct ConfidenceSums {
  std::span<const ConfidenceEvent> events;
  std::span<const double> weights;
};

}  // namespace radgen::evaluation

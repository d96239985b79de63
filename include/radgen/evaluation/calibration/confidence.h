// Is a confidence worth its name? Calibration error, Brier skill and discrimination of confidences
// against events, and what abstaining from the least confident would gain.
//
//   std::vector<ConfidenceEvent> events{{study, 0.9, true}, ...};
//   double ece = calibration_error(events, weights);          // weights: how often a study counts
//   for (const ReliabilityBin& bin : reliability(events)) ...  // for the diagram
//
// Events must be sorted by confidence (sort_events). Sources: Naeini et al. 2015 (ECE; bins of
// equal mass as in Nixon et al. 2019), Brier 1950, Geifman and El-Yaniv 2017 (risk and coverage).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "radgen/core/box_iou.h"
#include "radgen/evaluation/metrics.h"

namespace radgen::evaluation {

struct ConfidenceEvent {
  size_t study = 0;       // index of the study, for weights
  double confidence = 0;  // 0..1
  bool is_right = false;
};
void sort_events(std::vector<ConfidenceEvent>& events);

inline constexpr size_t kReliabilityBins = 15;

// Mean |confidence - share right| over bins of equal mass; NaN without events.
double calibration_error(std::span<const ConfidenceEvent> events, std::span<const double> weights);
double brier_score(std::span<const ConfidenceEvent> events, std::span<const double> weights);
// 1 - Brier / Brier of always saying the base rate; NaN where all events are alike.
double brier_skill(std::span<const ConfidenceEvent> events, std::span<const double> weights);
// NaN where all events are alike.
double auroc(std::span<const ConfidenceEvent> events, std::span<const double> weights);

struct ReliabilityBin {
  double confidence = 0, right = 0;  // means
  size_t events = 0;
};
// Fewer bins where there are fewer events.
std::vector<ReliabilityBin> reliability(std::span<const ConfidenceEvent> events);

struct RiskPoint {
  double coverage = 0, risk = 0;  // share kept (most confident first), share wrong among these
};
// One point an event, equal confidences together; ends at coverage 1.
std::vector<RiskPoint> risk_coverage(std::span<const ConfidenceEvent> events);
// Mean risk over the coverages.
double area_under_risk(std::span<const ConfidenceEvent> events, std::span<const double> weights);

// Share wrong when only the most confident `coverage` (0..1) of the events are kept; equal
// confidences share what is left of it. NaN without events.
double risk_at(std::span<const ConfidenceEvent> events, std::span<const double> weights,
               double coverage);

// Sets confidence.`name`.{ece,brier,brier_skill,auroc,aurc,base_rate,risk_at_50,risk_at_80}.
void summarize_confidence(std::span<const ConfidenceEvent> events, std::span<const double> weights,
                          const std::string& name, MetricTable& table);

}  // namespace radgen::evaluation

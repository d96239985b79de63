// What confidences are worth.
#include "evaluation/metric_sums.h"
#include "evaluation/registry/rows.h"

namespace radgen::evaluation {
namespace {

double share_right(const ConfidenceSums& s) {
  double right = 0, weight = 0;
  for (const ConfidenceEvent& event : s.events) {
    weight += s.weights[event.study];
    right += event.is_right ? s.weights[event.study] : 0;
  }
  return ratio(right, weight);
}

}  // namespace

std::vector<MetricRow> confidence_rows() {
  return {
      {.path = "confidence.*.ece",
       .definition = "expected calibration error, 15 bins of equal mass; resampling adds to it, so "
                     "that its interval leans upward",
       .better = Better::kLower,
       .counter = counted<ConfidenceSums>([](const ConfidenceSums& s) {
         return MetricValue{calibration_error(s.events, s.weights),
                            static_cast<int64_t>(s.events.size())};
       })},
      {.path = "confidence.*.brier",
       .definition = "mean squared difference of confidence and event",
       .better = Better::kLower,
       .counter = counted<ConfidenceSums>([](const ConfidenceSums& s) {
         return MetricValue{brier_score(s.events, s.weights),
                            static_cast<int64_t>(s.events.size())};
       })},
      {.path = "confidence.*.brier_skill",
       .definition = "1 - Brier score over that of always saying the base rate",
       .better = Better::kHigher,
       .counter = counted<ConfidenceSums>([](const ConfidenceSums& s) {
         return MetricValue{brier_skill(s.events, s.weights),
                            static_cast<int64_t>(s.events.size())};
       })},
      {.path = "confidence.*.auroc",
       .definition =
           "probability that a right sentence has more confidence than a wrong one, ties half",
       .better = Better::kHigher,
       .counter = counted<ConfidenceSums>([](const ConfidenceSums& s) {
         return MetricValue{auroc(s.events, s.weights), static_cast<int64_t>(s.events.size())};
       })},
      {.path = "confidence.*.aurc",
       .definition = "mean share of wrong sentences over all coverages when the least confident "
                     "are left out first; lower is better",
       .better = Better::kLower,
       .counter = counted<ConfidenceSums>([](const ConfidenceSums& s) {
         return MetricValue{area_under_risk(s.events, s.weights),
                            static_cast<int64_t>(s.events.size())};
       })},
      {.path = "confidence.*.risk_at_50",
       .definition = "share of wrong sentences among the more confident half",
       .better = Better::kLower,
       .counter = counted<ConfidenceSums>([](const ConfidenceSums& s) {
         return MetricValue{risk_at(s.events, s.weights, 0.5),
                            static_cast<int64_t>(s.events.size())};
       })},
      {.path = "confidence.*.risk_at_80",
       .definition = "share of wrong sentences when the least confident fifth is left out",
       .better = Better::kLower,
       .counter = counted<ConfidenceSums>([](const ConfidenceSums& s) {
         return MetricValue{risk_at(s.events, s.weights, 0.8),
                            static_cast<int64_t>(s.events.size())};
       })},
      {.path = "confidence.*.base_rate",
       .definition = "share of the sentences that are right",
       .better = Better::kNeither,
       .counter = counted<ConfidenceSums>([](const ConfidenceSums& s) {
         return MetricValue{share_right(s), static_cast<int64_t>(s.events.size())};
       })},
  };
}

}  // namespace radgen::evaluation

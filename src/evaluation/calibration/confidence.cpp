#include "radgen/evaluation/calibration/confidence.h"

#include <algorithm>
#include <cmath>

#include "evaluation/metric_sums.h"

namespace radgen::evaluation {
namespace {

struct Totals {
  double weight = 0, right = 0, squared_error = 0;
};

Totals totals_of(std::span<const ConfidenceEvent> events, std::span<const double> weights) {
  Totals totals;
  for (const ConfidenceEvent& event : events) {
    const double w = weights[event.study], error = event.confidence - (event.is_right ? 1 : 0);
    totals.weight += w;
    totals.right += event.is_right ? w : 0;
    totals.squared_error += w * error * error;
  }
  return totals;
}

bool is_alike(const Totals& totals) {
  return totals.weight <= 0 || totals.right <= 0 || totals.right >= totals.weight;
}

}  // namespace

void sort_events(std::vector<ConfidenceEvent>& events) {
  std::stable_sort(events.begin(), events.end(),
                   [](const ConfidenceEvent& a, const ConfidenceEvent& b) {
                     return a.confidence < b.confidence;
                   });
}

double calibration_error(std::span<const ConfidenceEvent> events, std::span<const double> weights) {
  const double all = totals_of(events, weights).weight;
  if (all <= 0) return kUndefined;
  const double bin_weight = all / static_cast<double>(kReliabilityBins);
  double error = 0, weight = 0, confidence = 0, right = 0;
  size_t bin = 1;
  const auto close = [&] {
    error += std::abs(confidence - right);
    confidence = right = 0;
    ++bin;
  };
  for (const ConfidenceEvent& event : events) {
    double left = weights[event.study];
    // An event that reaches over the end of a bin is shared between the two.
    while (left > 0) {
      const double room = static_cast<double>(bin) * bin_weight - weight;
      const double part = bin < kReliabilityBins ? std::min(left, room) : left;
      confidence += part * event.confidence;
      right += event.is_right ? part : 0;
      weight += part;
      left -= part;
      if (bin < kReliabilityBins && weight >= static_cast<double>(bin) * bin_weight - 1e-9) {
        close();
      }
    }
  }
  close();
  return error / all;
}

double brier_score(std::span<const ConfidenceEvent> events, std::span<const double> weights) {
  const Totals totals = totals_of(events, weights);
  return totals.weight > 0 ? totals.squared_error / totals.weight : kUndefined;
}

double brier_skill(std::span<const ConfidenceEvent> events, std::span<const double> weights) {
  const Totals totals = totals_of(events, weights);
  if (is_alike(totals)) return kUndefined;
  const double rate = totals.right / totals.weight;
  return 1 - totals.squared_error / totals.weight / (rate * (1 - rate));
}

double auroc(std::span<const ConfidenceEvent> events, std::span<const double> weights) {
  const Totals totals = totals_of(events, weights);
  if (is_alike(totals)) return kUndefined;
  double wrong_below = 0, area = 0;
  for (size_t i = 0; i < events.size();) {
    double right = 0, wrong = 0;
    size_t end = i;
    for (; end < events.size() && events[end].confidence == events[i].confidence; ++end) {
      (events[end].is_right ? right : wrong) += weights[events[end].study];
    }
    area += right * (wrong_below + wrong / 2);
    wrong_below += wrong;
    i = end;
  }
  return area / (totals.right * (totals.weight - totals.right));
}

std::vector<ReliabilityBin> reliability(std::span<const ConfidenceEvent> events) {
  const size_t count = std::min(kReliabilityBins, events.size());
  std::vector<ReliabilityBin> bins(count);
  for (size_t b = 0; b < count; ++b) {
    const size_t begin = b * events.size() / count, end = (b + 1) * events.size() / count;
    for (size_t i = begin; i < end; ++i) {
      bins[b].confidence += events[i].confidence / static_cast<double>(end - begin);
      bins[b].right += (events[i].is_right ? 1.0 : 0.0) / static_cast<double>(end - begin);
    }
    bins[b].events = end - begin;
  }
  return bins;
}

std::vector<RiskPoint> risk_coverage(std::span<const ConfidenceEvent> events) {
  std::vector<RiskPoint> points;
  double kept = 0, wrong = 0;
  for (size_t i = events.size(); i > 0; --i) {
    kept += 1;
    wrong += events[i - 1].is_right ? 0 : 1;
    if (i > 1 && events[i - 2].confidence == events[i - 1].confidence) continue;
    points.push_back({kept / static_cast<double>(events.size()), wrong / kept});
  }
  return points;
}

double area_under_risk(std::span<const ConfidenceEvent> events, std::span<const double> weights) {
  double kept = 0, wrong = 0, area = 0;
  for (size_t i = events.size(); i > 0;) {
    double more = 0;
    const double confidence = events[i - 1].confidence;
    for (; i > 0 && events[i - 1].confidence == confidence; --i) {
      const double w = weights[events[i - 1].study];
      more += w;
      wrong += events[i - 1].is_right ? 0 : w;
    }
    kept += more;
    if (kept > 0) area += more * wrong / kept;
  }
  return kept > 0 ? area / kept : kUndefined;
}

double risk_at(std::span<const ConfidenceEvent> events, std::span<const double> weights,
               double coverage) {
  const double room = coverage * totals_of(events, weights).weight;
  if (room <= 0) return kUndefined;
  double kept = 0, wrong = 0;
  for (size_t i = events.size(); i > 0 && kept < room;) {
    double more = 0, more_wrong = 0;
    const double confidence = events[i - 1].confidence;
    for (; i > 0 && events[i - 1].confidence == confidence; --i) {
      const double w = weights[events[i - 1].study];
      more += w;
      more_wrong += events[i - 1].is_right ? 0 : w;
    }
    const double part = more > 0 ? std::min(1.0, (room - kept) / more) : 0;
    kept += part * more;
    wrong += part * more_wrong;
  }
  return wrong / room;
}

void summarize_confidence(std::span<const ConfidenceEvent> events, std::span<const double> weights,
                          const std::string& name, MetricTable& table) {
  MetricRegistry::standard().set(ConfidenceSums{events, weights}, table, "", name);
}

}  // namespace radgen::evaluation

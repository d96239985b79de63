#include "radgen/inference/calibration_fit.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "inference/logistic_fit.h"

namespace radgen {

namespace {

constexpr size_t kLeastCases = 20;

template <class Case>
std::vector<double> ious_of(const std::vector<Case>& cases, double threshold) {
  std::vector<double> ious;
  for (const Case& c : cases)
    ious.push_back(union_iou(find_regions(c.map, c.map_box, threshold), c.reference));
  return ious;
}

// The share of the maximum whose regions meet the reference best on average.
template <class Case>
double best_region_threshold(const std::vector<Case>& cases) {
  double best_mean = -1, best = 0;
  for (int percent = 5; percent <= 90; percent += 5) {
    const std::vector<double> ious = ious_of(cases, percent / 100.0);
    const double mean =
        std::accumulate(ious.begin(), ious.end(), 0.0) / static_cast<double>(ious.size());
    if (mean > best_mean) best_mean = mean, best = percent / 100.0;
  }
  return best;
}

constexpr auto kFindings = static_cast<std::ptrdiff_t>(kFindingCount);

void fit_score(const std::vector<CalibrationCase>& cases, const std::vector<bool>& hits,
               Calibration& calibration) {
  std::vector<std::vector<double>> features;
  std::vector<double> gates;
  for (const CalibrationCase& c : cases) {
    features.push_back(score_features(c.region_features));
    gates.push_back(score_gate(c.region_features));
  }
  const std::vector<double> weights = fit_logistic(features, hits, gates);
  calibration.score_offset = weights[0];
  calibration.concentration_slope = weights[1];
  calibration.support_weight = weights[2];
  calibration.best_gap_weight = weights[3];
  calibration.presence_weight = weights[4];
  calibration.finding_offsets.assign(weights.end() - kFindings, weights.end());
}

void fit_confidence(const std::vector<CalibrationCase>& claims, Calibration& calibration) {
  std::vector<std::vector<double>> features;
  std::vector<bool> hits;
  for (const CalibrationCase& c : claims) {
    features.push_back(confidence_features(c.word_probability, c.region_features));
    hits.push_back(c.is_right);
  }
  const std::vector<double> weights = fit_logistic(features, hits);
  calibration.word_offset = weights[0];
  calibration.word_slope = weights[1];
  calibration.word_presence_weight = weights[2];
  calibration.word_finding_offsets.assign(weights.end() - kFindings, weights.end());
}

double best_f1_threshold(const std::vector<double>& scores, const std::vector<bool>& hits) {
  std::vector<size_t> order(scores.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  const double all = static_cast<double>(std::count(hits.begin(), hits.end(), true));
  double found = 0, best = -1, threshold = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    found += hits[order[i]];
    const double f1 = 2 * found / (static_cast<double>(i + 1) + all);
    if (f1 > best) {
      best = f1;
      threshold = scores[order[i]];
    }
  }
  return threshold;
}

}  // namespace

Calibration fit_calibration(const std::vector<CalibrationCase>& phrases,
                            const std::vector<CalibrationCase>& claims, int64_t studies) {
  Calibration calibration;
  if (phrases.size() < kLeastCases) return calibration;
  calibration.studies = studies;
  calibration.region_threshold = best_region_threshold(phrases);
  const std::vector<CalibrationCase>& cases = claims.size() < kLeastCases ? phrases : claims;
  std::vector<bool> hits;
  for (const double iou : ious_of(cases, calibration.region_threshold))
    hits.push_back(iou >= kRightIou);
  fit_score(cases, hits, calibration);
  std::vector<double> scores;
  for (const CalibrationCase& c : cases)
    scores.push_back(calibrated_score(c.region_features, calibration));
  calibration.abstain_below = best_f1_threshold(scores, hits);
  if (claims.size() >= kLeastCases) fit_confidence(claims, calibration);
  return calibration;
}

void fit_examined(const std::vector<ExaminedCase>& cases, Calibration& calibration) {
  if (cases.size() < kLeastCases) return;
  calibration.examined_sentences = static_cast<int64_t>(cases.size());
  calibration.examined_threshold = best_region_threshold(cases);
  std::vector<bool> hits;
  for (const double iou : ious_of(cases, calibration.examined_threshold))
    hits.push_back(iou >= kRightIou);
  std::vector<std::vector<double>> features;
  std::vector<double> gates;
  for (const ExaminedCase& c : cases) {
    const RegionFeatures region = region_features(c.map, {}, {});
    features.push_back(examined_features(region));
    gates.push_back(score_gate(region));
  }
  const std::vector<double> weights = fit_logistic(features, hits, gates);
  calibration.examined_offset = weights[0];
  calibration.examined_slope = weights[1];
  std::vector<double> scores;
  for (const ExaminedCase& c : cases) scores.push_back(examined_score(c.map, calibration));
  calibration.examined_abstain_below = best_f1_threshold(scores, hits);
}

}  // namespace radgen

#include "radgen/inference/calibration.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/core.hpp>

namespace radgen {

namespace {

constexpr size_t kLeastCases = 20;

std::vector<double> ious_of(const std::vector<CalibrationCase>& cases, double threshold) {
  std::vector<double> ious;
  for (const CalibrationCase& c : cases) ious.push_back(union_iou(find_regions(c.map, c.map_box, threshold), c.reference));
  return ious;
}

// Pulls the weights to 0 (that of sharpness and the overall offset hardly): a finding that was met a few times keeps the
// others' offset.
constexpr double kRidge = 1, kFaintRidge = 1e-3;

struct ScoreFit {
  cv::Mat_<double> features, targets;  // [cases][weights], [cases][1]
  cv::Mat_<double> ridge;              // [weights][1]

  // Negative log-likelihood, -log p and -log(1 - p) without overflow, and the ridge's share.
  double loss(const cv::Mat_<double>& weights) const {
    const cv::Mat_<double> z = features * weights;
    double sum = ridge.dot(weights.mul(weights)) / 2;
    for (int i = 0; i < z.rows; ++i) sum += std::max(z(i), 0.0) + std::log1p(std::exp(-std::abs(z(i)))) - targets(i) * z(i);
    return sum;
  }

  // The way to go by Newton's method.
  cv::Mat_<double> step(const cv::Mat_<double>& weights) const {
    const cv::Mat_<double> z = features * weights;
    cv::Mat_<double> errors(z.size()), weighted = features.clone();
    for (int i = 0; i < z.rows; ++i) {
      const double p = 1 / (1 + std::exp(-z(i)));
      errors(i) = p - targets(i);
      weighted.row(i) *= p * (1 - p);
    }
    const cv::Mat_<double> slope = features.t() * errors + ridge.mul(weights);
    const cv::Mat_<double> curvature = features.t() * weighted + cv::Mat_<double>(cv::Mat::diag(ridge));
    cv::Mat_<double> way;
    cv::solve(curvature, slope, way, cv::DECOMP_SVD);
    return way;
  }
};

// Logistic regression of hits with Platt's smoothed targets, by Newton's method with the steps halved until the loss falls: a
// full step from the flat part of the curve would never come back.
void fit_score(const std::vector<CalibrationCase>& cases, const std::vector<bool>& hits, Calibration& calibration) {
  const double positives = static_cast<double>(std::count(hits.begin(), hits.end(), true));
  const double negatives = static_cast<double>(hits.size()) - positives;
  const int rows = static_cast<int>(cases.size()), columns = static_cast<int>(score_features(cases.front().evidence).size());
  ScoreFit fit{cv::Mat_<double>(rows, columns), cv::Mat_<double>(rows, 1), cv::Mat_<double>(columns, 1, kRidge)};
  fit.ridge(0) = fit.ridge(1) = kFaintRidge;
  for (int i = 0; i < rows; ++i) {
    const std::vector<double> features = score_features(cases[static_cast<size_t>(i)].evidence);
    std::copy(features.begin(), features.end(), fit.features[i]);
    fit.targets(i) = hits[static_cast<size_t>(i)] ? (positives + 1) / (positives + 2) : 1 / (negatives + 2);
  }
  cv::Mat_<double> weights(columns, 1, 0.0);
  double loss = fit.loss(weights);
  for (int iteration = 0; iteration < 100; ++iteration) {
    const cv::Mat_<double> way = fit.step(weights);
    double share = 1, next = 0;
    while (share > 1e-9 && !((next = fit.loss(weights - share * way)) < loss)) share /= 2;
    if (share <= 1e-9) break;
    weights -= share * way;
    const double gain = loss - next;
    loss = next;
    if (gain < 1e-12 * (1 + loss)) break;
  }
  calibration.score_offset = weights(0);
  calibration.score_slope = weights(1);
  calibration.support_weight = weights(2);
  calibration.best_gap_weight = weights(3);
  calibration.presence_weight = weights(4);
  calibration.finding_offsets.assign(weights.begin() + columns - static_cast<int>(kFindingCount), weights.end());
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

double union_iou(const std::vector<Box>& a, const std::vector<Box>& b) {
  std::vector<double> xs, ys;
  for (const std::vector<Box>* set : {&a, &b})
    for (const Box& box : *set) {
      xs.insert(xs.end(), {box.x, box.x + box.w});
      ys.insert(ys.end(), {box.y, box.y + box.h});
    }
  std::sort(xs.begin(), xs.end());
  std::sort(ys.begin(), ys.end());
  auto covers = [](const std::vector<Box>& boxes, double x, double y) {
    return std::any_of(boxes.begin(), boxes.end(), [&](const Box& box) {
      return x >= box.x && x < box.x + box.w && y >= box.y && y < box.y + box.h;
    });
  };
  double both = 0, any = 0;
  for (size_t i = 0; i + 1 < xs.size(); ++i)
    for (size_t j = 0; j + 1 < ys.size(); ++j) {
      const double area = (xs[i + 1] - xs[i]) * (ys[j + 1] - ys[j]);
      if (area <= 0) continue;
      const double x = (xs[i] + xs[i + 1]) / 2, y = (ys[j] + ys[j + 1]) / 2;
      const bool in_a = covers(a, x, y), in_b = covers(b, x, y);
      if (in_a && in_b) both += area;
      if (in_a || in_b) any += area;
    }
  return any > 0 ? both / any : 0;
}

Calibration fit_calibration(const std::vector<CalibrationCase>& phrases, const std::vector<CalibrationCase>& claims,
                            int64_t studies) {
  Calibration calibration;
  if (phrases.size() < kLeastCases) return calibration;
  calibration.studies = studies;
  double best_mean = -1;
  for (int percent = 5; percent <= 90; percent += 5) {
    const std::vector<double> ious = ious_of(phrases, percent / 100.0);
    const double mean = std::accumulate(ious.begin(), ious.end(), 0.0) / static_cast<double>(ious.size());
    if (mean > best_mean) {
      best_mean = mean;
      calibration.region_threshold = percent / 100.0;
    }
  }
  const std::vector<CalibrationCase>& cases = claims.size() < kLeastCases ? phrases : claims;
  std::vector<bool> hits;
  for (const double iou : ious_of(cases, calibration.region_threshold)) hits.push_back(iou >= kHitIou);
  fit_score(cases, hits, calibration);
  std::vector<double> scores;
  for (const CalibrationCase& c : cases) scores.push_back(calibrated_score(c.evidence, calibration));
  calibration.abstain_below = best_f1_threshold(scores, hits);
  return calibration;
}

}  // namespace radgen

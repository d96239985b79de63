#include "radgen/inference/calibration.h"

#include <algorithm>
#include <cmath>

namespace radgen {

namespace {

constexpr size_t kLeastCases = 20;

std::vector<double> mean_iou_of(const std::vector<CalibrationCase>& cases, double threshold, double& mean) {
  std::vector<double> ious;
  mean = 0;
  for (const CalibrationCase& c : cases) {
    ious.push_back(union_iou(find_regions(c.map, c.map_box, threshold), c.reference));
    mean += ious.back() / static_cast<double>(cases.size());
  }
  return ious;
}

constexpr double kRidge = 1e-3;  // keeps slope and offset finite when the scores separate the events

// Negative log-likelihood of the targets, -log p and -log(1 - p) without overflow.
double platt_loss(const std::vector<double>& logits, const std::vector<double>& targets, double slope, double offset) {
  double loss = kRidge / 2 * ((slope - 1) * (slope - 1) + offset * offset);
  for (size_t i = 0; i < logits.size(); ++i) {
    const double z = slope * logits[i] + offset;
    loss += std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))) - targets[i] * z;
  }
  return loss;
}

// Logistic regression of hits on the logit of the raw score with Platt's smoothed targets, by Newton's method with the
// steps halved until the loss falls: a full step from the flat part of the curve would never come back.
void fit_platt(const std::vector<double>& logits, const std::vector<bool>& hits, double& slope, double& offset) {
  const double positives = static_cast<double>(std::count(hits.begin(), hits.end(), true));
  const double negatives = static_cast<double>(hits.size()) - positives;
  std::vector<double> targets;
  for (const bool hit : hits) targets.push_back(hit ? (positives + 1) / (positives + 2) : 1 / (negatives + 2));
  slope = 1;
  offset = 0;
  double loss = platt_loss(logits, targets, slope, offset);
  for (int iteration = 0; iteration < 100; ++iteration) {
    double g0 = kRidge * (slope - 1), g1 = kRidge * offset, h00 = kRidge, h01 = 0, h11 = kRidge;
    for (size_t i = 0; i < logits.size(); ++i) {
      const double p = 1 / (1 + std::exp(-(slope * logits[i] + offset)));
      const double error = p - targets[i], weight = p * (1 - p);
      g0 += error * logits[i];
      g1 += error;
      h00 += weight * logits[i] * logits[i];
      h01 += weight * logits[i];
      h11 += weight;
    }
    const double determinant = h00 * h11 - h01 * h01;
    const double step0 = (h11 * g0 - h01 * g1) / determinant, step1 = (h00 * g1 - h01 * g0) / determinant;
    double share = 1, next = 0;
    while (share > 1e-9 && !((next = platt_loss(logits, targets, slope - share * step0, offset - share * step1)) < loss))
      share /= 2;
    if (share <= 1e-9) break;
    slope -= share * step0;
    offset -= share * step1;
    const double gain = loss - next;
    loss = next;
    if (gain < 1e-12 * (1 + loss)) break;
  }
  slope = std::max(slope, 0.0);  // a sharper map is never worth less: a negative slope is noise
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

Calibration fit_calibration(const std::vector<CalibrationCase>& cases, int64_t studies) {
  Calibration calibration;
  if (cases.size() < kLeastCases) return calibration;
  calibration.studies = studies;
  std::vector<double> ious;
  double best_mean = -1;
  for (int percent = 5; percent <= 90; percent += 5) {
    double mean = 0;
    std::vector<double> at_threshold = mean_iou_of(cases, percent / 100.0, mean);
    if (mean > best_mean) {
      best_mean = mean;
      ious = std::move(at_threshold);
      calibration.region_threshold = percent / 100.0;
    }
  }
  std::vector<double> logits, scores;
  std::vector<bool> hits;
  for (size_t i = 0; i < cases.size(); ++i) {
    const double raw = std::clamp(raw_grounding_score(cases[i].map), 1e-6, 1 - 1e-6);
    logits.push_back(std::log(raw / (1 - raw)));
    hits.push_back(ious[i] >= kHitIou);
  }
  fit_platt(logits, hits, calibration.score_slope, calibration.score_offset);
  for (const CalibrationCase& c : cases) scores.push_back(calibrated_score(raw_grounding_score(c.map), calibration));
  calibration.abstain_below = best_f1_threshold(scores, hits);
  return calibration;
}

}  // namespace radgen

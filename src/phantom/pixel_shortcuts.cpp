#include "pixel_shortcuts.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/imgproc.hpp>

namespace radgen::phantom {
namespace {

constexpr int kGrid = 64;

cv::Mat repeated(const cv::Mat& row, int rows) { return cv::repeat(row, rows, 1); }

cv::Mat sigmoid(const cv::Mat& x) {
  cv::Mat e;
  cv::exp(-x, e);
  return 1.0 / (1.0 + e);
}

// The largest eigenvalue of X^T X / n, by power iteration: bounds the curvature of the loss.
double largest_eigenvalue(const cv::Mat& x) {
  cv::Mat v(x.cols, 1, CV_32F, cv::Scalar(1.0 / std::sqrt(x.cols)));
  for (int i = 0; i < x.cols; i += 2) v.at<float>(i) *= -1;
  double value = 1;
  for (int step = 0; step < 30; ++step) {
    cv::Mat next = x.t() * (x * v) / x.rows;
    value = cv::norm(next);
    if (value <= 0) return 1;
    v = next / value;
  }
  return value;
}

}  // namespace

cv::Mat thumbnail(const cv::Mat& film) {
  cv::Mat small, row;
  cv::resize(film, small, {kThumbnailSide, kThumbnailSide}, 0, 0, cv::INTER_AREA);
  small.reshape(1, 1).convertTo(row, CV_32F);
  cv::Scalar mean, deviation;
  cv::meanStdDev(row, mean, deviation);
  row = (row - mean[0]) / std::max(deviation[0], 1e-6);
  return row;
}

double auroc(const std::vector<float>& scores, const std::vector<bool>& is_positive) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] < scores[b]; });
  double positives = 0, rank_sum = 0;
  for (size_t i = 0; i < order.size();) {
    size_t end = i;
    while (end < order.size() && scores[order[end]] == scores[order[i]]) ++end;
    const double rank = 0.5 * static_cast<double>(i + 1 + end);  // ties share their mean rank
    for (; i < end; ++i) {
      if (!is_positive[order[i]]) continue;
      ++positives;
      rank_sum += rank;
    }
  }
  const double negatives = static_cast<double>(scores.size()) - positives;
  if (positives == 0 || negatives == 0) return 0.5;
  return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives);
}

LogisticModel fit_logistic(const cv::Mat& train, const cv::Mat& labels, double l2, int steps) {
  LogisticModel model;
  cv::reduce(train, model.mean, 0, cv::REDUCE_AVG);
  cv::Mat x = train - repeated(model.mean, train.rows), variance;
  cv::reduce(x.mul(x), variance, 0, cv::REDUCE_AVG);
  cv::sqrt(variance + 1e-4, model.scale);
  x = x / repeated(model.scale, train.rows);
  cv::Mat prevalence;
  cv::reduce(labels, prevalence, 0, cv::REDUCE_AVG);
  model.weights = cv::Mat::zeros(train.cols, labels.cols, CV_32F);
  model.bias = cv::Mat::zeros(1, labels.cols, CV_32F);
  for (int k = 0; k < labels.cols; ++k) {
    const double p = std::clamp(static_cast<double>(prevalence.at<float>(k)), 1e-3, 1 - 1e-3);
    model.bias.at<float>(k) = static_cast<float>(std::log(p / (1 - p)));
  }
  const double step_size = 1 / (0.25 * (largest_eigenvalue(x) + 1) + l2);
  cv::Mat ahead = model.weights.clone(), ahead_bias = model.bias.clone();
  double t = 1;
  for (int step = 0; step < steps; ++step) {
    const cv::Mat error = sigmoid(x * ahead + repeated(ahead_bias, x.rows)) - labels;
    const cv::Mat next = ahead - step_size * (x.t() * error / x.rows + l2 * ahead);
    cv::Mat bias_gradient;
    cv::reduce(error, bias_gradient, 0, cv::REDUCE_AVG);
    const cv::Mat next_bias = ahead_bias - step_size * bias_gradient;
    const double t_next = (1 + std::sqrt(1 + 4 * t * t)) / 2, momentum = (t - 1) / t_next;
    ahead = next + momentum * (next - model.weights);
    ahead_bias = next_bias + momentum * (next_bias - model.bias);
    model.weights = next;
    model.bias = next_bias;
    t = t_next;
  }
  return model;
}

cv::Mat logistic_scores(const LogisticModel& model, const cv::Mat& rows) {
  const cv::Mat x = (rows - repeated(model.mean, rows.rows)) / repeated(model.scale, rows.rows);
  return x * model.weights + repeated(model.bias, rows.rows);
}

std::vector<int> nearest_rows(const cv::Mat& train, const cv::Mat& test) {
  cv::Mat norms;  // |a|^2 - 2 a.b; |b|^2 does not change the order
  cv::reduce(train.mul(train), norms, 1, cv::REDUCE_SUM);
  std::vector<int> nearest;
  for (int i = 0; i < test.rows; ++i) {
    const cv::Mat distance = norms - 2 * (train * test.row(i).t());
    int at[2] = {0, 0};
    cv::minMaxIdx(distance, nullptr, nullptr, at, nullptr);
    nearest.push_back(at[0]);
  }
  return nearest;
}

cv::Mat grid_mask(const TrueFinding& finding, cv::Size film) {
  constexpr int kShift = 8;  // fixed-point polygons, so that small findings keep their shape
  std::vector<std::vector<cv::Point>> polygons;
  auto on_grid = [&](double x, double y) {
    return cv::Point(cvRound(x / film.width * kGrid * (1 << kShift)),
                     cvRound(y / film.height * kGrid * (1 << kShift)));
  };
  for (const auto& polygon : finding.outline) {
    std::vector<cv::Point> points;
    for (const cv::Point& p : polygon) points.push_back(on_grid(p.x, p.y));
    if (points.size() > 2) polygons.push_back(std::move(points));
  }
  if (polygons.empty()) {
    const Box& b = finding.box;
    if (b.area() <= 0) return {};
    polygons.push_back({on_grid(b.x, b.y), on_grid(b.x + b.w, b.y), on_grid(b.x + b.w, b.y + b.h),
                        on_grid(b.x, b.y + b.h)});
  }
  cv::Mat mask = cv::Mat::zeros(kGrid, kGrid, CV_8U), result;
  for (const auto& polygon : polygons)
    cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{polygon}, 1, cv::LINE_8, kShift);
  mask.convertTo(result, CV_32F);
  return result;
}

double mask_iou(const cv::Mat& a, const cv::Mat& b) {
  const double both = a.dot(b), either = cv::sum(a)[0] + cv::sum(b)[0] - both;
  return either > 0 ? both / either : 0;
}

cv::Mat location_prior(const std::vector<cv::Mat>& masks) {
  cv::Mat mean = cv::Mat::zeros(kGrid, kGrid, CV_32F), best;
  for (const cv::Mat& mask : masks) mean += mask;
  double peak = 0, best_iou = -1;
  cv::minMaxLoc(mean, nullptr, &peak);
  for (int step = 1; step < 20; ++step) {
    cv::Mat prior;
    cv::threshold(mean, prior, peak * step / 20, 1, cv::THRESH_BINARY);
    double sum = 0;
    for (const cv::Mat& mask : masks) sum += mask_iou(prior, mask);
    if (sum <= best_iou) continue;
    best_iou = sum;
    best = prior;
  }
  return best;
}

}  // namespace radgen::phantom

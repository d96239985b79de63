#include "inference/logistic_fit.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/core.hpp>

#include "radgen/core/error.h"

namespace radgen {
namespace {

constexpr double kRidge = 1, kFaintRidge = 1e-3;

double sigmoid(double z) { return 1 / (1 + std::exp(-z)); }

struct Regression {
  cv::Mat_<double> features, targets;  // [cases][weights], [cases][1]
  cv::Mat_<double> ridge;              // [weights][1]
  cv::Mat_<double> offsets;            // [cases][1]

  // Negative log-likelihood, -log p and -log(1 - p) without overflow, and the ridge's share.
  double loss(const cv::Mat_<double>& weights) const {
    const cv::Mat_<double> z = features * weights + offsets;
    double sum = ridge.dot(weights.mul(weights)) / 2;
    for (int i = 0; i < z.rows; ++i)
      sum += std::max(z(i), 0.0) + std::log1p(std::exp(-std::abs(z(i)))) - targets(i) * z(i);
    return sum;
  }

  // The way to go by Newton's method.
  cv::Mat_<double> step(const cv::Mat_<double>& weights) const {
    const cv::Mat_<double> z = features * weights + offsets;
    cv::Mat_<double> errors(z.size()), weighted = features.clone();
    for (int i = 0; i < z.rows; ++i) {
      const double p = sigmoid(z(i));
      errors(i) = p - targets(i);
      weighted.row(i) *= p * (1 - p);
    }
    const cv::Mat_<double> slope = features.t() * errors + ridge.mul(weights);
    const cv::Mat_<double> curvature =
        features.t() * weighted + cv::Mat_<double>(cv::Mat::diag(ridge));
    cv::Mat_<double> way;
    cv::solve(curvature, slope, way, cv::DECOMP_SVD);
    return way;
  }
};

}  // namespace

// Newton's steps are halved until the loss falls: a full step from the flat part of the curve would
// never come back.
std::vector<double> fit_logistic(const std::vector<std::vector<double>>& features,
                                 const std::vector<bool>& hits,
                                 const std::vector<double>& offsets) {
  RADGEN_CHECK(!features.empty() && features.size() == hits.size(),
               "one hit or miss for each case");
  RADGEN_CHECK(offsets.empty() || offsets.size() == hits.size(), "one offset for each case");
  const double positives = static_cast<double>(std::count(hits.begin(), hits.end(), true));
  const double negatives = static_cast<double>(hits.size()) - positives;
  const int rows = static_cast<int>(features.size()),
            columns = static_cast<int>(features.front().size());
  Regression fit{cv::Mat_<double>(rows, columns), cv::Mat_<double>(rows, 1),
                 cv::Mat_<double>(columns, 1, kRidge), cv::Mat_<double>(rows, 1, 0.0)};
  for (size_t i = 0; i < offsets.size(); ++i) fit.offsets(static_cast<int>(i)) = offsets[i];
  for (int i = 0; i < std::min(columns, 2); ++i) fit.ridge(i) = kFaintRidge;
  for (int i = 0; i < rows; ++i) {
    const std::vector<double>& row = features[static_cast<size_t>(i)];
    RADGEN_CHECK(row.size() == features.front().size(), "all cases have the same features");
    std::copy(row.begin(), row.end(), fit.features[i]);
    fit.targets(i) =
        hits[static_cast<size_t>(i)] ? (positives + 1) / (positives + 2) : 1 / (negatives + 2);
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
  return {weights.begin(), weights.end()};
}

double logistic(const std::vector<double>& weights, const std::vector<double>& features,
                double offset) {
  return sigmoid(std::inner_product(
      weights.begin(),
      weights.begin() + static_cast<std::ptrdiff_t>(std::min(weights.size(), features.size())),
      features.begin(), offset));
}

}  // namespace radgen

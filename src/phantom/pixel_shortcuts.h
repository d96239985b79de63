// What can be had from 32 x 32 pixels: logistic regression, nearest neighbour, and the prior of
// where findings lie.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "radgen/phantom/truth.h"

namespace radgen::phantom {

inline constexpr int kThumbnailSide = 32;

// A film of any size as a row of 1024 values of mean 0 and deviation 1 (CV_32F, 1 x 1024).
cv::Mat thumbnail(const cv::Mat& film);

// Area under the ROC curve, ties count half; 0.5 when one class is missing.
double auroc(const std::vector<float>& scores, const std::vector<bool>& is_positive);

// Logistic regression with an L2 penalty, pixels standardised over the training rows, Nesterov's
// gradient descent. train [n, 1024], labels [n, k] of 0 and 1 (all CV_32F) -> weights for
// logistic_scores().
struct LogisticModel {
  cv::Mat mean, scale;    // [1, 1024]
  cv::Mat weights, bias;  // [1024, k], [1, k]
};
LogisticModel fit_logistic(const cv::Mat& train, const cv::Mat& labels, double l2, int steps = 300);
cv::Mat logistic_scores(const LogisticModel& model,
                        const cv::Mat& rows);  // [n, k], before the sigmoid

// Index of the nearest training row (Euclidean) for each test row.
std::vector<int> nearest_rows(const cv::Mat& train, const cv::Mat& test);

// A finding's mask on a 64 x 64 grid over the whole film, 0 or 1 (CV_32F): its outline, or else its
// box. Empty: none.
cv::Mat grid_mask(const TrueFinding& finding, cv::Size film);

double mask_iou(const cv::Mat& a, const cv::Mat& b);  // of 0/1 masks

// The mean mask cut at the threshold that gives the best mean IoU on the masks it was made from.
cv::Mat location_prior(const std::vector<cv::Mat>& masks);

}  // namespace radgen::phantom

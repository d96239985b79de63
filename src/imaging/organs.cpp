#include "radgen/imaging/organs.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace radgen {
namespace {

constexpr int kLongSide = 160;            // organs are looked for on so many pixels
constexpr double kLeastLungShare = 0.02;  // of the body, or it is a gap between ribs
constexpr double kOpaqueShare = 0.6;      // of the other lung: below it this one is hidden or small

cv::Mat ellipse_kernel(int size) {
  return cv::getStructuringElement(cv::MORPH_ELLIPSE, {size, size});
}

// Otsu's threshold of the grey values inside the body alone.
double otsu_inside(const cv::Mat& grey, const cv::Mat& body) {
  std::vector<uchar> inside;
  for (int y = 0; y < grey.rows; ++y) {
    for (int x = 0; x < grey.cols; ++x) {
      if (body.at<uchar>(y, x) != 0) inside.push_back(grey.at<uchar>(y, x));
    }
  }
  if (inside.empty()) return 0;
  cv::Mat thresholded;
  return cv::threshold(cv::Mat(inside), thresholded, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
}

// Dark parts of the body that are large and do not reach its outline.
cv::Mat dark_fields(const cv::Mat& grey, const cv::Mat& body) {
  cv::Mat inner;
  cv::erode(body, inner, ellipse_kernel(5), {-1, -1}, 1, cv::BORDER_CONSTANT, cv::Scalar(0));
  cv::Mat dark = (grey < otsu_inside(grey, body)) & inner;
  cv::morphologyEx(dark, dark, cv::MORPH_OPEN, ellipse_kernel(3));
  cv::Mat labels, stats, centres, fields = cv::Mat::zeros(body.size(), CV_8UC1);
  const int parts = cv::connectedComponentsWithStats(dark, labels, stats, centres, 4);
  const double least = kLeastLungShare * cv::countNonZero(body);
  for (int part = 1; part < parts; ++part) {
    if (stats.at<int>(part, cv::CC_STAT_AREA) >= least) fields.setTo(255, labels == part);
  }
  cv::morphologyEx(fields, fields, cv::MORPH_CLOSE, ellipse_kernel(9));
  return fields & body;
}

// The side with little lung gets the other's outline, mirrored about column `middle`.
void complete(cv::Mat& fields, const cv::Mat& body, int middle) {
  const cv::Mat left = fields.colRange(0, middle), right = fields.colRange(middle, fields.cols);
  const int in_left = cv::countNonZero(left), in_right = cv::countNonZero(right);
  if (std::min(in_left, in_right) >= kOpaqueShare * std::max(in_left, in_right)) return;
  const bool is_left_full = in_left > in_right;
  cv::Mat mirrored = cv::Mat::zeros(fields.size(), CV_8UC1);
  for (int y = 0; y < fields.rows; ++y) {
    for (int x = 0; x < fields.cols; ++x) {
      const int from = 2 * middle - 1 - x;
      const bool is_of_full = from >= 0 && from < fields.cols && (from < middle) == is_left_full;
      if (is_of_full && fields.at<uchar>(y, from) != 0) mirrored.at<uchar>(y, x) = 255;
    }
  }
  fields = (fields | mirrored) & body;
}

// Between the inner edges of the lungs, row by row.
void add_mediastinum(const cv::Mat& fields, const cv::Mat& body, int middle, cv::Mat& organs) {
  for (int y = 0; y < fields.rows; ++y) {
    int left = middle - 1, right = middle;
    while (left >= 0 && fields.at<uchar>(y, left) == 0) --left;
    while (right < fields.cols && fields.at<uchar>(y, right) == 0) ++right;
    if (left < 0 || right >= fields.cols) continue;
    for (int x = left + 1; x < right; ++x) {
      if (body.at<uchar>(y, x) != 0)
        organs.at<uchar>(y, x) = static_cast<uchar>(Organ::kMediastinum);
    }
  }
}

}  // namespace

cv::Mat organ_map(const cv::Mat& image, const cv::Mat& body) {
  const double scale =
      std::min(1.0, static_cast<double>(kLongSide) / std::max(image.rows, image.cols));
  const cv::Size size(std::max(1, cvRound(image.cols * scale)),
                      std::max(1, cvRound(image.rows * scale)));
  cv::Mat small, grey, inside;
  cv::resize(image, small, size, 0, 0, cv::INTER_AREA);
  cv::resize(body, inside, size, 0, 0, cv::INTER_NEAREST);
  cv::GaussianBlur(small, small, {}, 1.5);
  double low = 0, high = 0;
  cv::minMaxLoc(small, &low, &high, nullptr, nullptr, inside);
  cv::Mat organs(size, CV_8UC1, cv::Scalar(static_cast<int>(Organ::kNone)));
  organs.setTo(static_cast<int>(Organ::kOther), inside);
  if (high > low && size.width > 2) {
    small.convertTo(grey, CV_8U, 255 / (high - low), -low * 255 / (high - low));
    cv::Mat fields = dark_fields(grey, inside);
    // The body's centre of mass: a ridge between two lungs is not there where one of them is white.
    const cv::Moments moments = cv::moments(inside, /*binaryImage=*/true);
    const int middle = moments.m00 > 0
                           ? std::clamp(cvRound(moments.m10 / moments.m00), 1, size.width - 1)
                           : size.width / 2;
    complete(fields, inside, middle);
    const bool are_two = cv::countNonZero(fields.colRange(0, middle)) > 0 &&
                         cv::countNonZero(fields.colRange(middle, size.width)) > 0;
    if (are_two) {
      organs.setTo(static_cast<int>(Organ::kLung), fields);
      add_mediastinum(fields, inside, middle, organs);
    }
  }
  cv::Mat full;
  cv::resize(organs, full, image.size(), 0, 0, cv::INTER_NEAREST);
  full.setTo(static_cast<int>(Organ::kNone), body == 0);
  return full;
}

}  // namespace radgen

#include "imaging/chest_features.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace radgen {
namespace {

constexpr int kSide = 128;  // all pixel numbers below are of this image

int at(double share) { return static_cast<int>(share * kSide); }

double mean_of(const cv::Mat& image, int x0, int y0, int x1, int y1) {
  const cv::Rect area = cv::Rect(x0, y0, x1 - x0, y1 - y0) & cv::Rect(0, 0, kSide, kSide);
  return area.empty() ? 0 : cv::mean(image(area))[0];
}

double deviation(const cv::Mat& image) {
  cv::Scalar mean, sd;
  cv::meanStdDev(image, mean, sd);
  return sd[0];
}

// The image's values between their 2nd and 98th percentile as 0..1.
cv::Mat stretched(const cv::Mat& small, ChestFeatures& features) {
  std::vector<float> sorted(small.begin<float>(), small.end<float>());
  std::sort(sorted.begin(), sorted.end());
  const double low = sorted[sorted.size() / 50],
               high = sorted[sorted.size() - 1 - sorted.size() / 50];
  features.contrast = (high - low) / 65535;
  features.bright_end = high / 65535;
  cv::Mat result = (small - low) / std::max(high - low, 1.0);
  return cv::min(cv::max(result, 0), 1);
}

void texture(const cv::Mat& small, ChestFeatures& features) {
  const cv::Mat difference = small.colRange(1, kSide) - small.colRange(0, kSide - 1);
  features.roughness = cv::norm(difference, cv::NORM_L1) / static_cast<double>(difference.total());
  cv::Mat blurred;
  cv::GaussianBlur(small, blurred, {}, 2);
  const double all = deviation(small);
  features.smooth_share = all > 0 ? std::pow(deviation(blurred) / all, 2) : 0;
  std::vector<int> levels(64, 0);
  for (auto value = small.begin<float>(); value != small.end<float>(); ++value)
    ++levels[static_cast<size_t>(std::min(63, static_cast<int>(*value * 64)))];
  features.distinct_levels = static_cast<double>(std::count_if(levels.begin(), levels.end(),
                                                               [](int n) { return n >= 8; })) /
                             64;
}

// The column and the lungs' distance from it that stand out most in the middle rows.
void find_ridge(const cv::Mat& equalized, ChestFeatures& features) {
  cv::Mat profile;
  cv::reduce(equalized.rowRange(at(.25), at(.65)), profile, 0, cv::REDUCE_AVG);
  cv::GaussianBlur(profile, profile, cv::Size(19, 1), 3, 0);
  const auto* column = profile.ptr<float>();
  features.ridge = -1;
  for (int middle = at(.33); middle <= at(.67); ++middle) {
    for (int half = at(.13); half <= at(.32); ++half) {
      if (middle - half < 3 || middle + half > kSide - 4) continue;
      const double ridge = column[middle] - std::max(column[middle - half], column[middle + half]);
      if (ridge <= features.ridge) continue;
      features.ridge = ridge;
      features.middle = static_cast<double>(middle) / kSide;
      features.half_width = static_cast<double>(half) / kSide;
    }
  }
}

bool has_been_high(const cv::Mat& profile, int end, float level) {
  double highest = 0;
  cv::minMaxLoc(profile.colRange(0, end), nullptr, &highest);
  return highest >= level;
}

// Dark stripes of the middle rows' profile that are at least `depth` below what stands on both
// sides of them.
int count_valleys(const cv::Mat& equalized, float depth) {
  cv::Mat profile;
  cv::reduce(equalized.rowRange(at(.25), at(.65)), profile, 0, cv::REDUCE_AVG);
  int valleys = 0;
  bool is_falling = true;
  float extreme = profile.at<float>(0);
  for (int x = 1; x < kSide; ++x) {
    const float value = profile.at<float>(x);
    if (is_falling ? value < extreme : value > extreme) {
      extreme = value;
    } else if (std::abs(value - extreme) >= depth) {
      // The image's edge is no side of a valley: only stripes that were fallen into count.
      if (is_falling && has_been_high(profile, x, extreme + depth)) ++valleys;
      is_falling = !is_falling;
      extreme = value;
    }
  }
  return valleys;
}

double mirrored_correlation(const cv::Mat& image, int middle) {
  const int reach = std::min({middle, kSide - 1 - middle, at(.42)});
  const cv::Range rows(at(.1), at(.75));
  cv::Mat left, right = image(rows, cv::Range(middle + 1, middle + 1 + reach)).clone();
  cv::flip(image(rows, cv::Range(middle - reach, middle)), left, 1);
  left -= cv::mean(left)[0];
  right -= cv::mean(right)[0];
  const double scale = cv::norm(left) * cv::norm(right);
  return scale > 0 ? left.dot(right) / scale : 0;
}

void anatomy(const cv::Mat& equalized, ChestFeatures& features) {
  find_ridge(equalized, features);
  const int middle = static_cast<int>(std::lround(features.middle * kSide));
  const int half = static_cast<int>(std::lround(features.half_width * kSide));
  const int left = middle - half, right = middle + half;
  features.valleys = count_valleys(equalized, .15F);
  features.symmetry = mirrored_correlation(equalized, middle);
  const int top = at(.2), bottom = at(.75);
  for (int y = top; y < bottom; ++y) {
    const double center = mean_of(equalized, middle - 2, y, middle + 3, y + 1);
    features.lungs_dark_left += center > mean_of(equalized, left - 2, y, left + 3, y + 1) + .05;
    features.lungs_dark_right += center > mean_of(equalized, right - 2, y, right + 3, y + 1) + .05;
  }
  features.lungs_dark_left /= bottom - top;
  features.lungs_dark_right /= bottom - top;
  cv::Mat profile;
  cv::reduce(equalized.rowRange(at(.3), at(.7)), profile, 0, cv::REDUCE_AVG);
  double left_wall = 0, right_wall = 0;
  cv::minMaxLoc(profile.colRange(0, std::max(1, left)), nullptr, &left_wall);
  cv::minMaxLoc(profile.colRange(std::min(kSide - 1, right), kSide), nullptr, &right_wall);
  features.wall =
      std::min(left_wall - profile.at<float>(left), right_wall - profile.at<float>(right));
  const auto lungs = [&](double from, double to) {
    return (mean_of(equalized, left - 3, at(from), left + 4, at(to)) +
            mean_of(equalized, right - 3, at(from), right + 4, at(to))) /
           2;
  };
  features.below = lungs(.85, 1) - lungs(.3, .6);
}

}  // namespace

ChestFeatures chest_features(const cv::Mat& image) {
  ChestFeatures features;
  cv::Mat small, bytes, equalized;
  cv::resize(image, small, cv::Size(kSide, kSide), 0, 0, cv::INTER_AREA);
  small.convertTo(small, CV_32F);
  small = stretched(small, features);
  texture(small, features);
  small.convertTo(bytes, CV_8U, 255);
  cv::equalizeHist(bytes, bytes);
  bytes.convertTo(equalized, CV_32F, 1 / 255.0);
  cv::GaussianBlur(equalized, equalized, {}, 2);
  anatomy(equalized, features);
  return features;
}

}  // namespace radgen

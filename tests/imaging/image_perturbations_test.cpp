#include "radgen/imaging/image_perturbations.h"

#include <gtest/gtest.h>

namespace radgen {
namespace {

// A grey body with a dark lung, a bright spot in it, a marker in the black air beside it.
cv::Mat film() {
  cv::Mat image(200, 160, CV_16UC1, cv::Scalar(500));
  image(cv::Rect(30, 20, 100, 180)).setTo(40000);
  image(cv::Rect(45, 40, 30, 80)).setTo(2000);
  image(cv::Rect(55, 60, 10, 10)).setTo(60000);
  image(cv::Rect(4, 4, 8, 8)).setTo(60000);
  return image;
}

double largest_difference(const cv::Mat& a, const cv::Mat& b) {
  return cv::norm(a, b, cv::NORM_INF);
}

TEST(BlankImage, IsTheMeanThroughout) {
  const cv::Mat blank = blank_image(film());
  EXPECT_EQ(blank.size(), film().size());
  EXPECT_NEAR(cv::mean(blank)[0], cv::mean(film())[0], 1);
  EXPECT_EQ(largest_difference(
                blank, cv::Mat(blank.size(), CV_16UC1, cv::Scalar(blank.at<uint16_t>(0, 0)))),
            0);
}

TEST(NoiseImage, HasTheImagesMeanAndFollowsItsSeed) {
  cv::Mat image(100, 100, CV_16UC1, cv::Scalar(30000));
  image.rowRange(0, 50).setTo(32000);
  cv::Scalar mean, deviation;
  cv::meanStdDev(noise_image(image, 7), mean, deviation);
  EXPECT_NEAR(mean[0], 31000, 50);
  EXPECT_NEAR(deviation[0], 1000, 50);
  EXPECT_EQ(largest_difference(noise_image(image, 7), noise_image(image, 7)), 0);
  EXPECT_GT(largest_difference(noise_image(image, 7), noise_image(image, 8)), 0);
}

TEST(MirroredImage, SwapsLeftAndRightAndComesBack) {
  const cv::Mat mirrored = mirrored_image(film());
  EXPECT_EQ(mirrored.at<uint16_t>(5, 160 - 1 - 5), 60000);
  EXPECT_EQ(largest_difference(mirrored_image(mirrored), film()), 0);
}

TEST(StronglyBlurred, KeepsTheBrightnessAndLosesTheSpot) {
  const cv::Mat blurred = strongly_blurred(film());
  EXPECT_EQ(blurred.size(), film().size());
  EXPECT_NEAR(cv::mean(blurred)[0], cv::mean(film())[0], 0.1 * cv::mean(film())[0]);
  const double spot = blurred.at<uint16_t>(65, 60), beside = blurred.at<uint16_t>(85, 60);
  EXPECT_LT(std::abs(spot - beside), 4000);  // 58000 on the film
}

TEST(WithHiddenRegion, HidesTheBoxAndNothingFarFromIt) {
  const cv::Mat image = film(), blurred = strongly_blurred(image);
  const Box box{50, 55, 20, 20};
  const cv::Mat hidden = with_hidden_region(image, blurred, box);
  const cv::Rect inside(50, 55, 20, 20);
  EXPECT_EQ(largest_difference(hidden(inside), blurred(inside)), 0);
  cv::Mat changed = hidden != image;
  changed(cv::Rect(45, 50, 30, 30)).setTo(0);  // the soft edge is 4 pixels wide
  EXPECT_EQ(cv::countNonZero(changed), 0);
  // No step at the border of the box: weights fall from 1 to 0.
  const double before = image.at<uint16_t>(65, 72), after = blurred.at<uint16_t>(65, 72),
               edge = hidden.at<uint16_t>(65, 72);
  EXPECT_GT(edge, std::min(before, after));
  EXPECT_LT(edge, std::max(before, after));
}

TEST(WithHiddenRegion, TakesBoxesThatReachBeyondTheImage) {
  const cv::Mat image = film(), blurred = strongly_blurred(image);
  EXPECT_EQ(largest_difference(with_hidden_region(image, blurred, {-50, -50, 500, 500}), blurred),
            0);
  EXPECT_EQ(largest_difference(with_hidden_region(image, blurred, {-50, -50, 20, 20}), image), 0);
}

TEST(BodyMask, HoldsTheLungsAndNotTheMarkerInTheAir) {
  const cv::Mat body = body_mask(film());
  EXPECT_EQ(body.size(), film().size());
  EXPECT_EQ(body.at<uchar>(100, 100), 255);
  EXPECT_EQ(body.at<uchar>(100, 60), 255);  // lung
  EXPECT_EQ(body.at<uchar>(8, 8), 0);       // marker
  EXPECT_EQ(body.at<uchar>(100, 10), 0);    // air
  EXPECT_NEAR(cv::countNonZero(body), 100 * 180, 500);
}

TEST(BodyMask, IsTheWholeImageWhereThereIsNoBody) {
  cv::Mat dark(100, 80, CV_16UC1, cv::Scalar(0));
  dark(cv::Rect(2, 2, 5, 5)).setTo(65000);
  EXPECT_EQ(cv::countNonZero(body_mask(dark)), 100 * 80);
}

}  // namespace
}  // namespace radgen

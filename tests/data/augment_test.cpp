#include "radgen/data/augment.h"

#include <gtest/gtest.h>

#include "data/small_mimic.h"
#include "radgen/data/input_grid.h"

namespace radgen {
namespace {

constexpr int kWidth = 208, kHeight = 256, kGround = 5000;

cv::Mat input_with(const Box& box) {
  cv::Mat input(kHeight, kWidth, CV_16UC1, cv::Scalar(kGround));
  input(cv::Rect(static_cast<int>(box.x), static_cast<int>(box.y), static_cast<int>(box.w),
                 static_cast<int>(box.h)))
      .setTo(cv::Scalar(60000));
  return input;
}

AugmentConfig geometry_only() {
  AugmentConfig config;
  config.gamma = config.contrast = config.brightness = config.noise_sd = 0;
  return config;
}

// The middle of what is brighter than the input's ground: exact below a pixel.
cv::Point2d weighted_middle(const cv::Mat& image) {
  cv::Mat above;
  image.convertTo(above, CV_64F, 1, -kGround);
  above = cv::max(above, 0);
  const cv::Moments m = cv::moments(above);
  return {m.m10 / m.m00 + 0.5, m.m01 / m.m00 + 0.5};
}

TEST(Augmentation, MovesBoxesWithThePixels) {
  const Box box{40, 60, 24, 32};
  const cv::Mat input = input_with(box);
  for (uint64_t sample = 0; sample < 50; ++sample) {
    const Augmentation a = draw_augmentation(geometry_only(), kWidth, kHeight, 7, 0, sample);
    const cv::Point2d pixels = weighted_middle(apply_augmentation(input, a));
    const auto middle = a.input_to_augmented.apply(box.x + box.w / 2, box.y + box.h / 2);
    EXPECT_NEAR(pixels.x, middle[0], 0.05);  // OpenCV interpolates in steps of 1/32
    EXPECT_NEAR(pixels.y, middle[1], 0.05);
  }
}

TEST(Augmentation, NeverMirrors) {
  for (uint64_t sample = 0; sample < 200; ++sample) {
    const auto& m =
        draw_augmentation(AugmentConfig(), kWidth, kHeight, 1, 2, sample).input_to_augmented.m;
    EXPECT_GT(m[0] * m[4] - m[1] * m[3], 0);
    EXPECT_GT(m[0], 0.85);  // what was left stays left
    EXPECT_GT(m[4], 0.85);
  }
}

TEST(Augmentation, DependsOnSeedEpochAndSampleOnly) {
  const cv::Mat input = input_with({40, 60, 24, 32});
  const auto make = [&](uint64_t seed, uint64_t epoch, uint64_t sample) {
    return apply_augmentation(
        input, draw_augmentation(AugmentConfig(), kWidth, kHeight, seed, epoch, sample));
  };
  const cv::Mat first = make(1, 2, 3);
  EXPECT_EQ(cv::norm(first, make(1, 2, 3), cv::NORM_INF), 0);
  for (const cv::Mat& other : {make(2, 2, 3), make(1, 3, 3), make(1, 2, 4)}) {
    EXPECT_GT(cv::norm(first, other, cv::NORM_INF), 0);
  }
}

TEST(Augmentation, LeavesPaddingBlackAndKeepsTheOrderOfGreys) {
  cv::Mat ramp(1, 65536 / 64, CV_16UC1);
  for (int i = 0; i < ramp.cols; ++i) ramp.at<uint16_t>(i) = static_cast<uint16_t>(i * 64);
  AugmentConfig config;
  config.rotate_degrees = config.scale = config.shift = config.noise_sd = 0;
  for (uint64_t sample = 0; sample < 20; ++sample) {
    const cv::Mat out =
        apply_augmentation(ramp, draw_augmentation(config, ramp.cols, 1, 1, 0, sample));
    EXPECT_EQ(out.at<uint16_t>(0), 0);
    for (int i = 2; i < out.cols; ++i) ASSERT_GE(out.at<uint16_t>(i), out.at<uint16_t>(i - 1));
  }
}

TEST(Augmentation, NoiseHasTheAskedSpread) {
  const cv::Mat flat(kHeight, kWidth, CV_16UC1, cv::Scalar(30000));
  Augmentation a;
  a.noise_sd = 0.02;
  a.noise_seed = 5;
  cv::Scalar mean, sd;
  cv::meanStdDev(apply_augmentation(flat, a), mean, sd);
  EXPECT_NEAR(mean[0], 30000, 30);
  EXPECT_NEAR(sd[0], 0.02 * 65535, 15);
}

TEST(Augmentation, SwitchedOffChangesNothing) {
  AugmentConfig config;
  config.enabled = false;
  const cv::Mat input = input_with({40, 60, 24, 32});
  EXPECT_EQ(cv::norm(input,
                     apply_augmentation(input, draw_augmentation(config, kWidth, kHeight, 1, 1, 1)),
                     cv::NORM_INF),
            0);
}

TEST(Augmentation, ErasesARectangleInside) {
  AugmentConfig config = geometry_only();
  config.erase_probability = 1;
  for (uint64_t sample = 0; sample < 50; ++sample) {
    const Box erased = draw_augmentation(config, kWidth, kHeight, 3, 0, sample).erased;
    EXPECT_GT(erased.area(), 0);
    EXPECT_LE(erased.area(), 0.0501 * kWidth * kHeight);
    EXPECT_GT(iou(clip(erased, kWidth, kHeight), erased), 1 - 1e-9);
  }
}

TEST(CoverPatches, CountsTheShareOfTheUnion) {
  const InputGrid grid = make_input_grid(48, 32, 16);
  std::vector<float> mask(grid.size());
  // In image pixels of half the size: the first box is 8..24 x 0..16 in the input, the second
  // lies within it.
  cover_patches(grid, {{4, 0, 8, 8}, {4, 0, 2, 8}}, Affine::scale_shift(2, 2, 0, 0), mask);
  EXPECT_EQ(mask, (std::vector<float>{0.5f, 0.5f, 0, 0, 0, 0}));
  cover_patches(grid, {{0, 0, 100, 100}}, Affine(), mask);
  EXPECT_EQ(mask, std::vector<float>(6, 1.0f));
  cover_patches(grid, {{-50, -50, 10, 10}, {46, 30, 10, 10}}, Affine(), mask);
  EXPECT_EQ(mask, (std::vector<float>{0, 0, 0, 0, 0, 1.0f / 64}));
}

TEST(CoverPatches, KeepsTheAreaOfATurnedBox) {
  const InputGrid grid = make_input_grid(208, 256, 16);
  std::vector<float> mask(grid.size());
  const Box box{80, 100, 50, 40};
  double sum = 0;
  constexpr int kCount = 200;
  for (uint64_t sample = 0; sample < kCount; ++sample) {
    const Augmentation a = draw_augmentation(geometry_only(), 208, 256, 9, 0, sample);
    cover_patches(grid, {box}, a.input_to_augmented, mask);
    const auto& m = a.input_to_augmented.m;
    double area = 0;
    for (const float share : mask) area += share * 256.0;
    const double ratio = area / (box.area() * (m[0] * m[4] - m[1] * m[3]));
    EXPECT_NEAR(ratio, 1, 0.09);  // points 2 px apart on sides of 40 and 50 px
    sum += ratio;
  }
  EXPECT_NEAR(sum / kCount, 1, 0.01);
}

TEST(CoverPatches, RefusesAFrameThatPatchesDoNotDivide) {
  EXPECT_ANY_THROW(make_input_grid(50, 32, 16));
}

}  // namespace
}  // namespace radgen

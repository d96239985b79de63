#include "radgen/imaging/image.h"

#include <gtest/gtest.h>

#include "imaging/codecs_of_tests.h"
#include "imaging/synthetic_films.h"
#include "radgen/core/files.h"
#include "radgen/imaging/overlay.h"

namespace radgen {
namespace {

std::filesystem::path scratch(const std::string& name) {
  return std::filesystem::path(::testing::TempDir()) / ("radgen_picture_" + name);
}

TEST(Png, ComesBackAsItWas) {
  const cv::Mat image = testing::ramp_image(70, 50, 16);
  for (const int compression : {0, 1, 9}) {
    write_png(scratch("a.png"), image, compression);
    const Result<cv::Mat> read = read_png16(scratch("a.png"));
    ASSERT_TRUE(read);
    EXPECT_EQ(cv::norm(*read, image, cv::NORM_INF), 0);
  }
}

// Noise, ramps and flat parts make each of the five row filters the best one somewhere.
TEST(Png, AnyImageComesBackWhateverItsSizeAndDepth) {
  cv::RNG random(7);
  for (const cv::Size size : {cv::Size(1, 1), cv::Size(1, 9), cv::Size(7, 1), cv::Size(333, 129)}) {
    for (const int type : {CV_8UC1, CV_16UC1, CV_8UC3}) {
      cv::Mat image(size, type), noise(size, type);
      const int largest = type == CV_16UC1 ? 65535 : 255;
      for (int y = 0; y < size.height; ++y)
        image.row(y).setTo(cv::Scalar(largest * y / size.height,
                                      largest - largest * y / size.height, largest / 3));
      random.fill(noise, cv::RNG::UNIFORM, 0, largest + 1);
      if (size.width > 8)
        noise.colRange(0, size.width / 3).copyTo(image.colRange(0, size.width / 3));
      const std::string png = encode_png(image, 1);
      const cv::Mat read = testing::png_as_it_is(png);
      ASSERT_EQ(read.type(), type);
      ASSERT_EQ(read.size(), size);
      EXPECT_EQ(cv::norm(read, image, cv::NORM_INF), 0) << size << " " << type;
    }
  }
}

TEST(Png, IsRefusedWhenItIsNone) {
  write_file_atomic(scratch("b.png"), "no png");
  EXPECT_EQ(read_png16(scratch("b.png")).failure().reason, "not_a_png");
  EXPECT_EQ(read_png16(scratch("missing.png")).failure().reason, "unreadable_file");
}

TEST(ResizeLongSide, KeepsAspectAndMapsEdges) {
  const Fitted fitted = resize_long_side(testing::ramp_image(300, 200, 16), 150);
  EXPECT_EQ(fitted.image.size(), cv::Size(150, 100));
  EXPECT_EQ(fitted.transform.apply(Box{0, 0, 300, 200}), (Box{0, 0, 150, 100}));
  EXPECT_EQ(fitted.transform.apply(Box{100, 50, 20, 10}), (Box{50, 25, 10, 5}));
}

TEST(ResizeLongSide, EnlargesOnlyWhenAsked) {
  const cv::Mat image = testing::ramp_image(30, 20, 16);
  EXPECT_EQ(resize_long_side(image, 300).image.size(), image.size());
  EXPECT_EQ(resize_long_side(image, 300, true).image.size(), cv::Size(300, 200));
}

TEST(FitLetterbox, CentresPadsAndComesBack) {
  const cv::Mat image = testing::ramp_image(200, 100, 16);
  const Fitted fitted = fit_letterbox(image, 64, 64);
  EXPECT_EQ(fitted.content, (Box{0, 16, 64, 32}));
  EXPECT_EQ(cv::norm(fitted.image.rowRange(0, 16), cv::NORM_INF), 0);
  EXPECT_GT(fitted.image.at<uint16_t>(17, 1), 0);
  const Box box{20, 30, 40, 10},
      back = fitted.transform.inverse().apply(fitted.transform.apply(box));
  EXPECT_NEAR(back.x, box.x, 1e-9);
  EXPECT_NEAR(back.h, box.h, 1e-9);
}

TEST(Clahe, RaisesLocalContrast) {
  cv::Mat image = testing::drawn_chest(256) / 8 + 20000, before, after;
  cv::Scalar mean, sd_before, sd_after;
  cv::meanStdDev(image, mean, sd_before);
  cv::meanStdDev(clahe(image), mean, sd_after);
  EXPECT_GT(sd_after[0], 1.2 * sd_before[0]);
}

TEST(Overlay, LeavesTheFilmWhereTheMapIsLowAndTintsWhereItIsHigh) {
  const cv::Mat film = testing::drawn_chest(256);
  cv::Mat map = cv::Mat::zeros(8, 8, CV_32F);
  map.at<float>(2, 5) = 1;
  const cv::Mat plain = draw_overlay(film, {}, {}, std::vector<Box>{});
  const cv::Mat tinted = draw_overlay(film, map, Box{0, 0, 256, 256}, std::vector<Box>{});
  EXPECT_EQ(tinted.type(), CV_8UC3);
  // Cell (5, 2) has its centre at (176, 80).
  EXPECT_NE(tinted.at<cv::Vec3b>(80, 176), plain.at<cv::Vec3b>(80, 176));
  EXPECT_EQ(tinted.at<cv::Vec3b>(200, 30), plain.at<cv::Vec3b>(200, 30));
}

TEST(Overlay, DrawsBoxesOnTheShrunkenFilm) {
  const cv::Mat film = testing::drawn_chest(400);
  OverlayStyle style;
  style.max_side_px = 200;
  const cv::Mat shown =
      draw_overlay(film, {}, {}, {LabelledBox{{100, 100, 80, 60}, "left nodule"}}, style);
  EXPECT_EQ(shown.size(), cv::Size(200, 200));
  const cv::Vec3b color(80, 220, 255);
  EXPECT_EQ(shown.at<cv::Vec3b>(60, 50), color);  // left edge at 100 / 2
  EXPECT_EQ(shown.at<cv::Vec3b>(60, 89), color);  // right edge at 180 / 2 - 1
  EXPECT_NE(shown.at<cv::Vec3b>(65, 70), color);
}

TEST(Overlay, TakesBoxesBeyondTheEdge) {
  const cv::Mat film = testing::drawn_chest(200);
  EXPECT_NO_THROW(draw_overlay(
      film, {}, {}, {LabelledBox{{-50, 150, 500, 500}, "x"}, LabelledBox{{300, 300, 5, 5}, "y"}}));
}

}  // namespace
}  // namespace radgen

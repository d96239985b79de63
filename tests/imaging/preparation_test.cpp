#include "radgen/imaging/preparation.h"

#include <gtest/gtest.h>

#include "imaging/collimation.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

TEST(ExposedField, IsTheImageWithoutItsBlackBorder) {
  cv::Mat image(500, 400, CV_16UC1, cv::Scalar(30000));
  EXPECT_EQ(exposed_field(image), cv::Rect(0, 0, 400, 500));
  image.rowRange(0, 60).setTo(200);
  image.colRange(370, 400).setTo(0);
  EXPECT_EQ(exposed_field(image), cv::Rect(0, 60, 370, 440));
  image(cv::Rect(10, 20, 15, 15)).setTo(65535);  // a side marker in the border
  EXPECT_EQ(exposed_field(image), cv::Rect(0, 60, 370, 440));
  image.rowRange(0, 300).setTo(0);  // half of the film: no border
  EXPECT_EQ(exposed_field(image).height, 500);
}

// A film with a bright square in a field that the collimator narrowed, on the left and above.
Film collimated_film() {
  Film film;
  film.pixels = cv::Mat(500, 400, CV_16UC1, cv::Scalar(30000));
  film.pixels.rowRange(0, 100).setTo(0);
  film.pixels.colRange(0, 40).setTo(0);
  film.pixels(cv::Rect(200, 300, 40, 20)).setTo(60000);
  return film;
}

cv::Rect bright_part(const cv::Mat& image) {
  cv::Mat mask = image > 50000;
  return cv::boundingRect(mask);
}

TEST(Preparation, BoxesMoveWithCropAndResize) {
  const Film film = collimated_film();
  for (const bool is_cropped : {false, true}) {
    for (const int64_t size : {500, 200, 100}) {
      const PreparationConfig config{.size_px = size, .crop_collimation = is_cropped};
      const PreparedImage prepared = prepare_image(film, config);
      EXPECT_EQ(prepared.exposed,
                is_cropped ? cv::Rect(40, 100, 360, 400) : cv::Rect(0, 0, 400, 500));
      EXPECT_LE(std::max(prepared.image.cols, prepared.image.rows), size);
      const Box seen = prepared.upright_to_prepared.apply(Box{200, 300, 40, 20});
      const cv::Rect drawn = bright_part(prepared.image);
      EXPECT_NEAR(drawn.x, seen.x, 1);
      EXPECT_NEAR(drawn.y, seen.y, 1);
      EXPECT_NEAR(drawn.width, seen.w, 2);
      EXPECT_NEAR(drawn.height, seen.h, 2);
      const Box back = prepared.upright_to_prepared.inverse().apply(seen);
      EXPECT_NEAR(back.x, 200, 1e-9);
      EXPECT_NEAR(back.y, 300, 1e-9);
      EXPECT_NEAR(back.w, 40, 1e-9);
      EXPECT_NEAR(back.h, 20, 1e-9);
    }
  }
}

TEST(Preparation, ClaheRaisesLocalContrastAndChangesNoSize) {
  Film film = collimated_film();
  cv::randn(film.pixels, 30000, 300);
  const PreparedImage plain = prepare_image(film, {.size_px = 200});
  const PreparedImage equalised = prepare_image(film, {.size_px = 200, .clahe_clip_limit = 4});
  EXPECT_EQ(plain.image.size(), equalised.image.size());
  cv::Scalar mean, before, after;
  cv::meanStdDev(plain.image, mean, before);
  cv::meanStdDev(equalised.image, mean, after);
  EXPECT_GT(after[0], 2 * before[0]);
}

TEST(Preparation, RefusesAFilmThatWasReadInAnotherConvention) {
  const Film film = collimated_film();
  EXPECT_THROW(prepare_image(film, {.photometric = "mimic-jpg"}), Error);
  EXPECT_EQ(read_options({.photometric = "mimic-jpg"}).photometric, "mimic-jpg");
}

}  // namespace
}  // namespace radgen

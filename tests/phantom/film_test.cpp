// What draw_film() promises about every film: reproducible, the right way round, normal where it
// should be.
#include "radgen/phantom/film.h"

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgproc.hpp>
#include <set>
#include <thread>

#include "film_fixture.h"
#include "radgen/phantom/anatomy.h"
#include "radgen/phantom/scene.h"

namespace radgen::phantom {
namespace {

bool same(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && cv::norm(a, b, cv::NORM_INF) == 0;
}

TEST(DrawFilm, IsTheSameFromTheSameInputOnAnyThread) {
  StudyTruth a = study(1), b = study(1);
  a.findings.push_back(
      finding_of(Finding::kEdema, "", Side::kBilateral, Lobe::kNone, Severity::kModerate));
  b = a;
  const DrawnFilm first = draw_film(a, 160, 7);
  DrawnFilm second;
  std::thread([&] { second = draw_film(b, 160, 7); }).join();
  EXPECT_TRUE(same(first.stored, second.stored));
  EXPECT_EQ(a.findings[0].box, b.findings[0].box);
}

TEST(DrawFilm, DependsOnTheSeed) {
  StudyTruth a = study(1), b = study(1);
  EXPECT_FALSE(same(draw_film(a, 128, 7).stored, draw_film(b, 128, 8).stored));
}

TEST(DrawFilm, HasTheFieldsSizeAndSpacing) {
  StudyTruth truth = study(2);
  const DrawnFilm film = draw_film(truth, 256, 1);
  EXPECT_EQ(film.stored.type(), CV_16UC1);
  EXPECT_EQ(film.stored.rows, 256);
  EXPECT_NEAR(film.stored.cols, 256 * 350.0 / 430.0, 0.51);
  EXPECT_NEAR(film.spacing_mm * film.stored.rows, 430, 0.5);
  double most = 0;
  cv::minMaxLoc(film.stored, nullptr, &most);
  EXPECT_LT(most, 1 << film.bits_stored);
}

TEST(DrawFilm, StoresBothPhotometricsOfTheSameImage) {
  // The open air of the upper corners is dark and the abdomen bright, whichever way the film is
  // stored.
  std::set<bool> seen;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    StudyTruth truth = study(4);
    const DrawnFilm film = draw_film(truth, 128, seed);
    seen.insert(film.is_monochrome1);
    const cv::Mat image = upright(film);
    const double corner = cv::mean(image(cv::Rect(12, 12, 10, 4)))[0];
    const double abdomen = cv::mean(image(cv::Rect(40, 105, 24, 10)))[0];
    EXPECT_GT(abdomen, corner + 0.3);
    const double most = (1 << film.bits_stored) - 1;
    const double raw = cv::mean(film.stored(cv::Rect(40, 105, 24, 10)))[0] / most;
    EXPECT_EQ(raw < 0.5, film.is_monochrome1);
    if (film.has_window) {  // the window is in stored values: it holds the lungs on both kinds
      const double lung = cv::mean(film.stored(cv::Rect(22, 48, 12, 12)))[0];
      EXPECT_GT(lung, film.window_center - film.window_width / 2);
      EXPECT_LT(lung, film.window_center + film.window_width / 2);
    }
  }
  EXPECT_EQ(seen.size(), 2U);
}

TEST(DrawFilm, ShowsTheHeartOnTheImagesRight) {
  for (int number = 1; number <= 6; ++number) {
    StudyTruth truth = study(number);
    const cv::Mat image = upright(draw_film(truth, 160, 3));
    const Chest chest = make_chest(truth);
    const double scale = 160 / kFieldHeight_mm;
    const int row = static_cast<int>((chest.domes[kRightSide].top_y - 25) * scale);
    const cv::Mat band = image.rowRange(row - 4, row + 4);
    const auto mean_at = [&](double from, double to) {
      return cv::mean(band.colRange(static_cast<int>((chest.spine_x + from) * scale),
                                    static_cast<int>((chest.spine_x + to) * scale)))[0];
    };
    EXPECT_GT(mean_at(48, 62), mean_at(-70, -56) + 0.05) << number;
  }
}

TEST(MakeChest, KeepsNormalHeartsAndDomesInTheirRanges) {
  double ratio = 0;
  int higher_right = 0;
  constexpr int kPatients = 200;
  for (int number = 0; number < kPatients; ++number) {
    const Chest chest = make_chest(study(number));
    EXPECT_LT(chest.cardiothoracic_ratio, 0.50);
    EXPECT_GT(chest.cardiothoracic_ratio, 0.30);
    ratio += chest.cardiothoracic_ratio / kPatients;
    higher_right += chest.domes[kRightSide].top_y < chest.domes[kLeftSide].top_y - 5;
  }
  EXPECT_NEAR(ratio, 0.445, 0.015);  // .45 +- .04, cut at .50
  EXPECT_GT(higher_right, 0.82 * kPatients);
}

TEST(MakeChest, KeepsThePatientsAnatomyInEveryStudy) {
  StudyTruth first = study(5), second = study(5);
  second.study_id = "another";
  const Chest a = make_chest(first), b = make_chest(second);
  EXPECT_EQ(a.half_width, b.half_width);
  EXPECT_EQ(a.cardiothoracic_ratio, b.cardiothoracic_ratio);
  EXPECT_EQ(a.ribs[0][4].radius, b.ribs[0][4].radius);
  EXPECT_NE(a.apex_y, b.apex_y);
}

TEST(MakeChest, DrawsThePlannedCardiothoracicRatio) {
  StudyTruth truth = study(6);
  truth.findings.push_back(
      finding_of(Finding::kCardiomegaly, "", Side::kNone, Lobe::kNone, Severity::kModerate));
  truth.findings[0].measure = 0.58;
  const Chest chest = make_chest(truth);
  double right = 0, left = 0, widest = 0;
  for (double y = chest.carina_y; y < chest.domes[kRightSide].top_y; y += 1) {
    right = std::max(right, chest.border[kRightSide].at(y)),
    left = std::max(left, chest.border[kLeftSide].at(y));
  }
  for (double y = chest.apex_y; y < chest.angle_y; y += 1)
    widest = std::max(widest, 2 * chest.lateral_wall(y));
  EXPECT_NEAR((right + left) / widest, 0.58, 0.015);
  draw_film(truth, 128, 1);
  EXPECT_NEAR(truth.cardiothoracic_ratio, 0.58, 1e-9);
}

TEST(DrawFilm, MarkerAndStorageDoNotDependOnFindings) {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    StudyTruth normal = study(7), sick = study(7);
    sick.findings.push_back(
        finding_of(Finding::kPleuralEffusion, "", Side::kLeft, Lobe::kNone, Severity::kSevere));
    const DrawnFilm a = draw_film(normal, 128, seed), b = draw_film(sick, 128, seed);
    EXPECT_EQ(a.bits_stored, b.bits_stored);
    EXPECT_EQ(a.is_monochrome1, b.is_monochrome1);
    EXPECT_EQ(a.has_window, b.has_window);
    EXPECT_EQ(a.window_width, b.window_width);
  }
}

TEST(DrawFilm, WorksAtSmallAndAtLargeSizes) {
  StudyTruth small = study(8), large = study(8);
  small.findings.push_back(
      finding_of(Finding::kConsolidation, "", Side::kLeft, Lobe::kLower, Severity::kSevere));
  large.findings = small.findings;
  draw_film(small, 64, 2);
  draw_film(large, 640, 2);
  const Box a = small.findings[0].box,
            b = large.findings[0].box;  // the same place at every resolution
  EXPECT_NEAR(a.x * 10, b.x, 40);
  EXPECT_NEAR(a.y * 10, b.y, 40);
}

}  // namespace
}  // namespace radgen::phantom

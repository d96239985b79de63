#include "radgen/imaging/quality.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "imaging/reference_images.h"
#include "imaging/synthetic_films.h"

namespace radgen {
namespace {

constexpr int kSide = 256;

ChestJudgement judge(const cv::Mat& image, const FilmTags& tags = {}) {
  Film film;
  film.pixels = image;
  film.tags = tags;
  return judge_chest_film(film);
}

int at(double share) { return static_cast<int>(share * kSide); }

bool warns(const ChestJudgement& judgement, const std::string& warning) {
  return std::count(judgement.warnings.begin(), judgement.warnings.end(), warning) == 1;
}

cv::Mat soft(cv::Mat image) {
  cv::GaussianBlur(image, image, {}, 3);
  return image;
}

TEST(ChestJudgement, TakesTwoLungsBesideAColumnAboveAnAbdomen) {
  const ChestJudgement judgement = judge(testing::drawn_chest(kSide));
  EXPECT_TRUE(judgement.is_reportable) << judgement.reason;
  EXPECT_FALSE(judgement.features.empty());
}

TEST(ChestJudgement, RefusesBlankAndNoise) {
  EXPECT_EQ(judge(cv::Mat(kSide, kSide, CV_16UC1, cv::Scalar(30000))).reason, "blank");
  cv::Mat noise(kSide, kSide, CV_16UC1);
  cv::RNG random(1);
  random.fill(noise, cv::RNG::UNIFORM, 0, 65536);
  EXPECT_EQ(judge(noise).reason, "noise");
}

TEST(ChestJudgement, RefusesSmallImages) {
  EXPECT_EQ(judge(testing::drawn_chest(100)).reason, "too_small");
}

TEST(ChestJudgement, RefusesGradientsCheckerboardsAndCircles) {
  cv::Mat downwards(kSide, kSide, CV_16UC1), across(kSide, kSide, CV_16UC1),
      board(kSide, kSide, CV_16UC1);
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) {
      downwards.at<uint16_t>(y, x) = static_cast<uint16_t>(y * 250);
      across.at<uint16_t>(y, x) = static_cast<uint16_t>(x * 250);
      board.at<uint16_t>(y, x) = (x / 32 + y / 32) % 2 == 0 ? 60000 : 3000;
    }
  cv::Mat circle(kSide, kSide, CV_16UC1, cv::Scalar(3000));
  cv::circle(circle, {kSide / 2, kSide / 2}, kSide / 3, cv::Scalar(50000), cv::FILLED);
  for (const cv::Mat& image : {downwards, across, board, circle, cv::Mat(65535 - circle)})
    EXPECT_FALSE(judge(image).is_reportable);
}

// As much abdomen as chest, and air beside a trunk that is not in the middle.
TEST(ChestJudgement, TakesLungsInTheUpperHalfOfAFilm) {
  for (const double shift : {0.0, -0.08, 0.08}) {
    cv::Mat trunk(kSide, kSide, CV_16UC1, cv::Scalar(500));
    const auto x = [&](double share) { return at(share + shift); };
    cv::rectangle(trunk, {x(.2), at(.15)}, {x(.8), kSide}, cv::Scalar(50000), cv::FILLED);
    for (const double middle : {.36, .64})
      cv::ellipse(trunk, {x(middle), at(.3)}, {at(.09), at(.16)}, 0, 0, 360, cv::Scalar(24000),
                  cv::FILLED);
    cv::rectangle(trunk, {x(.47), 0}, {x(.53), kSide}, cv::Scalar(56000), cv::FILLED);
    const ChestJudgement judgement = judge(soft(trunk));
    EXPECT_TRUE(judgement.is_reportable) << shift << " " << judgement.reason;
    EXPECT_TRUE(warns(judgement, "unusual_lung_fields"));
  }
}

TEST(ChestJudgement, RefusesDrawnSkullsKneesAndPelves) {
  cv::Mat skull(kSide, kSide, CV_16UC1, cv::Scalar(3000));
  cv::ellipse(skull, {at(.5), at(.5)}, {at(.4), at(.48)}, 0, 0, 360, cv::Scalar(40000), cv::FILLED);
  cv::ellipse(skull, {at(.5), at(.5)}, {at(.36), at(.44)}, 0, 0, 360, cv::Scalar(30000),
              cv::FILLED);
  for (const double eye : {.36, .64})
    cv::circle(skull, {at(eye), at(.55)}, at(.08), cv::Scalar(18000), cv::FILLED);
  cv::Mat knee(kSide, kSide, CV_16UC1, cv::Scalar(3000));
  cv::rectangle(knee, {at(.25), 0}, {at(.75), kSide}, cv::Scalar(20000), cv::FILLED);
  cv::rectangle(knee, {at(.38), 0}, {at(.62), kSide}, cv::Scalar(50000), cv::FILLED);
  cv::rectangle(knee, {at(.25), at(.4)}, {at(.75), at(.6)}, cv::Scalar(52000), cv::FILLED);
  cv::Mat pelvis(kSide, kSide, CV_16UC1, cv::Scalar(8000));
  cv::rectangle(pelvis, {at(.1), 0}, {at(.9), kSide}, cv::Scalar(30000), cv::FILLED);
  cv::rectangle(pelvis, {at(.44), 0}, {at(.56), at(.6)}, cv::Scalar(50000), cv::FILLED);
  for (const double wing : {.3, .7})
    cv::ellipse(pelvis, {at(wing), at(.45)}, {at(.15), at(.2)}, wing < .5 ? 20 : -20, 0, 360,
                cv::Scalar(45000), cv::FILLED);
  for (const cv::Mat& image : {skull, knee, pelvis}) EXPECT_FALSE(judge(soft(image)).is_reportable);
}

TEST(ChestJudgement, RefusesFingersAboveAPalm) {
  cv::Mat hand(kSide, kSide, CV_16UC1, cv::Scalar(2000));
  for (int finger = 0; finger < 5; ++finger) {
    const double x = .12 + .19 * finger;
    cv::rectangle(hand, {at(x - .05), at(.1 + .03 * std::abs(finger - 2))}, {at(x + .05), at(.8)},
                  cv::Scalar(40000), cv::FILLED);
  }
  cv::rectangle(hand, {at(.07), at(.7)}, {at(.93), at(1)}, cv::Scalar(52000), cv::FILLED);
  EXPECT_FALSE(judge(soft(hand)).is_reportable);
}

TEST(ChestJudgement, RefusesRowsOfTeeth) {
  cv::Mat teeth(kSide, kSide, CV_16UC1, cv::Scalar(22000));
  for (int tooth = 0; tooth < 8; ++tooth) {
    const double x = .07 + .125 * tooth;
    cv::rectangle(teeth, {at(x - .045), at(.15)}, {at(x + .045), at(.48)}, cv::Scalar(56000),
                  cv::FILLED);
    cv::rectangle(teeth, {at(x - .045), at(.52)}, {at(x + .045), at(.85)}, cv::Scalar(54000),
                  cv::FILLED);
  }
  FilmTags tags;
  tags.body_part = "CHEST";
  EXPECT_FALSE(judge(soft(teeth), tags).is_reportable);
}

TEST(ChestJudgement, RefusesNegativesAndLyingFilmsWithAHint) {
  const cv::Mat chest = testing::drawn_chest(kSide);
  const ChestJudgement negative = judge(65535 - chest);
  EXPECT_FALSE(negative.is_reportable);
  EXPECT_TRUE(warns(negative, "possibly_inverted"));
  cv::Mat lying, standing_on_its_head;
  cv::rotate(chest, lying, cv::ROTATE_90_CLOCKWISE);
  cv::rotate(chest, standing_on_its_head, cv::ROTATE_180);
  for (const cv::Mat& image : {lying, standing_on_its_head}) {
    const ChestJudgement judgement = judge(image);
    EXPECT_FALSE(judgement.is_reportable);
    EXPECT_TRUE(warns(judgement, "possibly_rotated"));
  }
}

TEST(ChestJudgement, BelievesPixelsMoreThanTags) {
  FilmTags tags;
  tags.view_position = "LL";
  tags.body_part = "FOOT";
  const ChestJudgement judgement = judge(testing::drawn_chest(kSide), tags);
  EXPECT_TRUE(judgement.is_reportable);
  EXPECT_EQ(judgement.warnings,
            (std::vector<std::string>{"tags_say_lateral", "tags_say_other_body_part"}));
}

TEST(ChestJudgement, CallsAFilmLateralWhenTagsSaySoAndPixelsDoNotContradict) {
  cv::Mat side(kSide, kSide, CV_16UC1, cv::Scalar(4000));
  cv::ellipse(side, {at(.5), at(.5)}, {at(.35), at(.45)}, 0, 0, 360, cv::Scalar(45000), cv::FILLED);
  cv::ellipse(side, {at(.55), at(.55)}, {at(.2), at(.25)}, 0, 0, 360, cv::Scalar(20000),
              cv::FILLED);
  FilmTags tags;
  tags.view_position = "LL";
  EXPECT_EQ(judge(soft(side), tags).reason, "lateral_view");
}

// Every reference image: chest films pass, others do not; the counts are printed.
TEST(ChestJudgement, TellsReferenceChestFilmsFromOtherImages) {
  const auto folder = testing::reference_images();
  if (folder.empty()) GTEST_SKIP() << "no reference images";
  int chests = 0, refused_chests = 0, others = 0, taken_others = 0;
  for (const auto& path : testing::files_below(folder)) {
    const std::string name = std::filesystem::relative(path, folder).string();
    const bool is_chest = name.starts_with("dicom_chest") || name.starts_with("png/");
    if (!is_chest && !name.starts_with("dicom_nonchest") && !name.starts_with("dicom_broken_real"))
      continue;
    const Result<Film> film = read_film(path);
    if (!film) continue;  // film_test.cpp says which must be read
    std::cout << "reference case: " << path.string() << '\n';
    const ChestJudgement judgement = judge_chest_film(*film);
    ++(is_chest ? chests : others);
    refused_chests += is_chest && !judgement.is_reportable;
    taken_others += !is_chest && judgement.is_reportable;
    if (is_chest != judgement.is_reportable)
      std::cout << "  judged wrongly: " << judgement.reason << '\n';
  }
  std::cout << refused_chests << " of " << chests << " chest films refused, " << taken_others
            << " of " << others << " other pictures taken\n";
  EXPECT_EQ(taken_others, 0);
  EXPECT_LE(refused_chests, chests / 50);
}

}  // namespace
}  // namespace radgen

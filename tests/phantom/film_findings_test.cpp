// What draw_film() promises about findings: they show where the truth says, on their side, and more
// when severer.
#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "film_fixture.h"

namespace radgen::phantom {
namespace {

struct Case {
  Finding finding;
  const char* kind;
  Side side;
  Lobe lobe;
};

// Everything that is drawn as a change of the normal film at one place.
const std::vector<Case>& local_cases() {
  static const std::vector<Case> cases{
      {Finding::kLungLesion, "nodule", Side::kLeft, Lobe::kUpper},
      {Finding::kLungLesion, "mass", Side::kRight, Lobe::kLower},
      {Finding::kConsolidation, "", Side::kRight, Lobe::kMiddle},
      {Finding::kPneumonia, "", Side::kLeft, Lobe::kLower},
      {Finding::kLungOpacity, "", Side::kRight, Lobe::kUpper},
      {Finding::kEdema, "", Side::kBilateral, Lobe::kNone},
      {Finding::kPleuralEffusion, "", Side::kLeft, Lobe::kNone},
      {Finding::kPneumothorax, "", Side::kRight, Lobe::kNone},
      {Finding::kAtelectasis, "plate", Side::kLeft, Lobe::kLower},
      {Finding::kPleuralOther, "thickening", Side::kRight, Lobe::kNone},
      {Finding::kPleuralOther, "plaque", Side::kLeft, Lobe::kNone},
      {Finding::kSupportDevices, "endotracheal_tube", Side::kNone, Lobe::kNone},
      {Finding::kSupportDevices, "central_line", Side::kRight, Lobe::kNone},
      {Finding::kSupportDevices, "gastric_tube", Side::kNone, Lobe::kNone},
      {Finding::kSupportDevices, "pacemaker", Side::kLeft, Lobe::kNone},
      {Finding::kSupportDevices, "chest_tube", Side::kLeft, Lobe::kNone},
      {Finding::kFracture, "", Side::kRight, Lobe::kNone}};
  return cases;
}

StudyTruth with(const Case& c, Severity severity, int number) {
  StudyTruth truth = study(number);
  truth.findings.push_back(finding_of(c.finding, c.kind, c.side, c.lobe, severity));
  return truth;
}

TEST(DrawFilmFindings, SevereOnesHaveABoxInsideTheFilmAndAreVisible) {
  for (const Case& c : local_cases()) {
    for (int number : {1, 2}) {
      StudyTruth truth = with(c, Severity::kSevere, number);
      const DrawnFilm film = draw_film(truth, 192, 5);
      const TrueFinding& f = truth.findings[0];
      SCOPED_TRACE(finding_name(c.finding) + " " + c.kind);
      EXPECT_TRUE(f.is_visible);
      EXPECT_GT(f.contrast_to_noise, 0);
      EXPECT_GT(f.box.area(), 4);
      EXPECT_GE(f.box.x, 0);
      EXPECT_GE(f.box.y, 0);
      EXPECT_LE(f.box.x + f.box.w, film.stored.cols);
      EXPECT_LE(f.box.y + f.box.h, film.stored.rows);
      ASSERT_FALSE(f.outline.empty());
      for (const auto& polygon : f.outline) EXPECT_LE(polygon.size(), 40U);
    }
  }
}

TEST(DrawFilmFindings, ChangePixelsMainlyInsideTheirBox) {
  for (const Case& c : local_cases()) {
    double inside = 0, outside = 0;
    for (int number : {3, 4, 5}) {
      StudyTruth truth = with(c, Severity::kSevere, number), normal = study(number);
      const cv::Mat difference =
          cv::abs(upright(draw_film(truth, 192, 9)) - upright(draw_film(normal, 192, 9)));
      const Box b = truth.findings[0].box;
      cv::Mat mask = cv::Mat::zeros(difference.size(), CV_8U);
      cv::rectangle(mask,
                    cv::Rect(static_cast<int>(b.x), static_cast<int>(b.y), static_cast<int>(b.w),
                             static_cast<int>(b.h)),
                    cv::Scalar(255), cv::FILLED);
      inside += cv::mean(difference, mask)[0], outside += cv::mean(difference, 255 - mask)[0];
    }
    EXPECT_GT(inside, 2.5 * outside) << finding_name(c.finding) << " " << c.kind;
  }
}

TEST(DrawFilmFindings, StandOnTheSideThatTheTruthNames) {
  for (const Case& c : local_cases()) {
    if (c.side != Side::kLeft && c.side != Side::kRight) continue;
    for (Side side : {Side::kLeft, Side::kRight}) {
      Case turned = c;
      turned.side = side;
      StudyTruth truth = with(turned, Severity::kSevere, 6);
      const DrawnFilm film = draw_film(truth, 160, 4);
      const Box& box = truth.findings[0].box;
      if (c.finding == Finding::kSupportDevices && std::string(c.kind) != "chest_tube")
        continue;  // lines end in the middle
      const double middle = (box.x + box.w / 2) / film.stored.cols;
      EXPECT_EQ(middle > 0.5, side == Side::kLeft)
          << finding_name(c.finding) << " " << c.kind << " " << side_name(side);
    }
  }
}

// Contrast times the root of the area, over seeds: what makes a finding easy to see.
double conspicuity(const Case& c, Severity severity) {
  double sum = 0;
  for (int number = 10; number < 16; ++number) {
    StudyTruth truth = with(c, severity, number);
    draw_film(truth, 160, static_cast<uint64_t>(number));
    sum += truth.findings[0].contrast_to_noise * std::sqrt(truth.findings[0].box.area());
  }
  return sum;
}

TEST(DrawFilmFindings, AreMoreConspicuousWhenSeverer) {
  std::vector<Case> cases = local_cases();
  cases.push_back({Finding::kCardiomegaly, "", Side::kNone, Lobe::kNone});
  cases.push_back({Finding::kEnlargedCardiomediastinum, "", Side::kNone, Lobe::kNone});
  cases.push_back({Finding::kAtelectasis, "lobar_collapse", Side::kRight, Lobe::kUpper});
  for (const Case& c : cases) {
    if (c.finding == Finding::kSupportDevices) continue;  // a tube has no severity
    const double subtle = conspicuity(c, Severity::kSubtle),
                 moderate = conspicuity(c, Severity::kModerate),
                 severe = conspicuity(c, Severity::kSevere);
    EXPECT_LT(subtle, moderate) << finding_name(c.finding) << " " << c.kind;
    EXPECT_LT(moderate, severe) << finding_name(c.finding) << " " << c.kind;
  }
}

TEST(DrawFilmFindings, BilateralOnesHaveAnOutlineOnEachSide) {
  StudyTruth truth =
      with({Finding::kPleuralEffusion, "", Side::kBilateral, Lobe::kNone}, Severity::kSevere, 7);
  const DrawnFilm film = draw_film(truth, 192, 3);
  const auto& outline = truth.findings[0].outline;
  ASSERT_EQ(outline.size(), 2U);
  const double a = cv::boundingRect(outline[0]).x, b = cv::boundingRect(outline[1]).x;
  EXPECT_LT(std::min(a, b), film.stored.cols / 2.0);
  EXPECT_GT(std::max(a, b) + 0.1 * film.stored.cols, film.stored.cols / 2.0);
}

TEST(DrawFilmFindings, SmallEffusionIsInvisibleAndLargeOneIsNot) {
  StudyTruth small =
      with({Finding::kPleuralEffusion, "", Side::kRight, Lobe::kNone}, Severity::kSubtle, 8);
  small.findings[0].volume_ml = 60;
  draw_film(small, 192, 3);
  EXPECT_FALSE(small.findings[0].is_visible);
  StudyTruth large = small;
  large.findings[0].volume_ml = 1800;
  draw_film(large, 192, 3);
  EXPECT_TRUE(large.findings[0].is_visible);
}

TEST(DrawFilmFindings, TakingOneOutMovesNoOther) {
  StudyTruth both =
      with({Finding::kPleuralEffusion, "", Side::kLeft, Lobe::kNone}, Severity::kModerate, 9);
  both.findings.push_back(
      finding_of(Finding::kLungLesion, "nodule", Side::kRight, Lobe::kUpper, Severity::kModerate));
  StudyTruth one = both;
  one.findings.erase(one.findings.begin());
  draw_film(both, 192, 3);
  draw_film(one, 192, 3);
  EXPECT_EQ(both.findings[1].box, one.findings[0].box);
}

}  // namespace
}  // namespace radgen::phantom

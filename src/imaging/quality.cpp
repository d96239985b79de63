#include "radgen/imaging/quality.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "imaging/chest_features.h"

namespace radgen {
namespace {

// Thresholds lie between what 39 real frontal chest films (normal, COVID-19, effusion, children,
// portable, cropped) show and what other images show; in brackets the worst chest film and the
// best other image. They are no diagnosis: a lung that is white throughout may be refused.
constexpr int kMinSidePx = 128;        // below this nothing can be judged, let alone reported
constexpr double kMinContrast = 0.04;  // [.48 | blank below .01]
// Below the first an image is refused: 10 or 12 bits shown as 16 come to .02 and .06. Below the
// other one, which is still far from any film seen, it is warned of; as of a dark one.
constexpr double kMinReadableContrast = 0.12, kUsualContrast = 0.3;
constexpr double kUsualBrightEnd = 0.3;  // [.46 of phantoms, .65]
constexpr double kMinSmoothShare = 0.5;  // [.80 | white noise .1]
constexpr double kMinBelow = 0.15;  // [.31 | .14] abdomen and diaphragm are brighter than the lungs
constexpr double kClearBelow = 0.4;
constexpr double kMinSymmetry = 0.35;  // [.51]
constexpr double kMinRidge = 0.05;     // [.12] the mediastinum stands out of both lungs
constexpr double kMinLungRows = 0.35;  // [.49] on the weaker side
constexpr double kMinWall =
    -0.05;  // [.00] the chest wall outside of the lungs, where it is in the image
constexpr int kMaxValleys = 2;  // [2 | 3] two lungs; fingers, teeth and boards have more

// How many of the four claims about lungs hold, given the abdomen below them.
int lung_claims(const ChestFeatures& f) {
  return (f.symmetry >= kMinSymmetry) + (f.ridge >= kMinRidge) +
         (std::min(f.lungs_dark_left, f.lungs_dark_right) >= kMinLungRows) + (f.wall >= kMinWall);
}

// All claims, or all but one where the abdomen stands out: a lung that is white with effusion hides
// its own.
bool looks_like_frontal_chest(const ChestFeatures& f) {
  if (f.valleys > kMaxValleys) return false;
  const int claims = lung_claims(f);
  return (claims == 4 && f.below >= kMinBelow) || (claims == 3 && f.below >= kClearBelow);
}

// For images turned or inverted for a guess: nothing may be missing.
bool looks_surely_like_frontal_chest(const ChestFeatures& f) {
  return looks_like_frontal_chest(f) && lung_claims(f) == 4;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

bool tags_say_lateral(const FilmTags& tags) {
  static const std::array<std::string, 5> kLateral = {"LL", "RL", "LATERAL", "LAT", "LLD"};
  if (std::find(kLateral.begin(), kLateral.end(), upper(tags.view_position)) != kLateral.end())
    return true;
  const std::string& orientation = tags.patient_orientation;
  return !orientation.empty() && (orientation[0] == 'A' || orientation[0] == 'P');
}

bool tags_say_other_body_part(const FilmTags& tags) {
  const std::string part = upper(tags.body_part);
  if (part.empty()) return false;
  static const std::array<std::string, 6> kChest = {"CHEST", "THORAX", "LUNG",
                                                    "RIB",   "PORT",   "TORSO"};
  return std::none_of(kChest.begin(), kChest.end(), [&](const std::string& word) {
    return part.find(word) != std::string::npos;
  });
}

std::vector<std::pair<std::string, double>> listed(const ChestFeatures& f) {
  return {{"contrast", f.contrast},
          {"bright_end", f.bright_end},
          {"roughness", f.roughness},
          {"smooth_share", f.smooth_share},
          {"ridge", f.ridge},
          {"middle", f.middle},
          {"half_width", f.half_width},
          {"symmetry", f.symmetry},
          {"lungs_dark_left", f.lungs_dark_left},
          {"lungs_dark_right", f.lungs_dark_right},
          {"wall", f.wall},
          {"valleys", f.valleys},
          {"below", f.below}};
}

cv::Mat negative(const cv::Mat& image) {
  cv::Mat result;
  cv::subtract(cv::Scalar(65535), image, result);
  return result;
}

// Where the middle of what is bright in the lower half is, as a share of the width: the trunk of a
// film that is not centred.
double trunk_middle(const cv::Mat& image) {
  double brightest = 0;
  cv::Mat smooth;
  cv::resize(image, smooth, {64, 64}, 0, 0, cv::INTER_AREA);
  cv::minMaxLoc(smooth, nullptr, &brightest);
  const cv::Mat is_bright = smooth.rowRange(32, 64) > 0.5 * brightest;
  const cv::Moments moments = cv::moments(is_bright, true);
  return moments.m00 > 0 ? (moments.m10 / moments.m00 + 0.5) / smooth.cols : 0.5;
}

// Lungs in the upper part of a film that reaches far below the diaphragm, with air and arms beside
// the trunk: parts of the film are looked at where nothing may be missing, and the chest wall must
// stand out. Several parts have to agree: about 25 of 600 phantom films need this; of those that
// are then still refused most have white lungs on both sides. A chequered board has 2 of 12 parts,
// drawn pelves, knees and skulls at most 1, and the reference images of other things none.
bool looks_like_chest_above(const cv::Mat& image) {
  constexpr double kClearWall = 0.1;
  constexpr int kLeastParts = 3;
  cv::Mat small = image;
  const double scale = 384.0 / std::max(image.cols, image.rows);
  if (scale < 1) cv::resize(image, small, {}, scale, scale, cv::INTER_AREA);
  const cv::Rect whole(0, 0, small.cols, small.rows);
  const double middle = trunk_middle(small) * small.cols;
  int parts = 0;
  for (const double height : {0.65, 0.55, 0.48, 0.42})
    for (const double beside : {0.10, 0.15, 0.20}) {
      const double width = (1 - 2 * beside) * small.cols;
      const cv::Rect part =
          cv::Rect(static_cast<int>(std::lround(middle - width / 2)), 0, static_cast<int>(width),
                   static_cast<int>(small.rows * height)) &
          whole;
      if (part.width < small.cols / 3) continue;
      const ChestFeatures features = chest_features(small(part));
      parts += looks_surely_like_frontal_chest(features) && features.wall >= kClearWall;
    }
  return parts >= kLeastParts;
}

bool looks_like_chest_when_turned(const cv::Mat& image) {
  for (const int turn : {cv::ROTATE_90_CLOCKWISE, cv::ROTATE_180, cv::ROTATE_90_COUNTERCLOCKWISE}) {
    cv::Mat turned;
    cv::rotate(image, turned, turn);
    if (looks_surely_like_frontal_chest(chest_features(turned))) return true;
  }
  return false;
}

// What a refused image might be: a hint for whoever looks at it, never a reason to report it.
void guess_handling(const cv::Mat& image, std::vector<std::string>& warnings) {
  if (looks_like_chest_when_turned(image)) warnings.push_back("possibly_rotated");
  if (looks_surely_like_frontal_chest(chest_features(negative(image))))
    warnings.push_back("possibly_inverted");
}

// Why an image that does not look like a frontal chest film is refused.
Failure why_not(const ChestFeatures& features, const FilmTags& tags) {
  if (features.contrast < kMinContrast) return {"blank", "the picture shows next to nothing"};
  if (features.contrast < kMinReadableContrast)
    return {"low_contrast",
            "the picture is nearly one grey: underexposed, overexposed, or shown through a window "
            "that is not its own"};
  if (features.smooth_share < kMinSmoothShare)
    return {"noise", "the picture is noise or a fine pattern"};
  if (tags_say_lateral(tags))
    return {"lateral_view",
            "a lateral film by its header, and its pixels do not show a frontal one"};
  return {"not_a_chest_film",
          "two lung fields beside a mediastinum and above an abdomen were not found"};
}

}  // namespace

ChestJudgement judge_chest_film(const Film& film, const JudgementOptions& options) {
  ChestJudgement judgement;
  if (film.tags.is_for_processing && !options.takes_for_processing) {
    judgement.reason = "for_processing";
    judgement.message =
        "the detector's raw picture (FOR PROCESSING), which is not meant to be looked at";
    return judgement;
  }
  const int short_side = std::min(film.pixels.cols, film.pixels.rows);
  if (short_side < kMinSidePx) {
    judgement.reason = "too_small";
    judgement.message =
        fmt::format("the short side has {} pixels, at least {} are needed", short_side, kMinSidePx);
    return judgement;
  }
  RADGEN_CHECK(film.pixels.type() == CV_16UC1, "a film is CV_16UC1");
  const ChestFeatures features = chest_features(film.pixels);
  judgement.features = listed(features);
  const bool is_image =
      features.contrast >= kMinReadableContrast && features.smooth_share >= kMinSmoothShare;
  const bool is_usual = is_image && looks_like_frontal_chest(features);
  judgement.is_reportable = is_usual || (is_image && looks_like_chest_above(film.pixels));
  if (!judgement.is_reportable) {
    const Failure failure = why_not(features, film.tags);
    judgement.reason = failure.reason;
    judgement.message = failure.message;
    if (failure.reason == "not_a_chest_film") guess_handling(film.pixels, judgement.warnings);
    return judgement;
  }
  if (tags_say_lateral(film.tags)) judgement.warnings.push_back("tags_say_lateral");
  if (tags_say_other_body_part(film.tags)) judgement.warnings.push_back("tags_say_other_body_part");
  if (!is_usual || lung_claims(features) < 4) judgement.warnings.push_back("unusual_lung_fields");
  if (features.contrast < kUsualContrast) judgement.warnings.push_back("low_contrast");
  if (features.bright_end < kUsualBrightEnd) judgement.warnings.push_back("dark_image");
  return judgement;
}

}  // namespace radgen

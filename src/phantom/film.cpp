#include "radgen/phantom/film.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <opencv2/imgproc.hpp>

#include "radgen/phantom/anatomy_boxes.h"
#include "radgen/phantom/lesions.h"
#include "radgen/phantom/physics.h"
#include "radgen/phantom/scene.h"

namespace radgen::phantom {
namespace {

constexpr uint64_t kPaintStream = 31, kDistractorStream = 32, kExposureStream = 33,
                   kVendorStream = 34, kStorageStream = 35, kMarkerStream = 36,
                   kCollimationStream = 37, kNoiseStream = 38;

// Canvas pixels to film pixels: the margin is cut off and the patient leans a little.
cv::Mat film_map(const Canvas& canvas, cv::Size film, double tilt_degrees) {
  const double margin = kMargin_mm * canvas.px_per_mm;
  const cv::Point2f center(static_cast<float>(margin + film.width / 2.0),
                           static_cast<float>(margin + film.height / 2.0));
  cv::Mat map = cv::getRotationMatrix2D(center, tilt_degrees, 1);
  map.at<double>(0, 2) -= margin, map.at<double>(1, 2) -= margin;
  return map;
}

cv::Mat to_film(const cv::Mat& layer, const cv::Mat& map, cv::Size film) {
  cv::Mat out;
  cv::warpAffine(layer, out, map, film, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return out;
}

struct Drawn {
  size_t index;  // in truth.findings
  Mark mark;
};

using Polygon = std::vector<cv::Point>;

// One polygon a side of `middle_px`: the hull of all that lies there, or the largest part.
std::vector<Polygon> one_a_side(const std::vector<Polygon>& contours, double middle_px,
                                bool as_hull) {
  std::array<Polygon, 2> sides;
  std::array<double, 2> area{0, 0};
  for (const Polygon& contour : contours) {
    const cv::Rect around = cv::boundingRect(contour);
    const size_t side = around.x + around.width / 2.0 < middle_px ? 0 : 1;
    const double own = cv::contourArea(contour) + 0.5 * static_cast<double>(contour.size());
    if (as_hull) {
      sides[side].insert(sides[side].end(), contour.begin(), contour.end());
    } else if (own > area[side]) {
      sides[side] = contour, area[side] = own;
    }
  }
  std::vector<Polygon> kept;
  for (Polygon& side : sides) {
    if (side.empty()) continue;
    if (as_hull) cv::convexHull(Polygon(side), side);
    kept.push_back(side);
  }
  return kept;
}

// Connected parts of the mask as coarse polygons; parts far smaller than the largest are left out.
std::vector<Polygon> outlines_of(const cv::Mat& mask, double px_per_mm, const Mark& mark,
                                 bool is_bilateral, double middle_px) {
  cv::Mat joined;  // thin lines and patches of one finding hold together
  const int gap = std::max(1, static_cast<int>(1.6 * px_per_mm));
  cv::dilate(mask, joined,
             cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * gap + 1, 2 * gap + 1}));
  cv::erode(joined, joined,
            cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * gap + 1, 2 * gap + 1}));
  joined |= mask;
  std::vector<Polygon> contours, kept;
  cv::findContours(joined, contours, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_NONE);
  if (mark.is_scattered || is_bilateral) {
    contours = one_a_side(contours, middle_px, mark.is_scattered);
  }
  double largest = 0;
  for (const auto& contour : contours)
    largest =
        std::max(largest, cv::contourArea(contour) + 0.5 * static_cast<double>(contour.size()));
  for (const auto& contour : contours) {
    const double own = cv::contourArea(contour) + 0.5 * static_cast<double>(contour.size());
    if (!is_bilateral && own < 0.12 * largest) continue;
    Polygon polygon;
    constexpr size_t kMostPoints = 40;
    for (double tolerance = 0.8 * px_per_mm;; tolerance *= 1.6) {
      cv::approxPolyDP(contour, polygon, tolerance, true);
      if (polygon.size() <= kMostPoints) break;
    }
    kept.push_back(polygon);
  }
  return kept;
}

Box box_of(const std::vector<std::vector<cv::Point>>& outlines, cv::Size film) {
  cv::Rect all;
  for (const auto& polygon : outlines)
    all = all.empty() ? cv::boundingRect(polygon) : all | cv::boundingRect(polygon);
  return clip(Box{static_cast<double>(all.x), static_cast<double>(all.y),
                  static_cast<double>(all.width), static_cast<double>(all.height)},
              film.width, film.height);
}

// What a reader's eye compares a change with: the spread of the log signal about its own local
// mean, in the mask.
double local_noise(const cv::Mat& log_signal, const cv::Mat& mask, double px_per_mm) {
  const cv::Rect area = cv::boundingRect(mask);
  const double sigma = 9 * px_per_mm;
  const int reach = static_cast<int>(sigma);
  const cv::Rect around =
      cv::Rect(area.x - reach, area.y - reach, area.width + 2 * reach, area.height + 2 * reach) &
      cv::Rect({0, 0}, mask.size());
  const double shrink = std::min(1.0, 1.2 / px_per_mm);
  cv::Mat small, smooth;
  cv::resize(log_signal(around), small, cv::Size(), shrink, shrink, cv::INTER_AREA);
  cv::GaussianBlur(small, smooth, cv::Size(), sigma * shrink, sigma * shrink, cv::BORDER_REFLECT);
  cv::Scalar mean, deviation;
  cv::meanStdDev(small - smooth, mean, deviation);
  return std::max(0.01, deviation[0]);
}

void describe(TrueFinding& finding, const Mark& mark, const cv::Mat& map, const cv::Mat& log_signal,
              double px_per_mm, double middle_px) {
  finding.box = {}, finding.outline.clear(), finding.contrast_to_noise = 0,
  finding.is_visible = false;
  if (mark.strength.empty()) return;
  const cv::Mat strength = to_film(mark.strength, map, log_signal.size());
  double most = 0;
  cv::minMaxLoc(strength, nullptr, &most);
  constexpr double kLeastChange_mm = 0.4;
  if (most < kLeastChange_mm) return;
  const cv::Mat mask = strength > mark.share * most;
  finding.outline = outlines_of(mask, px_per_mm, mark, finding.side == Side::kBilateral, middle_px);
  if (finding.outline.empty()) return;
  finding.box = box_of(finding.outline, log_signal.size());
  const double change = mark.is_structure ? mark.visible_mm : cv::mean(strength, mask)[0];
  // Scatter takes its part of every contrast: about a third on average.
  constexpr double kPrimaryShare = 0.65;
  finding.contrast_to_noise =
      change * kWaterPerMm * kPrimaryShare / local_noise(log_signal, mask, px_per_mm);
  const double diameter_mm = std::sqrt(static_cast<double>(cv::countNonZero(mask))) / px_per_mm;
  // Rose's model: an object is seen when contrast to noise times the root of its area passes a
  // threshold.
  constexpr double kRose_mm = 5.0;
  finding.is_visible = finding.contrast_to_noise * std::min(diameter_mm, 60.0) > kRose_mm;
}

Exposure pick_exposure(const StudyTruth& truth, Random random) {
  Exposure exposure;
  exposure.photons_per_mm2 = 22000 * std::exp(random.normal(0, 0.35)) * (truth.is_ap ? 0.6 : 1);
  exposure.scatter_ratio = truth.is_ap ? random.uniform(0.6, 1.2) : random.uniform(0.4, 0.9);
  exposure.blur_mm = random.uniform(0.12, 0.24);
  if (truth.is_shifted_vendor) exposure.photons_per_mm2 *= 0.4, exposure.blur_mm += 0.1;
  if (truth.is_degraded)
    exposure.photons_per_mm2 *= 0.15, exposure.scatter_ratio += 0.9, exposure.blur_mm += 0.35;
  return exposure;
}

// A lead letter on the cassette, on the side that it names, outside the lungs or nearly so.
void lay_marker(cv::Mat& metal, double px_per_mm, Random random) {
  const bool is_left = random.chance(0.5);
  const double height = random.uniform(11, 17);
  const cv::Point at(
      static_cast<int>(
          (is_left ? kFieldWidth_mm - random.uniform(24, 40) : random.uniform(12, 28)) * px_per_mm),
      static_cast<int>(random.uniform(26, 60) * px_per_mm));
  constexpr double kLetterHeight_px = 21;  // of Hershey's simplex letters at scale 1
  cv::Mat letters(metal.size(), CV_8U, cv::Scalar(0)), thick;
  const int line = std::max(1, static_cast<int>(std::lround(height * 0.15 * px_per_mm)));
  cv::putText(letters, is_left ? "L" : "R", at, cv::FONT_HERSHEY_SIMPLEX,
              height * px_per_mm / kLetterHeight_px, cv::Scalar(255), line, cv::LINE_AA);
  letters.convertTo(thick, CV_32F, 5.0 / 255);  // mm of metal: opaque
  metal += thick;
}

void collimate(cv::Mat& display, double px_per_mm, Random random) {
  if (random.chance(0.35)) return;
  const auto edge = [&] {
    return random.chance(0.5) ? 0 : static_cast<int>(random.uniform(1, 11) * px_per_mm);
  };
  const int left = edge(), right = edge(), top = edge(), bottom = edge();
  const float shutter = random.chance(0.8) ? 0.F : 0.02F;
  display.colRange(0, left).setTo(shutter);
  display.colRange(display.cols - right, display.cols).setTo(shutter);
  display.rowRange(0, top).setTo(shutter);
  display.rowRange(display.rows - bottom, display.rows).setTo(shutter);
}

DrawnFilm store(const cv::Mat& display, Random random) {
  DrawnFilm film;
  static const std::vector<int> kBits{12, 10, 14, 15};
  film.bits_stored = kBits[random.weighted({0.7, 0.1, 0.1, 0.1})];
  film.is_monochrome1 = random.chance(0.5);
  film.has_window = random.chance(0.55);
  const double most = (1 << film.bits_stored) - 1;
  // A vendor rarely uses the whole range.
  const double low = random.uniform(0, 0.06) * most, high = random.uniform(0.88, 1) * most;
  display.convertTo(film.stored, CV_16U, high - low, low);
  film.window_center = low + (high - low) * random.uniform(0.46, 0.56);
  film.window_width = (high - low) * random.uniform(0.82, 1.05);
  if (film.is_monochrome1) {
    film.stored = cv::Mat(most - film.stored);
    film.window_center = most - film.window_center;
  }
  return film;
}

}  // namespace

DrawnFilm draw_film(StudyTruth& truth, int long_side_px, uint64_t seed) {
  const double field =
      truth.is_shifted_vendor ? 1.06 : 1;  // another detector: more around the chest
  const Canvas canvas = Canvas::for_film(long_side_px, field);
  const cv::Size size(
      static_cast<int>(std::lround(long_side_px * kFieldWidth_mm / kFieldHeight_mm)), long_side_px);
  const Chest chest = make_chest(truth);
  truth.cardiothoracic_ratio = chest.cardiothoracic_ratio;

  // One stream a finding, by what it is and not by its place in the list: taking one out moves no
  // other.
  std::map<std::pair<Finding, std::string>, uint64_t> count;
  std::vector<uint64_t> stream;
  std::optional<BrokenRib> broken;
  for (const TrueFinding& f : truth.findings) {
    const bool is_opacity = f.finding == Finding::kConsolidation ||
                            f.finding == Finding::kPneumonia || f.finding == Finding::kLungOpacity;
    const uint64_t order = count[{f.finding, f.kind}]++;
    stream.push_back(
        is_opacity ? 1000
                   : hash_mix(hash_text(f.kind), static_cast<uint64_t>(f.finding) * 64 + order));
    if (f.finding == Finding::kFracture && !broken)
      broken = plan_fracture(chest, f, Random(seed, {kPaintStream, stream.back()}));
  }
  Scene scene = draw_anatomy(chest, canvas, truth, broken);
  std::vector<Drawn> drawn;
  for (size_t i = 0; i < truth.findings.size(); ++i) {
    TrueFinding& f = truth.findings[i];
    const Random own(seed, {kPaintStream, stream[i]});
    Mark mark = f.finding == Finding::kFracture ? mark_fracture(scene, f, *broken)
                                                : paint_finding(scene, truth, f, own);
    drawn.push_back({i, std::move(mark)});
  }
  for (const std::string& name : truth.distractors)
    paint_distractor(scene, name, Random(seed, {kDistractorStream, hash_text(name)}));

  const double tilt = truth.rotation_degrees * 0.35;  // who turns also leans
  const cv::Mat map = film_map(canvas, size, tilt);
  truth.anatomy = anatomy_boxes(scene, map, size);
  const Thickness whole = thickness_of(scene);
  Thickness film_thickness{to_film(whole.water, map, size), to_film(whole.bone, map, size),
                           to_film(whole.metal, map, size)};
  if (truth.has_side_marker)
    lay_marker(film_thickness.metal, canvas.px_per_mm, Random(seed, {kMarkerStream}));
  const cv::Mat signal =
      detect(film_thickness, pick_exposure(truth, Random(seed, {kExposureStream})),
             canvas.px_per_mm, Random(seed, {kNoiseStream}));
  const double middle_px = chest.mediastinum_x * canvas.px_per_mm;
  for (const Drawn& d : drawn)
    describe(truth.findings[d.index], d.mark, map, signal, canvas.px_per_mm, middle_px);

  Random vendor_random(seed, {kVendorStream});
  Vendor vendor = pick_vendor(vendor_random, truth.is_shifted_vendor);
  if (truth.is_degraded) vendor.slope *= 0.75;
  cv::Mat display = apply_vendor(signal, vendor, canvas.px_per_mm);
  collimate(display, canvas.px_per_mm, Random(seed, {kCollimationStream}));
  DrawnFilm film = store(display, Random(seed, {kStorageStream}));
  film.spacing_mm = 1 / canvas.px_per_mm;
  return film;
}

}  // namespace radgen::phantom

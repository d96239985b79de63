#include "radgen/phantom/lesions.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace radgen::phantom {
namespace {

// Where a lobe's centre projects: across (0 mediastinum .. 1 wall) and down (0 apex .. 1 dome).
struct LobePlace {
  // wide, tall: of a whole lobe's opacity, share of half width and lung height
  double across, down, wide, tall;
};

LobePlace place_of(Lobe lobe, int side, Random& random) {
  switch (lobe) {
    case Lobe::kUpper:
      return {random.uniform(0.35, 0.7), random.uniform(0.22, 0.42), 0.36, 0.24};
    case Lobe::kMiddle:
      return {random.uniform(0.02, 0.20), random.uniform(0.72, 0.82), 0.34, 0.15};
    case Lobe::kLingula:
      return {random.uniform(0.02, 0.20), random.uniform(0.66, 0.80), 0.34, 0.17};
    case Lobe::kLower:
      return {random.uniform(0.25, 0.68), random.uniform(0.82, 0.94), 0.38, 0.20};
    default:
      return {random.uniform(0.25, 0.75), random.uniform(0.2, side == kLeftSide ? 0.85 : 0.9), 0.34,
              0.2};
  }
}

Point point_in_lung(const Chest& chest, int side, double across, double down) {
  const double x_guess = chest.spine_x + sign_of(side) * chest.half_width * 0.5;
  const double y = chest.apex_y + down * (chest.dome_y(side, x_guess) - chest.apex_y);
  return {chest.lung_x(side, across, y), y};
}

// Two fine streams of noise that break up edges and texture; fields are shared by all opacities of
// a film.
struct Texture {
  cv::Mat coarse, fine;
  Texture(const Canvas& canvas, Random random)
      : coarse(noise_field(canvas, random.fork(1), 26)),
        fine(noise_field(canvas, random.fork(2), 7)) {}
};

void paint_air_bronchograms(const Scene& scene, cv::Mat& share, int side, Point center,
                            double radius, Random& random) {
  const Chest& chest = scene.chest;
  const Point hilum{chest.lung_x(side, 0.02, chest.hilum_y[static_cast<size_t>(side)]),
                    chest.hilum_y[static_cast<size_t>(side)]};
  cv::Mat tubes = scene.canvas.layer();
  const double toward = std::atan2(center.y - hilum.y, center.x - hilum.x);
  for (int64_t i = random.integer(3, 6); i > 0; --i) {
    const double angle = toward + random.normal(0, 0.5);
    const Point from =
        center - Point(std::cos(toward), std::sin(toward)) * radius * random.uniform(0.3, 0.7) +
        Point(random.normal(0, radius * 0.25), random.normal(0, radius * 0.25));
    const Point to =
        from + Point(std::cos(angle), std::sin(angle)) * radius * random.uniform(0.7, 1.2);
    stamp_tube(scene.canvas, tubes,
               smooth_path(
                   {from, (from + to) * 0.5 + Point(random.normal(0, 3), random.normal(0, 3)), to}),
               {1.6, 1.2, 0.9, 0.7}, solid_tube, {0.15});
  }
  cv::GaussianBlur(tubes, tubes, cv::Size(), 0.5 * scene.canvas.px_per_mm + 0.2, 0);
  cv::min(tubes, 0.26, tubes);
  share = share.mul(1 - tubes);
}

}  // namespace

double graded(Severity severity, double subtle, double moderate, double severe) {
  if (severity == Severity::kSubtle) return subtle;
  return severity == Severity::kSevere ? severe : moderate;
}

cv::Mat fill_lung(Scene& scene, const cv::Mat& share) {
  cv::Mat change = scene.air().mul(1 - scene.fill);
  change = change.mul(share);
  cv::Mat rest = (1 - scene.fill).mul(1 - share);
  scene.fill = 1 - rest;
  return change;
}

Mark paint_nodule(Scene& scene, const TrueFinding& finding, Random random) {
  const Chest& chest = scene.chest;
  const double size = finding.size_mm > 0 ? finding.size_mm : graded(finding.severity, 8, 15, 34);
  const int side = side_index(finding.side);
  double low = 0.15, high = 0.85;
  if (finding.lobe == Lobe::kUpper) high = 0.42;
  if (finding.lobe == Lobe::kMiddle || finding.lobe == Lobe::kLingula) low = 0.55, high = 0.8;
  if (finding.lobe == Lobe::kLower) low = 0.6, high = 0.92;
  const double margin = std::min(0.3, size / 160);
  const Point center = point_in_lung(chest, side, random.uniform(0.12 + margin, 0.9 - margin),
                                     random.uniform(low, high));
  // A sphere's path length; lobulated for masses: a few overlapping spheres.
  cv::Mat layer = scene.canvas.layer();
  const double radius = size / 2, squash = random.uniform(0.85, 1);
  const auto sphere = [&](Point at, double r) {
    stamp_ellipse(scene.canvas, layer, at, r, r * squash, random.uniform(0, 180), solid_tube,
                  2 * r);
  };
  sphere(center, radius * 0.9);
  const int64_t lobules = size > 30 ? 6 : 3;
  for (int64_t i = 0; i < lobules; ++i) {
    const double angle = random.uniform(0, 2 * CV_PI), share = random.uniform(0.45, 0.7);
    sphere(center + Point(std::cos(angle), std::sin(angle)) * radius * (0.95 - share),
           radius * share);
  }
  const int64_t spicules = random.chance(0.4) ? random.integer(5, 10) : 0;
  for (int64_t i = 0; i < spicules; ++i) {
    const double angle = random.uniform(0, 2 * CV_PI), reach = radius * random.uniform(1.2, 1.7);
    const Point way{std::cos(angle), std::sin(angle)};
    stamp_tube(scene.canvas, layer, {center + way * radius * 0.6, center + way * reach}, {0.7, 0.3},
               solid_tube, {1.2});
  }
  const double sigma =
      std::max(0.05 * size, 0.5) * scene.canvas.px_per_mm;  // breathing, partial volume
  cv::GaussianBlur(layer, layer, cv::Size(), sigma, sigma);
  // The lung is compressed around it: contrast of tissue (1.0) against lung, .85 of the path.
  cv::Mat lung;
  cv::min(scene.cavity.mul(scene.open) / (0.8 * size + 4), 1.0, lung);
  layer = layer.mul(lung) * graded(finding.severity, 0.80, 0.95, 1.05);
  scene.soft += layer;
  Mark mark;
  mark.strength = layer;
  return mark;
}

Mark paint_opacity(Scene& scene, const TrueFinding& finding, Random random) {
  const Chest& chest = scene.chest;
  const Texture texture(scene.canvas, random.fork(77));
  Mark mark;
  mark.strength = scene.canvas.layer();
  mark.share = 0.33;
  for (int side : sides_of(finding.side)) {
    Random own =
        random.fork(static_cast<uint64_t>(side) * 16 + static_cast<uint64_t>(finding.lobe));
    const LobePlace place = place_of(finding.lobe, side, own);
    const Point center = point_in_lung(chest, side, place.across, place.down);
    const double extent = graded(finding.severity, 0.52, 0.80, 1.15) * own.uniform(0.9, 1.12);
    double rx = place.wide * chest.half_width * extent, ry = place.tall * 240 * extent;
    if (finding.size_mm > 10) {
      const double k = finding.size_mm / (2 * std::sqrt(rx * ry));
      rx *= k, ry *= k;
    }
    const double amount = graded(finding.severity, 0.22, 0.46, 0.76) * own.uniform(0.92, 1.1);
    const double tilt = own.uniform(-0.4, 0.4), edge = own.uniform(0.25, 0.45);
    const bool has_fissure =
        side == kRightSide && (finding.lobe == Lobe::kUpper || finding.lobe == Lobe::kMiddle);
    const double fissure_y = chest.hilum_y[kRightSide] + 8;
    cv::Mat share = lung_share(
        scene, side, center.y - ry * 1.8, center.y + ry * 1.8,
        [&](double x, double y, int r, int c) {
          const double dx = (x - center.x) / rx, dy = (y - center.y) / ry + tilt * dx;
          const double field = std::sqrt(dx * dx + dy * dy) +
                               0.22 * texture.coarse.at<float>(r, c) +
                               0.06 * texture.fine.at<float>(r, c);
          double value = 1 - smooth_step(1 - edge - 0.25, 1 + edge, field);
          if (has_fissure) {
            const double under = (y - fissure_y - 3 * dx) * (finding.lobe == Lobe::kUpper ? 1 : -1);
            value *= 1 - 0.85 * smooth_step(-1.5, 2.5, under);
          }
          const double patch = 1 + 0.08 * texture.fine.at<float>(r, c);
          return std::clamp(amount * value * patch, 0.0, 0.95);
        });
    if (amount > 0.35) paint_air_bronchograms(scene, share, side, center, std::sqrt(rx * ry), own);
    mark.strength += fill_lung(scene, share);
  }
  return mark;
}

Mark paint_edema(Scene& scene, const TrueFinding& finding, Random random) {
  const Chest& chest = scene.chest;
  const Texture texture(scene.canvas, random.fork(78));
  const double haze = graded(finding.severity, 0.09, 0.20, 0.40) * random.uniform(0.92, 1.1);
  const double patchy = graded(finding.severity, 0.15, 0.3, 0.5),
               reach = graded(finding.severity, 0.36, 0.50, 0.68);
  Mark mark;
  mark.strength = scene.canvas.layer();
  mark.share = 0.42;
  cv::Mat lines = scene.canvas.layer();
  const auto sides = finding.side == Side::kLeft || finding.side == Side::kRight
                         ? sides_of(finding.side)
                         : std::vector<int>{0, 1};
  for (int side : sides) {
    const double hy = chest.hilum_y[static_cast<size_t>(side)] + 14,
                 hx = chest.lung_x(side, 0.05, hy);
    const double rx = reach * chest.half_width, ry = reach * 150;
    const cv::Mat share = lung_share(
        scene, side, chest.apex_y - 5, chest.angle_y + 30, [&](double x, double y, int r, int c) {
          const double dx = (x - hx) / rx, dy = (y - hy) / (y < hy ? ry * 0.72 : ry * 1.1);
          const double field = std::sqrt(dx * dx + dy * dy) + 0.13 * texture.coarse.at<float>(r, c);
          const double wing = 1 - smooth_step(0.25, 1.35, field);
          const double value = haze * (wing + 0.14) *
                               (1 + patchy * (0.13 * texture.fine.at<float>(r, c) +
                                              0.22 * texture.coarse.at<float>(r, c)));
          return std::clamp(value, 0.0, 0.9);
        });
    mark.strength += fill_lung(scene, share);
    // Kerley's B lines: septa of 10 to 20 mm, at right angles to the wall, at the bases.
    const auto count = static_cast<int64_t>(graded(finding.severity, 4, 9, 11));
    const double dome = chest.dome_y(side, chest.spine_x + sign_of(side) * chest.half_width * 0.9);
    for (int64_t i = 0; i < count; ++i) {
      const double y = dome - random.uniform(6, 70), out = chest.lateral_wall(y) - 2.5;
      const double length = random.uniform(10, 20), s = sign_of(side);
      const Point from{chest.spine_x + s * out, y};
      stamp_tube(scene.canvas, lines, {from, from + Point(-s * length, random.uniform(-2, 2))},
                 {0.55}, solid_tube, {graded(finding.severity, 3.0, 4.5, 5.0)});
    }
  }
  scene.soft += lines;
  // Vessels lose their sharp edges.
  const double sigma = graded(finding.severity, 0.5, 1.0, 1.5) * scene.canvas.px_per_mm;
  if (sigma > 0.25) cv::GaussianBlur(scene.vessels, scene.vessels, cv::Size(), sigma, sigma);
  return mark;
}

namespace {

Path collapsed_lobe(const Chest& chest, int side, Lobe lobe, double grade, Random& random) {
  const auto at = [&](double across, double down) {
    return point_in_lung(chest, side, across, down);
  };
  const double j = random.uniform(-0.03, 0.03);
  switch (lobe) {
    case Lobe::kUpper:  // against the upper mediastinum; the minor fissure bows upwards
      return {at(-0.25, -0.02),  at(0.75, -0.03),   at(0.92 - 0.2 * grade, 0.12),
              at(0.5, 0.24 + j), at(0.1, 0.36 + j), at(-0.15, 0.42)};
    case Lobe::kMiddle:
    case Lobe::kLingula:
      return {at(-0.5, 0.62 + j), at(0.1, 0.66), at(0.5 + j, 0.80), at(0.2, 0.92), at(-0.5, 0.98)};
    default:  // a triangle behind the heart, its base on the diaphragm
      return {at(-0.9, 0.48 + j), at(-0.1, 0.56 + j), at(0.25 + 0.2 * grade, 0.86),
              at(0.42 + 0.25 * grade, 1.1), at(-0.9, 1.12)};
  }
}

}  // namespace

Mark paint_atelectasis(Scene& scene, const TrueFinding& finding, Random random) {
  const Chest& chest = scene.chest;
  Mark mark;
  cv::Mat layer = scene.canvas.layer();
  if (finding.kind == "lobar_collapse") {
    const double grade = graded(finding.severity, 0.25, 0.55, 1);
    for (int side : sides_of(finding.side)) {
      cv::Mat lobe = scene.canvas.layer();
      stamp_polygon(scene.canvas, lobe, collapsed_lobe(chest, side, finding.lobe, grade, random),
                    1.8, graded(finding.severity, 0.34, 0.55, 0.82));
      const auto own_side = [](double, double, int, int) { return 1.0; };
      layer += lobe.mul(lung_share(scene, side, 0, kFieldHeight_mm, own_side));
    }
    const cv::Mat texture = 1 + 0.07 * noise_field(scene.canvas, random.fork(5), 10);
    layer = layer.mul(texture);
    cv::min(layer, 0.93, layer);
    mark.strength = fill_lung(scene, layer);
    return mark;
  }
  // Plates: sheets of collapsed lung of 1 to 3 mm, seen nearly edge on, a few degrees off the
  // horizontal.
  for (int side : sides_of(finding.side)) {
    const double s = sign_of(side);
    const double size =
        finding.size_mm > 15 ? finding.size_mm : graded(finding.severity, 32, 55, 85);
    const int64_t count = finding.severity == Severity::kSubtle   ? 1
                          : finding.severity == Severity::kSevere ? 3
                                                                  : 2;
    double down = finding.lobe == Lobe::kUpper ? random.uniform(0.3, 0.45)
                  : finding.lobe == Lobe::kMiddle || finding.lobe == Lobe::kLingula
                      ? random.uniform(0.62, 0.74)
                      : random.uniform(0.76, 0.90);
    for (int64_t i = 0; i < count; ++i) {
      const Point middle = point_in_lung(chest, side, random.uniform(0.35, 0.6), down);
      const double half = size / 2 * random.uniform(0.8, 1.05), tilt = random.uniform(-0.28, 0.28),
                   bow = random.uniform(-4, 4);
      const Path plate =
          smooth_path({middle + Point(-s * half, -tilt * half), middle + Point(0, bow),
                       middle + Point(s * half, tilt * half)},
                      2);
      const double radius = graded(finding.severity, 0.9, 1.3, 1.7) * random.uniform(0.9, 1.1);
      std::vector<double> radii, weights;
      for (size_t k = 0; k < plate.size(); ++k) {
        const double t = static_cast<double>(k) / static_cast<double>(plate.size() - 1);
        radii.push_back(radius * (0.5 + 0.5 * std::sin(CV_PI * (0.1 + 0.8 * t))));
        weights.push_back(graded(finding.severity, 9, 10, 11.5) * smooth_step(0, 0.2, t) *
                          smooth_step(0, 0.2, 1 - t));
      }
      stamp_tube(
          scene.canvas, layer, plate, radii, [](float q) { return (1 - q * q) * (1 - 0.4F * q); },
          weights);
      down -= random.uniform(0.05, 0.11);
    }
  }
  cv::GaussianBlur(layer, layer, cv::Size(), 0.6 * scene.canvas.px_per_mm,
                   0.6 * scene.canvas.px_per_mm);
  cv::Mat lung;
  cv::min(scene.cavity.mul(scene.open) / 40.0, 1.0, lung);
  layer = layer.mul(lung);
  scene.soft += layer;
  mark.strength = layer, mark.share = 0.25, mark.is_scattered = true;
  return mark;
}

}  // namespace radgen::phantom

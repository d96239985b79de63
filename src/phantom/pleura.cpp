// Findings of the pleura: fluid, air, thickening, plaques.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "radgen/phantom/lesions.h"

namespace radgen::phantom {
namespace {

// Height of the fluid above the costophrenic angle by its volume, upright. Under 150 mL it hides
// behind the dome; 200 blunt the angle, 500 hide the dome, over 1,500 reach mid-lung, over 2,500
// nothing stays open.
double fluid_height_mm(double volume_ml) {
  static const Curve kHeight({{0, -12},
                              {150, 2},
                              {200, 11},
                              {300, 26},
                              {500, 52},
                              {1000, 90},
                              {1500, 126},
                              {2000, 170},
                              {2500, 225},
                              {3000, 275}});
  return kHeight.at(volume_ml);
}

}  // namespace

Mark paint_effusion(Scene& scene, const TrueFinding& finding, Random random) {
  const Chest& chest = scene.chest;
  const double volume =
      finding.volume_ml > 0 ? finding.volume_ml : graded(finding.severity, 260, 750, 1900);
  const bool is_veil = chest.is_supine || finding.kind.find("layering") != std::string::npos;
  const cv::Mat ripple = noise_field(scene.canvas, random.fork(3), 40);
  Mark mark;
  mark.strength = scene.canvas.layer();
  mark.share = 0.3;
  for (int side : sides_of(finding.side)) {
    const double own = volume * (finding.side == Side::kBilateral ? random.uniform(0.75, 1.2) : 1);
    cv::Mat share;
    if (is_veil) {  // it lies behind the lung: a haze that thickens downwards, vessels still seen
                    // through it
      static const Curve kVeil({{0, 0},
                                {150, 0.03},
                                {300, 0.10},
                                {600, 0.20},
                                {1000, 0.31},
                                {2000, 0.54},
                                {3000, 0.72}});
      const double most = kVeil.at(own), length = chest.angle_y - chest.apex_y;
      share = lung_share(
          scene, side, chest.apex_y - 6, chest.angle_y + 60, [&](double x, double y, int r, int c) {
            const double down = (y - chest.apex_y) / length;
            const double out =
                std::clamp(sign_of(side) * (x - chest.spine_x) / chest.half_width, 0.0, 1.0);
            return most * (0.42 + 0.68 * smooth_step(0.1, 0.95, down) + 0.12 * out) *
                   (1 + 0.04 * ripple.at<float>(r, c));
          });
      mark.share = 0.5;
    } else {
      const double angle =
          chest.dome_y(side, chest.spine_x + sign_of(side) * chest.half_width * 0.99);
      const double level = angle - fluid_height_mm(own);
      const double climb = 20 + 0.16 * std::max(0.0, fluid_height_mm(own)),
                   fade = 7 + 0.04 * own / 10;
      share = lung_share(
          scene, side, chest.apex_y - 6, chest.angle_y + 60, [&](double x, double y, int r, int c) {
            const double out =
                std::clamp(sign_of(side) * (x - chest.spine_x) / chest.lateral_wall(y), 0.0, 1.0);
            // The meniscus: highest at the wall, lower at the middle, again a little up at the
            // mediastinum.
            const double rise = climb * (std::pow(out, 4) + 0.30 * std::pow(1 - out, 4));
            const double depth = y - (level - rise + 6) + 1.2 * ripple.at<float>(r, c);
            return 0.97 * smooth_step(-fade, fade * 0.6, depth);
          });
    }
    mark.strength += fill_lung(scene, share);
  }
  return mark;
}

namespace {

// How far the lung's surface lies inside the ribs, over height: widest at the apex when upright.
double rim_width(const Chest& chest, double rim, double y) {
  const double down = std::clamp((y - chest.apex_y) / (chest.angle_y - chest.apex_y), 0.0, 1.0);
  return rim * (1.15 - 0.75 * down) * smooth_step(-0.05, 0.02, down);
}

void deep_sulcus(Scene& scene, int side, double rim, Mark& mark) {
  const Chest& chest = scene.chest;
  // Air gathers in front and at the base: the angle reaches deep along the wall, dark and sharply
  // edged.
  const double s = sign_of(side), depth = 16 + 0.8 * rim, wide = 9 + 0.5 * rim;
  const double angle = chest.dome_y(side, chest.spine_x + s * chest.half_width * 0.9);
  cv::Mat air = scene.canvas.layer();
  const auto wall = [&](double y) { return chest.spine_x + s * (chest.lateral_wall(y) - 1); };
  const double top = angle - 34 - rim;
  const Path pocket =
      smooth_path({{wall(top), top},
                   {wall(angle) - s * wide, angle - 14},
                   {wall(angle) - s * wide * 0.7, angle + depth * 0.3},
                   {wall(angle + depth * 0.7) - s * wide * 0.3, angle + depth * 0.75},
                   {wall(angle + depth) - s * 2, angle + depth},
                   {wall(angle + depth * 0.5), angle + depth * 0.5},
                   {wall(angle), angle},
                   {wall(top + 20), top + 20}});
  stamp_polygon(scene.canvas, air, pocket, 1.6, 1);
  air *= 9 + 0.45 * rim;
  scene.soft -= air;
  // The whole lower half is a little too dark.
  const cv::Mat lucent =
      lung_share(scene, side, chest.apex_y, angle + 20, [&](double, double y, int, int) {
        return (0.05 + 0.005 * rim) *
               smooth_step(chest.hilum_y[static_cast<size_t>(side)] - 20, angle, y);
      });
  const cv::Mat lung = scene.cavity.mul(scene.open);
  scene.soft -= lung.mul(lucent);
  mark.strength = mark.strength + air + lung.mul(lucent);
  mark.share = 0.3;
}

}  // namespace

Mark paint_pneumothorax(Scene& scene, const TrueFinding& finding, Random random) {
  const Chest& chest = scene.chest;
  const double rim = finding.size_mm > 0 ? finding.size_mm : graded(finding.severity, 8, 20, 42);
  const bool is_tension = finding.kind.find("tension") != std::string::npos;
  Mark mark;
  mark.strength = scene.canvas.layer();
  const cv::Mat wave = noise_field(scene.canvas, random.fork(4), 60);
  for (int side : sides_of(finding.side)) {
    if (chest.is_supine && !is_tension) {
      deep_sulcus(scene, side, rim, mark);
      continue;
    }
    const double s = sign_of(side), wide = is_tension ? std::max(rim, 45.0) : rim;
    // Distance from the visceral pleura: positive in the free air.
    const auto beyond = [&](double x, double y, int r, int c) {
      const double from_wall = chest.lateral_wall(y) - s * (x - chest.spine_x);
      const double from_top = chest.apex_distance(s * (x - chest.spine_x), y);
      constexpr double kRound_mm = 9;  // the lung's shoulder is round
      const double inside = -kRound_mm * std::log(std::exp(-from_wall / kRound_mm) +
                                                  std::exp(-from_top / kRound_mm)) +
                            0.3 * kRound_mm;
      const double width = rim_width(chest, wide, y) + 0.06 * wide * wave.at<float>(r, c);
      return width - inside;
    };
    cv::Mat line = scene.canvas.layer();
    const cv::Mat gas = lung_share(
        scene, side, chest.apex_y - 8, chest.angle_y + 40, [&](double x, double y, int r, int c) {
          const double distance = beyond(x, y, r, c);
          line.at<float>(r, c) =
              static_cast<float>(std::exp(-distance * distance / (2 * 0.55 * 0.55)));
          return smooth_step(-0.5, 0.5, distance);
        });
    const cv::Mat lung = scene.cavity.mul(scene.open);
    cv::Mat line_mm = line.mul(cv::min(lung / 30.0, 1.0)) * (4.5 + 0.05 * wide);
    mark.strength += lung.mul(scene.density).mul(gas) + line_mm * 0.5;
    mark.share = 0.18;
    cv::max(scene.gas, gas, scene.gas);
    scene.soft += line_mm;
    // The lung has given way: what is left of it is denser.
    const double collapse = std::min(0.5, wide / 130);
    const cv::Mat denser = lung_share(scene, side, chest.apex_y, chest.angle_y + 40,
                                      [&](double, double, int, int) { return 0.30 * collapse; });
    scene.density += denser.mul(1 - gas);
  }
  return mark;
}

Mark paint_pleura(Scene& scene, const TrueFinding& finding, Random random) {
  const Chest& chest = scene.chest;
  Mark mark;
  mark.strength = scene.canvas.layer();
  if (finding.kind == "plaque" ||
      finding.kind == "pleural_plaque") {  // calcified, seen on its face and along the dome
    cv::Mat chalk = scene.canvas.layer();
    for (int side : sides_of(finding.side)) {
      const auto count = static_cast<int64_t>(graded(finding.severity, 2, 3, 5));
      for (int64_t i = 0; i < count; ++i) {
        const double y =
            chest.apex_y + random.uniform(0.35, 0.8) * (chest.angle_y - chest.apex_y - 50);
        const Point at{chest.lung_x(side, random.uniform(0.45, 0.93), y), y};
        const double radius = graded(finding.severity, 7, 10, 14) * random.uniform(0.8, 1.2);
        Path outline;
        for (int k = 0; k < 11; ++k) {
          const double angle = 2 * CV_PI * k / 11, r = radius * random.uniform(0.55, 1.2);
          outline.push_back(at + Point(1.4 * r * std::cos(angle), 0.6 * r * std::sin(angle)));
        }
        outline.push_back(outline.front());
        stamp_polygon(scene.canvas, chalk, smooth_path(outline), 0.9,
                      graded(finding.severity, 1.8, 3.2, 5.0) * random.uniform(0.85, 1.15));
      }
      cv::Mat edge = scene.canvas.layer();
      const double from = chest.domes[static_cast<size_t>(side)].center * 0.8;
      Path along;
      for (double out = from; out < from + graded(finding.severity, 18, 30, 46); out += 3) {
        const double x = chest.spine_x + sign_of(side) * out;
        along.emplace_back(x, chest.dome_y(side, x) + 0.6);
      }
      stamp_tube(scene.canvas, edge, along, {1.1}, solid_tube,
                 {graded(finding.severity, 1.0, 1.6, 2.4)});
      chalk += edge;
    }
    const cv::Mat grain = 1 + 0.3 * noise_field(scene.canvas, random.fork(6), 4);
    chalk = chalk.mul(cv::max(grain, 0.2));
    scene.bone += chalk;
    mark.strength = chalk * (kSpectrum[0].bone_excess_per_cm / kSpectrum[0].water_per_cm);
    mark.is_scattered = true;
    return mark;
  }
  for (int side : sides_of(finding.side)) {  // thickening: a rind along the wall, and over the apex
    const double s = sign_of(side), most = finding.size_mm > 1
                                               ? finding.size_mm
                                               : graded(finding.severity, 4, 7.5, 13);
    const bool is_apical =
        finding.lobe == Lobe::kUpper || (finding.lobe == Lobe::kNone && random.chance(0.4));
    const double middle =
        is_apical ? chest.apex_y + 8
                  : chest.apex_y + random.uniform(0.5, 0.75) * (chest.angle_y - chest.apex_y);
    const double spread = is_apical ? 34 : graded(finding.severity, 34, 52, 75);
    const cv::Mat wave = noise_field(scene.canvas, random.fork(7), 16);
    const cv::Mat share = lung_share(
        scene, side, chest.apex_y - 8, chest.angle_y + 40, [&](double x, double y, int r, int c) {
          const double from_wall = chest.lateral_wall(y) - s * (x - chest.spine_x);
          const double inward = is_apical ? std::min(from_wall, (y - chest.apex_y) + 2) : from_wall;
          const double thick = most * std::exp(-std::pow((y - middle) / spread, 2)) *
                               (1 + 0.18 * wave.at<float>(r, c));
          return 0.85 * smooth_step(-1.2, 1.2, thick - inward) * smooth_step(0.5, 3, thick);
        });
    mark.strength += fill_lung(scene, share);
  }
  return mark;
}

}  // namespace radgen::phantom

// Tubes, lines and a pacemaker, with the courses that they take in a patient.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "radgen/phantom/lesions.h"

namespace radgen::phantom {
namespace {

struct Materials {
  cv::Mat metal, soft;
};

// A tube of plastic with an opaque stripe: `plastic` mm of water a millimetre of tube, `stripe` mm
// of metal.
void lay_tube(const Scene& scene, Materials& m, const Path& path, double radius, double plastic,
              double stripe) {
  stamp_tube(scene.canvas, m.soft, path, {radius}, hollow_tube(0.35, 0.05), {plastic});
  stamp_tube(scene.canvas, m.metal, path, {std::max(0.5, radius * 0.35)}, solid_tube, {stripe});
}

Path endotracheal_path(const Chest& chest, TrueFinding& finding, Random& random) {
  if (finding.measure == 0)
    finding.measure = finding.is_malpositioned ? random.uniform(-18, 12) : random.uniform(30, 70);
  const double tip = finding.measure, x = chest.mediastinum_x, lean = 3;
  Path path{
      {x + random.uniform(-4, 4), -40}, {x + 1, chest.apex_y - 30}, {x - 1, chest.arch_y - 16}};
  if (tip < 0) {  // into the right main bronchus
    path.emplace_back(x - lean - 2, chest.carina_y - 8);
    path.emplace_back(x - lean - 9, chest.carina_y - tip * 0.6);
    path.emplace_back(x - lean - 14, chest.carina_y - tip);
  } else {
    path.back() = {x - 1, std::min(chest.arch_y - 16, chest.carina_y - tip - 18)};
    path.emplace_back(x - lean * (tip < 30 ? 1 : 0.5), chest.carina_y - tip);
  }
  return smooth_path(path);
}

Path central_line_path(const Chest& chest, const TrueFinding& finding, Random& random) {
  const int side = finding.side == Side::kLeft ? kLeftSide : kRightSide;
  const double s = sign_of(side), x = chest.mediastinum_x, cava = x - 13;
  Path path;
  const bool is_jugular = random.chance(0.55);
  if (is_jugular) {
    path = {{x + s * 44, -40}, {x + s * 36, chest.apex_y - 18}, {x + s * 24, chest.apex_y + 18}};
  } else {
    path = {{x + s * 125, chest.apex_y + 62},
            {x + s * 92, chest.apex_y + 36},
            {x + s * 55, chest.apex_y + 24},
            {x + s * 28, chest.apex_y + 30}};
  }
  if (finding.is_malpositioned && !is_jugular) {  // up the neck
    path.emplace_back(x + s * 30, chest.apex_y + 4);
    path.emplace_back(x + s * 36, chest.apex_y - 30);
  } else if (finding.is_malpositioned) {  // across into the other subclavian vein
    path.emplace_back(x - s * 6, chest.apex_y + 34);
    path.emplace_back(x - s * 48, chest.apex_y + 22);
    path.emplace_back(x - s * 78, chest.apex_y + 28);
  } else {
    if (side == kLeftSide) path.emplace_back(x + 4, chest.apex_y + 42);
    path.emplace_back(cava - 2, chest.arch_y);
    path.emplace_back(cava - 4, chest.carina_y + random.uniform(5, 40));
  }
  return smooth_path(path);
}

Path gastric_tube_path(const Chest& chest, const TrueFinding& finding, Random& random) {
  const double x = chest.mediastinum_x, dome = chest.domes[kLeftSide].top_y;
  Path path{{x - 3, -40},
            {x + 2, chest.apex_y},
            {x + 5, chest.carina_y - 10},
            {x + 4, chest.carina_y + 50}};
  if (finding.is_malpositioned) {  // ends in the oesophagus
    path.emplace_back(x + 8, chest.carina_y + random.uniform(70, 95));
  } else {
    path.emplace_back(x + 12, dome - 20);
    path.emplace_back(x + 22, dome + 18);
    path.emplace_back(x + random.uniform(45, 70), dome + random.uniform(48, 64));
    path.emplace_back(x + random.uniform(30, 60), dome + random.uniform(80, 100));
  }
  return smooth_path(path);
}

Path chest_tube_path(const Chest& chest, const TrueFinding& finding, Random& random) {
  const int side = side_index(finding.side);
  const double s = sign_of(side), entry = chest.carina_y + random.uniform(55, 95);
  const auto wall = [&](double y, double in) {
    return Point(chest.spine_x + s * (chest.lateral_wall(y) - in), y);
  };
  if (finding.is_malpositioned)
    return smooth_path(
        {wall(entry + 24, -45), wall(entry, -8), wall(entry - 40, -6), wall(entry - 75, -9)});
  Path path{wall(entry + 26, -45), wall(entry, 2)};
  if (random.chance(0.7)) {  // to the apex, for air
    path.push_back(wall(entry - 45, random.uniform(18, 34)));
    path.push_back(wall(chest.apex_y + random.uniform(28, 48), random.uniform(24, 42)));
  } else {  // to the base, for fluid
    path.push_back(wall(entry + 12, 28));
    path.push_back(wall(entry + random.uniform(24, 40), random.uniform(56, 76)));
  }
  return smooth_path(path);
}

void lay_pacemaker(const Scene& scene, Materials& m, const TrueFinding& finding, Random& random) {
  const Chest& chest = scene.chest;
  const double s = finding.side == Side::kRight ? -1 : 1;
  const Point box{chest.spine_x + s * chest.half_width * random.uniform(0.64, 0.80),
                  chest.apex_y + random.uniform(44, 62)};
  const double w = random.uniform(19, 23), h = random.uniform(17, 21),
               tilt = random.uniform(-0.3, 0.3);
  Path outline;
  for (int k = 0; k < 28; ++k) {  // a rounded rectangle (superellipse)
    const double angle = 2 * CV_PI * k / 28, c = std::cos(angle), si = std::sin(angle);
    const double u = w * std::copysign(std::pow(std::abs(c), 0.6), c),
                 v = h * std::copysign(std::pow(std::abs(si), 0.6), si);
    outline.push_back(box + Point(u * std::cos(tilt) - v * std::sin(tilt),
                                  u * std::sin(tilt) + v * std::cos(tilt)));
  }
  stamp_polygon(scene.canvas, m.metal, outline, 0.5, 2.6);
  stamp_ellipse(
      scene.canvas, m.metal, box + Point(0, 4), w * 0.7, h * 0.5, tilt * 57,
      [](float q) { return q < 0.93F ? 1.F : 0.5F; }, 6);
  stamp_polygon(scene.canvas, m.soft, outline, 0.5, 9);
  const double x = chest.mediastinum_x, floor = chest.domes[kLeftSide].top_y;
  const Path shared{box + Point(-s * w * 0.6, -h), Point(x + s * 62, chest.apex_y + 28),
                    Point(x + s * 26, chest.apex_y + 36), Point(x - 10, chest.arch_y),
                    Point(x - 15, chest.carina_y + 20)};
  Path ventricle = shared, atrium = shared;
  const double left = chest.border[kLeftSide].at(floor - 20);
  if (finding.is_malpositioned) {
    ventricle.emplace_back(x - 22, chest.carina_y + 62);
    ventricle.emplace_back(x - 8, chest.carina_y + 70);
  } else {
    ventricle.emplace_back(x - 20, floor - 58);
    ventricle.emplace_back(x + 4, floor - 20);
    ventricle.emplace_back(x + left * 0.72, floor - 12);
  }
  std::vector<Path> leads{smooth_path(ventricle)};
  if (random.chance(0.7)) {
    atrium.emplace_back(x - 24, chest.carina_y + 62);
    atrium.emplace_back(x - 30, chest.carina_y + 46);
    leads.push_back(smooth_path(atrium));
  }
  for (const Path& lead : leads) {
    stamp_tube(scene.canvas, m.metal, lead, {0.85}, solid_tube, {0.75});
    const Path tip(
        lead.end() - std::min<std::ptrdiff_t>(3, static_cast<std::ptrdiff_t>(lead.size())),
        lead.end());
    stamp_tube(scene.canvas, m.metal, tip, {1.3}, solid_tube, {0.9});
  }
}

}  // namespace

Mark paint_device(Scene& scene, TrueFinding& finding, Random random) {
  const Chest& chest = scene.chest;
  Materials m{scene.canvas.layer(), scene.canvas.layer()};
  const double grade = graded(finding.severity, 0.75, 1, 1.2);
  if (finding.kind == "endotracheal_tube") {
    lay_tube(scene, m, endotracheal_path(chest, finding, random), 5.0, 1.5 * grade, 0.34 * grade);
  } else if (finding.kind == "central_line") {
    lay_tube(scene, m, central_line_path(chest, finding, random), 1.3, 3.0 * grade, 0.85 * grade);
  } else if (finding.kind == "gastric_tube") {
    lay_tube(scene, m, gastric_tube_path(chest, finding, random), 2.6, 1.2 * grade, 0.34 * grade);
  } else if (finding.kind == "chest_tube") {
    lay_tube(scene, m, chest_tube_path(chest, finding, random), 4.6, 1.4 * grade, 0.34 * grade);
  } else {
    lay_pacemaker(scene, m, finding, random);
  }
  scene.metal += m.metal;
  scene.soft += m.soft;
  Mark mark;
  mark.strength = m.soft + m.metal * (kSpectrum[0].metal_per_cm / kSpectrum[0].water_per_cm * 0.7);
  cv::min(mark.strength, 12.0, mark.strength);
  mark.share = 0.15;
  return mark;
}

}  // namespace radgen::phantom

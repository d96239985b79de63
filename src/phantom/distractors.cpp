// Normal variants and things on the skin that nobody reports: they keep a network from calling
// every spot a nodule.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "radgen/phantom/lesions.h"

namespace radgen::phantom {
namespace {

Point lung_point(const Chest& chest, int side, double across, double down) {
  const double y =
      chest.apex_y + down * (chest.domes[static_cast<size_t>(side)].top_y - chest.apex_y);
  return {chest.lung_x(side, across, y), y};
}

void paint_nipples(Scene& scene, Random& random) {
  cv::Mat layer = scene.canvas.layer();
  const double y = random.uniform(0.80, 0.97), across = random.uniform(0.5, 0.68);
  for (int side : {kRightSide, kLeftSide}) {
    if (random.chance(0.3)) continue;
    const Point at =
        lung_point(scene.chest, side, across + random.normal(0, 0.03), y + random.normal(0, 0.015));
    stamp_ellipse(
        scene.canvas, layer, at, random.uniform(4, 6), random.uniform(4, 6), 0,
        [](float q) { return 1 - q * q * q * q; }, random.uniform(3.5, 6.5));
  }
  scene.soft += layer;
}

void paint_skin_fold(Scene& scene, Random& random) {
  const Chest& chest = scene.chest;
  const double s = random.chance(0.5) ? 1 : -1, out = chest.half_width * random.uniform(0.55, 0.85);
  const double top = chest.apex_y + random.uniform(10, 80), length = random.uniform(70, 140),
               lean = random.uniform(-18, 18);
  const double height = random.uniform(5, 11);
  const cv::Rect area = scene.canvas.rect(0, top, kFieldWidth_mm, top + length);
  for (int r = area.y; r < area.y + area.height; ++r) {
    const double t = (scene.canvas.y_mm(r) - top) / length;
    const double edge = out + lean * t + 6 * std::sin(t * 3);
    const double strength = height * smooth_step(0, 0.25, t) * smooth_step(0, 0.25, 1 - t);
    float* soft = scene.soft.ptr<float>(r);
    for (int c = area.x; c < area.x + area.width;
         ++c) {  // an edge on one side only, unlike a pleural line
      const double inward = edge - s * (scene.canvas.x_mm(c) - chest.spine_x);
      if (inward > -1 && inward < 40)
        soft[c] +=
            static_cast<float>(strength * smooth_step(-0.7, 0.7, inward) * std::exp(-inward / 14));
    }
  }
}

void paint_ecg_leads(Scene& scene, Random& random) {
  const Chest& chest = scene.chest;
  cv::Mat metal = scene.canvas.layer(), soft = scene.canvas.layer();
  const Point hub{chest.spine_x + random.uniform(-60, 60), 445};
  for (int64_t i = random.integer(2, 4); i > 0; --i) {
    const Point at{chest.spine_x + random.uniform(-0.85, 0.85) * chest.half_width,
                   chest.apex_y + random.uniform(25, 240)};
    stamp_ellipse(
        scene.canvas, metal, at, 4.4, 4.4, 0, [](float q) { return q < 0.5F ? 1.F : 0.6F; }, 0.5);
    stamp_ellipse(
        scene.canvas, soft, at, 13, 13, 0, [](float) { return 1.F; }, 0.8);
    const Point middle = (at + hub) * 0.5 + Point(random.uniform(-50, 50), random.uniform(-20, 30));
    stamp_tube(scene.canvas, metal, smooth_path({at, middle, hub}), {0.7}, solid_tube, {0.22});
  }
  scene.metal += metal;
  scene.soft += soft;
}

void paint_companion_shadows(Scene& scene, Random& random) {
  const Chest& chest = scene.chest;  // skin along the upper edge of the clavicles
  cv::Mat layer = scene.canvas.layer();
  const double up = random.uniform(7, 10), y = chest.apex_y + 26;
  for (int side : {kRightSide, kLeftSide}) {
    const double s = sign_of(side), w = chest.half_width;
    const Path line = smooth_path({{chest.spine_x + s * 34, y - 2 - up},
                                   {chest.spine_x + s * 60, y - 9 - up},
                                   {chest.spine_x + s * 0.7 * w, y - 14 - up},
                                   {chest.spine_x + s * 0.95 * w, y - 18 - up}});
    stamp_tube(scene.canvas, layer, line, {2.2}, solid_tube, {1.3});
  }
  scene.soft += layer;
}

}  // namespace

void paint_distractor(Scene& scene, const std::string& name, Random random) {
  const Chest& chest = scene.chest;
  const int side = random.chance(0.5) ? kLeftSide : kRightSide;
  if (name == "nipple") {
    paint_nipples(scene, random);
  } else if (name == "granuloma") {  // small, calcified, sharp
    cv::Mat layer = scene.canvas.layer();
    const double radius = random.uniform(1.4, 2.6);
    stamp_ellipse(scene.canvas, layer,
                  lung_point(chest, side, random.uniform(0.15, 0.85), random.uniform(0.15, 0.85)),
                  radius, radius * 0.85, 30, solid_tube, 2 * radius * 0.7);
    scene.bone += layer;
  } else if (name == "vessel_end_on") {  // a bright dot beside its bronchus
    cv::Mat layer = scene.canvas.layer();
    const Point at = lung_point(chest, side, random.uniform(0.08, 0.3), random.uniform(0.35, 0.7));
    stamp_ellipse(scene.canvas, layer, at, 2.4, 2.4, 0, solid_tube, random.uniform(9, 15));
    scene.vessels += layer;
  } else if (name == "skin_fold") {
    paint_skin_fold(scene, random);
  } else if (name == "ecg_leads") {
    paint_ecg_leads(scene, random);
  } else if (name == "companion_shadow") {
    paint_companion_shadows(scene, random);
  }
}

}  // namespace radgen::phantom

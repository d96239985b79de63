// Ribs, spine, clavicles, scapulae, upper arms and sternum, as millimetres of cortical bone along
// the ray.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "radgen/phantom/scene.h"

namespace radgen::phantom {
namespace {

constexpr double kRibStrength = 1.0;  // a rib is flatter than it is high

void draw_rib(Scene& scene, int side, int index, cv::Mat& back, cv::Mat& front,
              const std::optional<BrokenRib>& broken) {
  const Chest& chest = scene.chest;
  const Rib& rib = chest.ribs[static_cast<size_t>(side)][static_cast<size_t>(index)];
  const bool is_broken = broken && broken->side == side && broken->rib == index;
  Path rear, ahead, callus;
  std::vector<double> rear_radius, rear_weight, ahead_radius, ahead_weight;
  for (double angle = 6; angle <= rib.front_angle; angle += 3) {
    Point p = chest.rib_point(side, rib, angle);
    double radius = rib.radius;
    if (is_broken) {
      const double past = angle - broken->angle_degrees;
      if (past > 0) p.y += broken->step_mm * std::exp(-past / 40);
      if (broken->is_healed) radius *= 1 + 0.45 * std::exp(-past * past / 40);
    }
    // Towards the side the ray runs along the rib: more bone in its way.
    const double along = std::min(1.35, 1 / std::max(0.3, std::abs(std::cos(angle * CV_PI / 180)) +
                                                              0.25 + 0.3 * (angle < 70)));
    const double flat = index == 0 ? 0.55 : index == 1 ? 0.8 : 1;  // the first ribs lie flat
    const double tangent = 1 - 0.35 * smooth_step(66, 88, angle) * (index > 5 ? 1 : 0.6);
    if (angle <= 96) {
      rear.push_back(p), rear_radius.push_back(radius);
      rear_weight.push_back(kRibStrength * flat * tangent * (0.7 + 0.3 * along));
    }
    if (angle >= 84) {
      const double fade =
          1 - 0.55 * smooth_step(95, 135, angle);  // thinner and closer to the film or not: fainter
      ahead.push_back(p),
          ahead_radius.push_back(radius * (1 + 0.15 * smooth_step(110, 150, angle)));
      ahead_weight.push_back(kRibStrength * 0.8 * flat * fade * smooth_step(82, 96, angle) *
                             (0.7 + 0.3 * along));
    }
  }
  stamp_tube(scene.canvas, back, rear, rear_radius, hollow_tube(0.15, 0.38), rear_weight);
  if (index < 10)
    stamp_tube(scene.canvas, front, ahead, ahead_radius, hollow_tube(0.15, 0.4), ahead_weight);
}

void draw_fracture_gap(Scene& scene, const BrokenRib& broken, cv::Mat& layer) {
  const Chest& chest = scene.chest;
  const Rib& rib = chest.ribs[static_cast<size_t>(broken.side)][static_cast<size_t>(broken.rib)];
  const Point before = chest.rib_point(broken.side, rib, broken.angle_degrees - 1);
  const Point after = chest.rib_point(broken.side, rib, broken.angle_degrees + 2);
  Point along = after - before;
  along *= 1 / std::max(1e-6, cv::norm(along));
  const Point across{-along.y, along.x}, middle = (before + after) * 0.5;
  cv::Mat line = scene.canvas.layer();
  if (broken.is_healed) {  // callus: a soft cuff of new bone
    stamp_ellipse(
        scene.canvas, line, middle, 9, 8, 0, [](float q) { return (1 - q * q) * (1 - q * q); },
        2.6);
    layer += line;
  } else {  // the gap lets more through
    stamp_tube(scene.canvas, line,
               {middle - across * (rib.radius + 0.5) - along,
                middle + across * (rib.radius + 0.5) + along},
               {0.8}, [](float q) { return 1 - q * q; }, {2.0});
    cv::Mat kept;
    cv::min(line * 1.2, 1.0, kept);
    layer = layer.mul(1 - kept);
  }
}

void draw_spine(Scene& scene, Random random) {
  const Chest& chest = scene.chest;
  const Canvas& canvas = scene.canvas;
  cv::Mat bodies = canvas.layer(), arches = canvas.layer();
  const double spacing = (chest.ribs[0][9].head_y - chest.ribs[0][0].head_y) / 9;
  const double curve = random.normal(0, 2.5), turn = chest.rotation_degrees * 0.35;
  for (int i = -4; i < 18; ++i) {
    const double grow = 1 + 0.018 * i, height = spacing * (0.96 + 0.012 * i);
    const double y = chest.ribs[0][0].head_y + spacing * i * (1 + 0.006 * i) + 2;
    const double x = chest.spine_x + curve * std::sin((y - chest.apex_y) / 90);
    const double half = 15.5 * grow, up = height * 0.40;
    // A body is waisted, with dense end plates.
    const Path outline{{x - half, y - up}, {x + half, y - up}, {x + half * 0.9, y},
                       {x + half, y + up}, {x - half, y + up}, {x - half * 0.9, y}};
    stamp_polygon(canvas, bodies, outline, 1.6, 5.0);
    for (double end : {-up, up}) {
      stamp_tube(canvas, bodies, {{x - half * 0.95, y + end}, {x + half * 0.95, y + end}}, {1.0},
                 [](float q) { return 1 - q * q; }, {1.9});
    }
    for (double s : {-1.0, 1.0}) {  // pedicles end on, transverse processes
      stamp_ellipse(canvas, arches, {x + s * half * 0.66 + turn, y - up * 0.35}, 3.2 * grow,
                    4.6 * grow, 0, hollow_tube(0.45, 0.35), 2.6);
      stamp_tube(canvas, arches,
                 {{x + s * half * 0.7, y - up * 0.5}, {x + s * half * 1.55, y - up * 0.75}},
                 {3.6, 2.8}, hollow_tube(0.3, 0.3), {0.32});
    }
    stamp_tube(canvas, arches, {{x + turn * 1.6, y + up * 0.2}, {x + turn * 1.8, y + up * 1.25}},
               {2.0, 2.7}, solid_tube, {0.7});
  }
  scene.bone += bodies + arches * 1.4;
}

void draw_shoulders(Scene& scene, Random random) {
  const Chest& chest = scene.chest;
  const Canvas& canvas = scene.canvas;
  cv::Mat clavicles = canvas.layer(), blades = canvas.layer();
  const double lift = random.normal(0, 4) + (chest.is_ap ? -8 : 0),
               inner_y = chest.apex_y + 26 + random.normal(0, 3);
  for (int side : {kRightSide, kLeftSide}) {
    const double s = sign_of(side), x0 = chest.spine_x + chest.clavicle_shift * 0.35,
                 w = chest.half_width;
    const auto at = [&](double out, double y) { return Point(x0 + s * out, y); };
    const Path clavicle =
        smooth_path({at(15, inner_y + 3), at(30, inner_y - 1), at(58, inner_y - 9 + lift * 0.4),
                     at(0.66 * w, inner_y - 13 + lift * 0.8), at(0.95 * w, inner_y - 18 + lift),
                     at(1.13 * w, inner_y - 17 + lift)});
    scene.clavicles[static_cast<size_t>(side)] = clavicle;
    std::vector<double> radii;
    for (size_t i = 0; i < clavicle.size(); ++i) {
      const double t = static_cast<double>(i) / static_cast<double>(clavicle.size());
      radii.push_back(8.6 - 3.4 * smooth_step(0, 0.25, t) + 1.6 * smooth_step(0.6, 1, t));
    }
    stamp_tube(canvas, clavicles, clavicle, radii, hollow_tube(0.18, 0.55), {0.95});
    // The blade lies beside the lung when the shoulders are rolled forward (PA), over it when they
    // are not (AP).
    const double inner = (chest.is_ap ? 0.70 : 0.93) * w + random.normal(0, 4), top = inner_y - 8,
                 low = inner_y + 118;
    const double outer = 1.22 * w;
    const Path blade{at(inner + 10, top + 4),  at(outer - 18, top + 12), at(outer - 6, top + 34),
                     at(inner + 30, low - 10), at(inner + 16, low),      at(inner + 4, low - 22),
                     at(inner, top + 50)};
    stamp_polygon(canvas, blades, blade, 1.2, 1.8);
    stamp_tube(
        canvas, blades,
        smooth_path({at(inner + 10, top + 4), at(inner, top + 50), at(inner + 4, low - 22),
                     at(inner + 16, low), at(inner + 30, low - 10), at(outer - 6, top + 34)}),
        {1.8}, solid_tube, {1.6});
    stamp_tube(
        canvas, blades,
        smooth_path({at(inner + 4, top + 34), at(outer - 30, top + 14), at(1.2 * w, top - 10)}),
        {3.2, 3.6, 4.4}, hollow_tube(0.3, 0.4), {0.9});
    const Point head = at(1.32 * w, inner_y + 8);
    stamp_ellipse(
        canvas, blades, head, 25, 26, 0,
        [](float q) { return std::sqrt(1 - q * q) * 0.75F + (q > 0.93F ? 0.2F : 0.F); }, 9);
    stamp_tube(canvas, blades, {head + Point(s * 5, 14), head + Point(s * 26, 160)}, {15, 12},
               hollow_tube(0.3, 0.1), {0.5});
  }
  scene.bone += clavicles + blades;
}

}  // namespace

void draw_skeleton(Scene& scene, Random random, const std::optional<BrokenRib>& broken) {
  cv::Mat back = scene.canvas.layer(), front = scene.canvas.layer();
  for (int side : {kRightSide, kLeftSide}) {
    for (int i = 0; i < 11; ++i) draw_rib(scene, side, i, back, front, broken);
  }
  if (broken) draw_fracture_gap(scene, *broken, broken->angle_degrees <= 90 ? back : front);
  scene.bone += back + front;
  draw_spine(scene, random.fork(1));
  draw_shoulders(scene, random.fork(2));
  cv::Mat sternum = scene.canvas.layer();
  const double x = scene.chest.spine_x + scene.chest.clavicle_shift * 0.35,
               y = scene.chest.apex_y + 34;
  stamp_polygon(scene.canvas, sternum,
                {{x - 26, y},
                 {x + 26, y},
                 {x + 15, y + 44},
                 {x + 17, y + 120},
                 {x - 17, y + 120},
                 {x - 15, y + 44}},
                5, 1.0);
  scene.bone += sternum;
}

}  // namespace radgen::phantom

#include "radgen/phantom/scene.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace radgen::phantom {
namespace {

constexpr uint64_t kLungStream = 21, kVesselStream = 22, kBoneStream = 23, kBowelStream = 24,
                   kBreastStream = 25, kBowelOfStudyStream = 26;
constexpr int kArcSteps = 512;

// Depth of an elliptic cross-section at the share q (0 edge .. 1 ridge) of the way in.
float arc_depth(double q) {
  static const std::array<float, kArcSteps + 1> table = [] {
    std::array<float, kArcSteps + 1> values{};
    for (int i = 0; i <= kArcSteps; ++i) {
      const double rest = 1 - static_cast<double>(i) / kArcSteps;
      values[static_cast<size_t>(i)] = static_cast<float>(std::sqrt(1 - rest * rest));
    }
    return values;
  }();
  return table[static_cast<size_t>(std::clamp(q, 0.0, 1.0) * kArcSteps)];
}

double steepness(double slope) {
  return 1 / std::sqrt(1 + slope * slope);
}  // horizontal to normal distance

float soft_edge(double distance_mm, double width_mm) {
  return static_cast<float>(smooth_step(-width_mm, width_mm, distance_mm));
}

struct RowShape {  // what does not change along a row
  double wall, wall_steep, skin, skin_steep, depth, lung_depth, softness, fullness;
  std::array<double, 2> border, border_steep;
};

RowShape row_shape(const Chest& chest, double y) {
  RowShape row{};
  row.wall = chest.lateral_wall(y), row.wall_steep = steepness(chest.lateral.slope(y));
  row.skin = chest.skin.at(y), row.skin_steep = steepness(chest.skin.slope(y));
  row.depth = chest.depth_at.at(y);
  row.lung_depth =
      chest.lung_depth * (0.45 + 0.55 * smooth_step(chest.apex_y - 5, chest.apex_y + 110, y));
  row.softness = chest.border_softness.at(y);
  // Lung lies before and behind the upper mediastinum, and behind the heart.
  row.fullness = 0.64 + 0.16 * smooth_step(chest.carina_y - 30, chest.carina_y + 60, y);
  for (int side : {kRightSide, kLeftSide}) {
    const auto i = static_cast<size_t>(side);
    row.border[i] = chest.border[i].at(y),
    row.border_steep[i] = steepness(chest.border[i].slope(y));
  }
  return row;
}

// Trunk and neck are ellipses in cross-section; shoulders and arms lie beside the trunk.
float body_depth(const Chest& chest, const RowShape& row, double out, double y) {
  const double skin_distance = (row.skin - out) * row.skin_steep;
  if (skin_distance <= 0) return 0;
  const double trunk = chest.half_width + chest.wall;
  const double part =
      smooth_step(chest.apex_y - 30, chest.apex_y + 40, y);  // neck above, trunk below
  const float neck = arc_depth(skin_distance / 62),
              chest_wall = arc_depth((trunk - out) / (0.45 * trunk));
  const double inner =
      row.depth * ((1 - part) * neck + part * std::min(chest_wall, arc_depth(skin_distance / 40)));
  constexpr double kArmDepth_mm = 138;
  const double arm = kArmDepth_mm * arc_depth(skin_distance / 46);
  const double larger = std::max(inner, arm), smaller = std::min(inner, arm);
  return static_cast<float>(larger + 12 * std::exp((smaller - larger) / 12) *
                                         (smaller > 0 ? smaller / larger : 0));
}

}  // namespace

void draw_lungs(Scene& scene, Random random) {
  const Chest& chest = scene.chest;
  const Canvas& canvas = scene.canvas;
  std::array<std::vector<double>, 2> dome;  // a dome's height over columns
  for (int side : {kRightSide, kLeftSide}) {
    for (int column = 0; column < canvas.width; ++column) {
      dome[static_cast<size_t>(side)].push_back(chest.dome_y(side, canvas.x_mm(column)));
    }
  }
  const double base_density = random.normal(0.25, 0.015);
  for (int r = 0; r < canvas.height; ++r) {
    const double y = canvas.y_mm(r);
    const RowShape row = row_shape(chest, y);
    float *body = scene.body.ptr<float>(r), *cavity = scene.cavity.ptr<float>(r),
          *open = scene.open.ptr<float>(r);
    float* density = scene.density.ptr<float>(r);
    const double below = (y - chest.apex_y) / (chest.angle_y - chest.apex_y);
    const bool is_lung_row = y > chest.apex_y - 6 && y < chest.angle_y + 60;
    for (int c = 0; c < canvas.width; ++c) {
      const double x = canvas.x_mm(c);
      body[c] = body_depth(chest, row, std::abs(x - chest.spine_x), y);
      density[c] = static_cast<float>(base_density + 0.06 * (below - 0.5));
      if (!is_lung_row) continue;
      const auto i = static_cast<size_t>(scene.side_at(x));
      const double sign = sign_of(static_cast<int>(i));
      const double out = sign * (x - chest.spine_x);
      const double wall_distance =
          std::min((row.wall - out) * row.wall_steep, chest.apex_distance(out, y));
      if (wall_distance <= 0) continue;
      cavity[c] =
          static_cast<float>(row.lung_depth) * arc_depth(wall_distance / (0.62 * chest.half_width));
      // The mediastinum takes all of the depth a little inside its border, the heart only deep
      // inside.
      const double from_middle = sign * (x - chest.mediastinum_x);
      const double inside = (row.border[i] - from_middle) * row.border_steep[i];
      float organ = 0;
      if (inside > -1) {
        const double full =
            row.fullness + (1 - row.fullness) * (1 - smooth_step(4, 34, from_middle));
        organ = soft_edge(inside, 0.8) * static_cast<float>(full) *
                (0.10F + 0.90F * arc_depth(inside / row.softness));
      }
      // Lung reaches down behind the dome: a little of it shows through the liver.
      const double under = (y - dome[i][static_cast<size_t>(c)]) * 0.93;
      const float diaphragm =
          under > -1 ? soft_edge(under, 0.7) * (0.80F + 0.20F * arc_depth(under / 55)) : 0.F;
      open[c] = (1 - organ) * (1 - diaphragm);
    }
  }
  // Vessels too small to be drawn one by one: the lung's grain, coarser and finer, stronger below.
  const cv::Mat grain = noise_field(scene.canvas, random.fork(1), 3.2) * 0.016 +
                        noise_field(scene.canvas, random.fork(2), 7.0) * 0.014 +
                        noise_field(scene.canvas, random.fork(3), 30) * 0.010;
  scene.density += grain;
  // Muscle and fat are not even either.
  const cv::Mat flesh = 1 + 0.010 * noise_field(scene.canvas, random.fork(4), 22) +
                        0.004 * noise_field(scene.canvas, random.fork(5), 6);
  cv::multiply(scene.body, flesh, scene.body);
}

void draw_airways_and_bowel(Scene& scene, Random random, Random study) {
  const Chest& chest = scene.chest;
  cv::Mat air = scene.canvas.layer();
  const double radius = (chest.is_male ? 9.0 : 7.6) + random.normal(0, 0.5),
               x = chest.mediastinum_x;
  const double car = chest.carina_y, lean = 3 + random.normal(0, 1.5);
  const Path trachea = smooth_path({{x + 1, -30},
                                    {x, chest.apex_y - 10},
                                    {x - 1, chest.arch_y - 12},
                                    {x - lean - 1, chest.arch_y + 6},
                                    {x - lean, car - 2}});
  stamp_tube(scene.canvas, air, trachea, {radius}, solid_tube);
  const Point carina{x - lean, car - 2};
  stamp_tube(scene.canvas, air,
             smooth_path({carina + Point(-3, -3), carina + Point(-12, 14), carina + Point(-22, 30),
                          carina + Point(-29, 48)}),
             {radius * 0.75, radius * 0.72, radius * 0.68, radius * 0.66, radius * 0.62,
              radius * 0.6, radius * 0.55},
             solid_tube);
  stamp_tube(scene.canvas, air,
             smooth_path({carina + Point(3, -3), carina + Point(16, 10), carina + Point(32, 20),
                          carina + Point(42, 36)}),
             {radius * 0.68, radius * 0.66, radius * 0.62, radius * 0.6, radius * 0.58,
              radius * 0.55, radius * 0.5},
             solid_tube);
  scene.soft -= air * 0.85;
  // Stomach: gas under the left dome; upright it has a level below.
  const double sx = chest.spine_x + chest.domes[kLeftSide].center * study.uniform(0.75, 1.15);
  const double sy = chest.domes[kLeftSide].top_y;
  const double wide = study.uniform(14, 34), tall = study.uniform(8, 22);
  cv::Mat gas = scene.canvas.layer();
  stamp_ellipse(scene.canvas, gas, {sx, sy + tall + 8}, wide, tall, study.uniform(-15, 15),
                solid_tube, study.uniform(35, 65));
  if (!chest.is_supine) {
    const double level = sy + 8 + tall * study.uniform(1.0, 1.6);
    const cv::Rect under = scene.canvas.rect(0, level, kFieldWidth_mm, level + 80);
    if (!under.empty()) gas(under) *= 0.25;
  }
  for (int64_t i = study.integer(1, 5); i > 0; --i) {  // colon
    const Point at{chest.spine_x + study.uniform(-110, 120), sy + study.uniform(55, 150)};
    stamp_ellipse(
        scene.canvas, gas, at, study.uniform(8, 22), study.uniform(6, 14), study.uniform(0, 180),
        [](float q) { return (1 - q * q); }, study.uniform(8, 24));
  }
  cv::GaussianBlur(gas, gas, cv::Size(), 1.6 * scene.canvas.px_per_mm,
                   1.6 * scene.canvas.px_per_mm);
  scene.soft -= gas;
}

void draw_breasts(Scene& scene, Random random) {
  const Chest& chest = scene.chest;
  const double y = chest.domes[kRightSide].top_y - random.uniform(4, 34);
  const double size =
      chest.is_male ? random.uniform(2, 9) : random.uniform(10, 38);  // men: pectoral muscles
  const double rx = chest.is_male ? 62 : random.uniform(52, 68),
               ry = chest.is_male ? 50 : random.uniform(44, 62);
  cv::Mat layer = scene.canvas.layer();
  for (int side : {kRightSide, kLeftSide}) {
    const Point center{
        chest.spine_x + sign_of(side) * (0.56 * chest.half_width + random.normal(0, 3)),
        (chest.is_male ? y - 85 : y - 20) + random.normal(0, 4)};
    // Fuller below: the lower edge is the one that is seen.
    cv::Mat one = scene.canvas.layer();
    stamp_ellipse(
        scene.canvas, one, center, rx, ry, sign_of(side) * -14,
        [](float q) { return std::sqrt(1 - q * q) * (0.6F + 0.4F * q); }, size);
    const cv::Rect area =
        scene.canvas.rect(center.x - 80, center.y - 80, center.x + 80, center.y + 80);
    for (int r = area.y; r < area.y + area.height; ++r) {
      const double up = (scene.canvas.y_mm(r) - center.y) / ry;
      one.row(r) *= smooth_step(-1.1, 0.7, up);
    }
    layer += one;
  }
  scene.soft += layer;
}

cv::Mat Scene::air() const {
  cv::Mat air = cavity.mul(open);
  return air.mul(1 - density);
}

Scene draw_anatomy(const Chest& chest, const Canvas& canvas, const StudyTruth& truth,
                   const std::optional<BrokenRib>& broken) {
  Scene scene;
  scene.canvas = canvas, scene.chest = chest;
  for (cv::Mat* layer : {&scene.body, &scene.cavity, &scene.open, &scene.density, &scene.fill,
                         &scene.gas, &scene.vessels, &scene.soft, &scene.bone, &scene.metal}) {
    *layer = canvas.layer();
  }
  const uint64_t anatomy = truth.patient.anatomy_seed;
  draw_lungs(scene, Random(anatomy, {kLungStream}));
  draw_vessels(scene, Random(anatomy, {kVesselStream}), chest.is_supine);
  draw_skeleton(scene, Random(anatomy, {kBoneStream}), broken);
  draw_airways_and_bowel(scene, Random(anatomy, {kBowelStream}),
                         Random(pose_seed(truth), {kBowelOfStudyStream, anatomy}));
  draw_breasts(scene, Random(anatomy, {kBreastStream}));
  return scene;
}

Thickness thickness_of(const Scene& scene) {
  Thickness sum;
  sum.water.create(scene.body.size(), CV_32F);
  sum.bone = scene.bone, sum.metal = scene.metal;
  for (int r = 0; r < scene.body.rows; ++r) {
    const float *body = scene.body.ptr<float>(r), *cavity = scene.cavity.ptr<float>(r),
                *open = scene.open.ptr<float>(r), *density = scene.density.ptr<float>(r),
                *fill = scene.fill.ptr<float>(r), *gas = scene.gas.ptr<float>(r),
                *vessels = scene.vessels.ptr<float>(r), *soft = scene.soft.ptr<float>(r);
    float* water = sum.water.ptr<float>(r);
    for (int c = 0; c < scene.body.cols; ++c) {
      const float lung = cavity[c] * open[c], aerated = (1 - fill[c]) * (1 - gas[c]);
      const float tissue = density[c] * (1 - gas[c]);
      const float blood = vessels[c] * aerated * std::min(1.F, lung * 0.02F);
      water[c] = std::max(0.F, body[c] + soft[c] - lung * (1 - tissue) * (1 - fill[c]) + blood);
    }
  }
  return sum;
}

}  // namespace radgen::phantom

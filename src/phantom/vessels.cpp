// The pulmonary vessels: trees that start at the hila, branch by Murray's law (d^3 = d1^3 + d2^3;
// Murray 1926), taper to the periphery, and are fuller below than above in a patient who stands.
#include <algorithm>
#include <cmath>

#include "radgen/phantom/scene.h"

namespace radgen::phantom {
namespace {

struct Twig {
  Point at;
  double angle, diameter;
  int depth;
};

class Tree {
 public:
  Tree(const Scene& scene, int side, Random random) : scene_(scene), side_(side), random_(random) {}

  void grow(cv::Mat& layer, Point from, double angle, double diameter) {
    std::vector<Twig> waiting{{from, angle, diameter, 0}};
    while (!waiting.empty()) {
      const Twig twig = waiting.back();
      waiting.pop_back();
      const Twig end = draw(layer, twig);
      constexpr double kLeastDiameter_mm = 1.0;
      if (end.diameter < kLeastDiameter_mm || !is_lung(end.at)) continue;
      // Daughters of unequal size, the larger one straighter on.
      const double share = random_.uniform(0.5, 0.85),
                   turn = random_.uniform(10, 24) * (random_.chance(0.5) ? 1 : -1);
      const double large = end.diameter * std::cbrt(share),
                   small = end.diameter * std::cbrt(1 - share);
      waiting.push_back({end.at, end.angle + turn, large, twig.depth + 1});
      waiting.push_back({end.at, end.angle - turn * 2.1, small, twig.depth + 1});
    }
  }

 private:
  bool is_lung(Point p) const {
    const Chest& chest = scene_.chest;
    return p.y > chest.apex_y + 4 && p.y < chest.dome_y(side_, p.x) + 25 &&
           sign_of(side_) * (p.x - chest.spine_x) < chest.lateral_wall(p.y) - 5 &&
           sign_of(side_) * (p.x - chest.mediastinum_x) > 8;
  }

  Twig draw(cv::Mat& layer, const Twig& twig) {
    const double length = (2.6 * twig.diameter + 7) * random_.uniform(0.75, 1.3);
    const double bend = random_.normal(0, 9);
    const auto step = [&](Point p, double angle, double d) {
      return p +
             Point(sign_of(side_) * std::cos(angle * CV_PI / 180), std::sin(angle * CV_PI / 180)) *
                 d;
    };
    const Point middle = step(twig.at, twig.angle, length / 2),
                last = step(middle, twig.angle + bend, length / 2);
    const double thin = twig.diameter * 0.94;
    stamp_tube(scene_.canvas, layer, {twig.at, middle, last},
               {twig.diameter / 2, (twig.diameter + thin) / 4, thin / 2}, solid_tube);
    return {last, twig.angle + bend, thin, twig.depth};
  }

  const Scene& scene_;
  int side_;
  Random random_;
};

}  // namespace

void draw_vessels(Scene& scene, Random random, bool is_supine) {
  const Chest& chest = scene.chest;
  cv::Mat arteries = scene.canvas.layer(), veins = scene.canvas.layer(),
          hila = scene.canvas.layer();
  struct Root {
    double angle, diameter, dy;
    bool is_vein;
  };
  const double upper = is_supine ? 1.0 : 0.74;
  for (int side : {kRightSide, kLeftSide}) {
    const std::vector<Root> roots{{-76, 5.6 * upper, -6, false},
                                  {-52, 5.0 * upper, -4, false},
                                  {-30, 4.2 * upper, -2, false},
                                  {-6, 4.4, 2, false},
                                  {22, 5.6, 6, false},
                                  {46, 7.0, 8, false},
                                  {66, 7.4, 10, false},
                                  {80, 6.4, 12, false},
                                  {-64, 4.8 * upper, 4, true},
                                  {-20, 4.0, 8, true},
                                  {12, 5.0, 16, true},
                                  {34, 5.2, 20, true},
                                  {58, 4.6, 22, true}};
    const double hy = chest.hilum_y[static_cast<size_t>(side)];
    const double s = sign_of(side);
    const Point hilum{
        chest.mediastinum_x + s * (chest.border[static_cast<size_t>(side)].at(hy) + 3), hy};
    int index = 0;
    for (const Root& root : roots) {
      Tree tree(scene, side, random.fork(static_cast<uint64_t>(100 * side + index++)));
      tree.grow(root.is_vein ? veins : arteries, hilum + Point(0, root.dy),
                root.angle + random.normal(0, 5),
                root.diameter * std::clamp(random.normal(1, 0.1), 0.8, 1.2));
    }
    // The hilum: trunk artery going down, superior vein across it.
    stamp_tube(scene.canvas, hila,
               smooth_path({hilum + Point(-s * 6, -9), hilum + Point(s * 3, 2),
                            hilum + Point(s * 7, 18), hilum + Point(s * 10, 40)}),
               {6.2, 7.2, 7.4, 7.0, 6.4, 6.0, 5.4, 5.0, 4.6, 4.2, 3.8, 3.4, 3.0}, solid_tube);
    stamp_tube(scene.canvas, hila,
               smooth_path({hilum + Point(-s * 8, 12), hilum + Point(s * 1, 0),
                            hilum + Point(s * 9, -16), hilum + Point(s * 14, -34)}),
               {5.2, 5.0, 4.8, 4.4, 4.2, 3.8, 3.4, 3.0, 2.6, 2.2}, solid_tube);
  }
  scene.vessels = (arteries + veins) * 1.7 + hila * 1.6;
}

}  // namespace radgen::phantom

#include "radgen/phantom/anatomy_boxes.h"

#include <algorithm>
#include <limits>

namespace radgen::phantom {
namespace {

constexpr double kLeastShareOnFilm = 0.5, kLeastSide_px = 3;

// Collects a place's points in body millimetres and makes them a box on the film.
class PlaceBoxes {
 public:
  PlaceBoxes(const Canvas& canvas, const cv::Mat& map, cv::Size film)
      : canvas_(canvas), map_(map), film_(film) {}

  // Where a place is small and its edges say nothing, `core` decides whether it is on the film.
  void add_around(const std::string& name, const Point& core, const Path& points) {
    const Point at = on_film(core);
    if (at.x >= 0 && at.y >= 0 && at.x < film_.width && at.y < film_.height) add(name, points);
  }

  void add(const std::string& name, const Path& points) {
    if (points.empty()) return;
    double left = std::numeric_limits<double>::max(), top = left, right = -left, bottom = -left;
    for (const Point& p : points) {
      const Point at = on_film(p);
      left = std::min(left, at.x), right = std::max(right, at.x);
      top = std::min(top, at.y), bottom = std::max(bottom, at.y);
    }
    const Box whole{left, top, right - left, bottom - top};
    const Box seen = clip(whole, film_.width, film_.height);
    if (seen.w < kLeastSide_px || seen.h < kLeastSide_px) return;
    if (seen.area() < kLeastShareOnFilm * whole.area()) return;
    boxes.push_back({name, seen});
  }

  std::vector<AnatomyBox> boxes;

 private:
  Point on_film(const Point& p) const {
    const double c = canvas_.column(p.x), r = canvas_.row(p.y);
    const auto along = [&](int i) {
      return map_.at<double>(i, 0) * c + map_.at<double>(i, 1) * r + map_.at<double>(i, 2) + 0.5;
    };
    return {along(0), along(1)};
  }

  const Canvas& canvas_;
  const cv::Mat& map_;
  cv::Size film_;
};

Path corners(double x0, double y0, double x1, double y1) {
  return {{x0, y0}, {x1, y0}, {x0, y1}, {x1, y1}};
}

double film_bottom_mm(const Canvas& canvas) {
  return canvas.height / canvas.px_per_mm - 2 * kMargin_mm;
}

double heart_bottom(const Chest& chest) {
  return (chest.dome_y(kRightSide, chest.mediastinum_x - 30) +
          chest.dome_y(kLeftSide, chest.mediastinum_x + 40)) /
             2 +
         6;
}

// Both borders of the mediastinum between two heights.
Path between_borders(const Chest& chest, double top, double bottom) {
  Path points;
  for (double y = top; y <= bottom; y += 3) {
    points.emplace_back(chest.mediastinum_x - chest.border[kRightSide].at(y), y);
    points.emplace_back(chest.mediastinum_x + chest.border[kLeftSide].at(y), y);
  }
  return points;
}

// Points of one lung: below its top, outside the mediastinum, above the dome.
Path lung_points(const Chest& chest, int side) {
  Path points;
  for (double y = chest.apex_y; y < chest.angle_y + 40; y += 3) {
    for (double across = 0; across <= 1; across += 0.05) {
      const double x = chest.lung_x(side, across, y);
      const double out = sign_of(side) * (x - chest.spine_x);
      if (y < chest.dome_y(side, x) && chest.apex_distance(out, y) > 0) points.emplace_back(x, y);
    }
  }
  return points;
}

Path in_rows(const Path& points, double top, double bottom) {
  Path kept;
  std::ranges::copy_if(points, std::back_inserter(kept),
                       [&](const Point& p) { return p.y >= top && p.y < bottom; });
  return kept;
}

// Where the dome meets the lateral wall.
Point angle_corner(const Chest& chest, int side) {
  const Dome& dome = chest.domes[static_cast<size_t>(side)];
  Point corner{chest.lung_x(side, 1, dome.top_y), dome.top_y};
  for (double y = dome.top_y; y < dome.top_y + dome.angle_drop + 30; y += 1) {
    const double x = chest.lung_x(side, 1, y);
    if (y < chest.dome_y(side, x)) corner = {x, y};
  }
  return corner;
}

void add_lung(PlaceBoxes& places, const Chest& chest, int side, const std::string& prefix) {
  const Path lung = lung_points(chest, side);
  const double hilum = chest.hilum_y[static_cast<size_t>(side)], low = chest.angle_y + 60;
  constexpr double kApex_mm = 34, kHilumUp_mm = 22, kHilumDown_mm = 34;
  places.add(prefix + "lung", lung);
  places.add(prefix + "apical zone", in_rows(lung, 0, chest.apex_y + kApex_mm));
  places.add(prefix + "upper lung zone", in_rows(lung, 0, hilum - kHilumUp_mm));
  places.add(prefix + "mid lung zone", in_rows(lung, hilum - kHilumUp_mm, hilum + kHilumDown_mm));
  places.add(prefix + "lower lung zone", in_rows(lung, hilum + kHilumDown_mm, low));
  const double s = sign_of(side), inner = chest.lung_x(side, 0, hilum);
  places.add(prefix + "hilar structures",
             corners(inner - s * 14, hilum - 38, inner + s * 32, hilum + 44));
  const Point corner = angle_corner(chest, side);
  places.add_around(prefix + "costophrenic angle", corner,
                    corners(corner.x - s * 36, corner.y - 38, corner.x + s * 6, corner.y + 8));
  const double dome_top = chest.domes[static_cast<size_t>(side)].top_y;
  Path dome;
  for (double across = 0; across <= 1; across += 0.05) {
    const double x = chest.lung_x(side, across, dome_top);
    dome.emplace_back(x, chest.dome_y(side, x) - 7),
        dome.emplace_back(x, chest.dome_y(side, x) + 7);
  }
  places.add(prefix + "hemidiaphragm", dome);
}

void add_ribs(PlaceBoxes& places, const Chest& chest, int side, const std::string& prefix) {
  struct Third {
    const char* name;
    size_t first, last;
  };
  const auto& ribs = chest.ribs[static_cast<size_t>(side)];
  for (const Third& third :
       {Third{"upper ribs", 0, 4}, Third{"mid ribs", 4, 7}, Third{"lower ribs", 7, ribs.size()}}) {
    Path points;
    for (size_t i = third.first; i < third.last; ++i) {
      // The front parts of the last ones do not show.
      const double front = i < 10 ? ribs[i].front_angle : 96;
      for (double angle = 6; angle <= front; angle += 6) {
        const Point p = chest.rib_point(side, ribs[i], angle);
        points.emplace_back(p.x, p.y - ribs[i].radius);
        points.emplace_back(p.x, p.y + ribs[i].radius);
      }
    }
    places.add(prefix + third.name, points);
  }
}

void add_side(PlaceBoxes& places, const Scene& scene, int side) {
  const Chest& chest = scene.chest;
  const std::string prefix = side == kRightSide ? "right " : "left ";
  const double s = sign_of(side);
  add_lung(places, chest, side, prefix);
  add_ribs(places, chest, side, prefix);
  Path clavicle;
  constexpr double kBone_mm = 7;
  for (const Point& p : scene.clavicles[static_cast<size_t>(side)]) {
    clavicle.emplace_back(p.x, p.y - kBone_mm), clavicle.emplace_back(p.x, p.y + kBone_mm);
  }
  places.add(prefix + "clavicle", clavicle);
  Path wall;
  const double low = chest.domes[static_cast<size_t>(side)].top_y + 30;
  for (double y = chest.apex_y + 60; y < low; y += 5) {
    const double skin = std::min(chest.skin.at(y), chest.half_width + chest.wall);
    wall.emplace_back(chest.spine_x + s * (chest.lateral_wall(y) + 2), y);
    wall.emplace_back(chest.spine_x + s * skin, y);
  }
  places.add(prefix + "chest wall", wall);
}

void add_middle(PlaceBoxes& places, const Chest& chest, double bottom_mm) {
  const double x = chest.mediastinum_x, low = heart_bottom(chest);
  places.add("trachea", corners(x - 12, 4, x + 10, chest.carina_y));
  places.add("carina", corners(x - 22, chest.carina_y - 14, x + 18, chest.carina_y + 18));
  places.add("spine",
             corners(chest.spine_x - 26, chest.apex_y - 14, chest.spine_x + 26, bottom_mm));
  places.add("aortic arch",
             corners(x - 4, chest.arch_y - 16,
                     x + chest.border[kLeftSide].at(chest.arch_y + 10) + 3, chest.arch_y + 24));
  places.add("svc", corners(x - chest.border[kRightSide].at(chest.carina_y) - 2, chest.arch_y - 10,
                            x - 4, chest.carina_y + 26));
  places.add("mediastinum", between_borders(chest, chest.apex_y + 6, low));
  places.add("upper mediastinum", between_borders(chest, chest.apex_y + 6, chest.carina_y + 16));
  places.add("cardiac silhouette", between_borders(chest, chest.heart_top_y, low));
  const double domes = std::min(chest.domes[0].top_y, chest.domes[1].top_y);
  places.add("abdomen", corners(chest.spine_x - chest.half_width, domes + 15,
                                chest.spine_x + chest.half_width, bottom_mm));
}

}  // namespace

std::vector<AnatomyBox> anatomy_boxes(const Scene& scene, const cv::Mat& map, cv::Size film) {
  PlaceBoxes places(scene.canvas, map, film);
  for (const int side : {kRightSide, kLeftSide}) add_side(places, scene, side);
  add_middle(places, scene.chest, film_bottom_mm(scene.canvas));
  return std::move(places.boxes);
}

}  // namespace radgen::phantom

// The layers of one film before exposure: how much tissue, lung, bone and metal a ray passes, and
// the normal anatomy that fills them. Findings change the layers (lesions.h, pleura.h, devices.h);
// thickness() sums them up.
//
//   Scene scene = draw_anatomy(chest, canvas, truth, random);
//   Thickness thickness = thickness_of(scene);
#pragma once

#include <opencv2/core.hpp>
#include <optional>

#include "radgen/phantom/anatomy.h"
#include "radgen/phantom/canvas.h"
#include "radgen/phantom/physics.h"

namespace radgen::phantom {

struct BrokenRib {  // a fracture, drawn with its rib
  int side = kRightSide, rib = 6;
  double angle_degrees = 95, step_mm = 2;
  bool is_healed = false;
};

struct Scene {
  Canvas canvas;
  Chest chest;
  cv::Mat body;         // mm of soft tissue if there were no lungs
  cv::Mat cavity;       // mm that the inside of the ribs is deep, both lungs
  cv::Mat open;         // share of the cavity that is lung: less where heart, vessels' trunks and
                        // diaphragm are, 0..1
  cv::Mat density;      // of lung tissue, g/cm3: .2 to .35 when healthy
  cv::Mat fill;         // share of the lung's air that a finding has replaced, 0..1
  cv::Mat gas;          // share of the lung that is free air (pneumothorax), 0..1
  cv::Mat vessels;      // mm of blood
  cv::Mat soft;         // mm of further tissue; negative: air in trachea and bowel
  cv::Mat bone, metal;  // mm
  std::array<Path, 2> clavicles;  // their axes, body mm; set by draw_skeleton
  int side_at(double x_mm) const { return x_mm < chest.mediastinum_x ? kRightSide : kLeftSide; }
  // Millimetres of water that the lung's air would weigh: what a finding can add at most. Before
  // fill.
  cv::Mat air() const;
};

Scene draw_anatomy(const Chest& chest, const Canvas& canvas, const StudyTruth& truth,
                   const std::optional<BrokenRib>& broken);
Thickness thickness_of(const Scene& scene);

// Parts, each in its own file.
void draw_lungs(Scene& scene, Random random);
void draw_vessels(Scene& scene, Random random, bool is_supine);
void draw_skeleton(Scene& scene, Random random, const std::optional<BrokenRib>& broken);
void draw_airways_and_bowel(Scene& scene, Random random, Random study);
void draw_breasts(Scene& scene, Random random);

}  // namespace radgen::phantom

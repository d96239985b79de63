// The geometry of one study's chest, in body millimetres: outlines of lungs, mediastinum, domes and
// skin, and where the landmarks are. Drawn from the patient's anatomy_seed (the same in all studies
// of a patient) and the study's pose.
//
//   const Chest chest = make_chest(truth, seed);
//   chest.lateral_wall(kLeftSide, y)  // from the spine's axis to the inside of the ribs
//
// Sides: kRightSide is the patient's right, on the image's left (sign -1). Normal values:
// PHANTOM.md "Film".
#pragma once

#include <array>
#include <vector>

#include "radgen/phantom/canvas.h"
#include "radgen/phantom/truth.h"

namespace radgen::phantom {

inline constexpr int kRightSide = 0, kLeftSide = 1;
inline double sign_of(int side) { return side == kLeftSide ? 1.0 : -1.0; }
int side_index(Side side);             // kRightSide unless kLeft
std::vector<int> sides_of(Side side);  // both for kBilateral, right for kNone

struct Dome {
  double top_y = 270, center = 60, angle_drop = 50, medial_drop = 12;
};

struct Rib {
  double head_y = 0, reach = 140, drop = 90,
         radius = 6;         // reach: lateral extent; drop: back to front
  double front_angle = 150;  // degrees round the chest where the bone ends
};

struct Chest {
  bool is_male = true, is_ap = false, is_supine = false;
  double half_width = 145;        // inner thorax at its widest
  double wall = 28, depth = 215;  // soft wall outside the ribs; body depth at the chest
  double lung_depth = 150;
  double spine_x = 175;  // body mm
  double mediastinum_x =
      175;                    // midline of the anterior organs: shifted by rotation and by findings
  double clavicle_shift = 0;  // of the inner ends, by rotation
  double apex_y = 48, arch_y = 95, carina_y = 125, angle_y = 320;
  std::array<double, 2> hilum_y{150, 140};
  std::array<Dome, 2> domes;
  std::array<std::vector<Rib>, 2> ribs;
  Curve lateral, skin, depth_at;  // over y
  std::array<Curve, 2> border;    // mediastinum and heart, over y, from mediastinum_x
  Curve border_softness;          // mm over which the mediastinum reaches its full depth, over y
  double cardiothoracic_ratio = 0.45;
  double heart_top_y = 0;  // where the ventricles' and atrium's borders begin
  double rotation_degrees = 0;

  double lateral_wall(double y) const { return lateral.at(y); }
  double lung_x(int side, double across,
                double y) const;            // 0: mediastinal border .. 1: lateral wall, body mm
  double dome_y(int side, double x) const;  // body x
  double apex_distance(double out,
                       double y) const;  // mm below the lung's rounded top; out: from the spine
  Point rib_point(int side, const Rib& rib,
                  double angle_degrees) const;  // 0 at the spine, 90 lateral, 180 in front
};

Chest make_chest(const StudyTruth& truth);

// Whose pose, bowel gas and breath the study shows: its own, a twin's those of its original.
uint64_t pose_seed(const StudyTruth& truth);

}  // namespace radgen::phantom

#include "radgen/phantom/anatomy.h"

#include <algorithm>
#include <cmath>

namespace radgen::phantom {
namespace {

constexpr uint64_t kBodyStream = 11, kPoseStream = 12, kFindingStream = 13;

double severity_value(Severity severity, double subtle, double moderate, double severe) {
  if (severity == Severity::kSubtle) return subtle;
  return severity == Severity::kSevere ? severe : moderate;
}

// What findings do to the geometry: shift of the mediastinum (towards the patient's left positive),
// a dome's rise.
struct Displacement {
  double shift = 0;
  std::array<double, 2> dome_rise{0, 0};
  double widening = 0;
  double ratio = 0;  // the cardiothoracic ratio that was planned; 0: none
};

Displacement displacement(const StudyTruth& truth) {
  Displacement d;
  for (const TrueFinding& f : truth.findings) {
    const int side = side_index(f.side);
    const double toward = sign_of(side), grade = severity_value(f.severity, 0.3, 0.6, 1.0);
    if (f.finding == Finding::kPneumothorax && f.kind.find("tension") != std::string::npos) {
      d.shift -= toward * (14 + 16 * grade);
      d.dome_rise[static_cast<size_t>(side)] -= 8 + 12 * grade;
    } else if (f.finding == Finding::kAtelectasis && f.kind == "lobar_collapse") {
      d.shift += toward * (4 + 11 * grade);
      d.dome_rise[static_cast<size_t>(side)] += 5 + 15 * grade;
    } else if (f.finding == Finding::kPleuralEffusion && f.side != Side::kBilateral &&
               f.volume_ml > 2000) {
      d.shift -= toward * std::min(26.0, (f.volume_ml - 2000) * 0.024);
    } else if (f.finding == Finding::kEnlargedCardiomediastinum) {
      d.widening = f.size_mm > 0 ? f.size_mm : severity_value(f.severity, 11, 20, 34);
    } else if (f.finding == Finding::kCardiomegaly) {
      d.ratio = f.measure > 0.3 && f.measure < 0.9 ? f.measure
                : truth.is_ap                      ? severity_value(f.severity, 0.565, 0.61, 0.68)
                                                   : severity_value(f.severity, 0.515, 0.57, 0.65);
    }
  }
  return d;
}

double planned_ratio(const StudyTruth& truth, const Displacement& d, double normal) {
  if (d.ratio > 0) return d.ratio;
  if (truth.cardiothoracic_ratio > 0.3) return truth.cardiothoracic_ratio;
  const double limit = truth.is_ap ? 0.545 : 0.495;  // .50 PA, .55 AP is where cardiomegaly begins
  return std::min(limit, normal);
}

void set_borders(Chest& chest, Random& body, double widening, double enlargement) {
  const double total = chest.cardiothoracic_ratio * 2 * chest.half_width;
  const double share = std::clamp(body.normal(0.34, 0.03), 0.28, 0.40);
  const double right = total * share, left = total * (1 - share);
  const double knob = body.normal(33, 2.5), trunk = body.normal(34, 3), cava = body.normal(22, 1.8);
  const double dome_r = chest.domes[kRightSide].top_y, dome_l = chest.domes[kLeftSide].top_y;
  const double c = chest.carina_y, a = chest.arch_y;
  const double w = widening * 0.5;
  const double mid_r = c + 0.28 * (dome_r - c), mid_l = c + 0.32 * (dome_l - c);
  chest.heart_top_y = c + 18;
  chest.border[kRightSide] = Curve({{chest.apex_y - 60, 16 + 0.3 * w},
                                    {chest.apex_y - 5, 17 + w},
                                    {a, cava - 1 + w},
                                    {c, cava + 1 + w},
                                    {mid_r, cava + 2 + 0.32 * (right - cava) + 0.4 * w},
                                    {c + 0.52 * (dome_r - c), right * 0.88},
                                    {c + 0.78 * (dome_r - c), right},
                                    {dome_r + 4, right * 0.90},
                                    {dome_r + 40, right * 0.6},
                                    {430, 20}});
  chest.border[kLeftSide] = Curve({{chest.apex_y - 60, 15 + 0.3 * w},
                                   {chest.apex_y - 5, 18 + w},
                                   {a - 14, 21 + w},
                                   {a, knob - 2 + w},
                                   {a + 10, knob + w},
                                   {a + 24, 27 + 0.9 * w},
                                   {c + 12, trunk + 0.6 * w},
                                   {mid_l - 6, trunk + 4 + 0.25 * (left - trunk) + enlargement},
                                   {c + 0.55 * (dome_l - c), trunk + 0.70 * (left - trunk)},
                                   {c + 0.76 * (dome_l - c), left * 0.95},
                                   {c + 0.90 * (dome_l - c), left},
                                   {dome_l + 6, left * 0.92},
                                   {dome_l + 45, left * 0.6},
                                   {430, 20}});
  chest.border_softness =
      Curve({{chest.apex_y, 12}, {c, 12}, {c + 30, 26}, {c + 0.7 * (dome_l - c), 46}, {430, 46}});
}

void set_ribs(Chest& chest, Random& body) {
  const double spacing = body.normal(22.6, 0.7) * (chest.is_male ? 1 : 0.95);
  const double slope = std::clamp(body.normal(1, 0.1), 0.8, 1.2);
  for (int side : {kRightSide, kLeftSide}) {
    auto& ribs = chest.ribs[static_cast<size_t>(side)];
    for (int i = 0; i < 11; ++i) {
      Rib rib;
      rib.head_y = chest.apex_y - 14 + spacing * i * (1 + 0.008 * i) + body.normal(0, 0.7);
      rib.drop = slope * (44 + 10.5 * std::min(i, 7)) + body.normal(0, 2);
      rib.radius = (i == 0 ? 7.5 : 6.1) + body.normal(0, 0.25);
      rib.reach = chest.lateral_wall(rib.head_y + rib.drop * 0.5) + 2.5;
      rib.front_angle = i < 2 ? 152 : std::max(112.0, 146 - 3.6 * i);
      ribs.push_back(rib);
    }
  }
}

void set_outlines(Chest& chest, double apex_share, double neck) {
  const double w = chest.half_width, top = chest.apex_y, height = chest.angle_y - top;
  std::vector<Point> knots;
  const std::vector<Point> shape{{0, apex_share}, {0.012, apex_share + 0.09},
                                 {0.04, 0.50},    {0.09, 0.60},
                                 {0.18, 0.72},    {0.32, 0.845},
                                 {0.5, 0.935},    {0.7, 0.985},
                                 {0.88, 1.0},     {1.0, 0.995},
                                 {1.15, 0.95}};
  for (const Point& p : shape) knots.emplace_back(top + p.x * height, w * p.y);
  chest.lateral = Curve(knots);
  const double skin = w + chest.wall;
  chest.skin = Curve({{-80, neck + 2},
                      {top - 46, neck},
                      {top - 26, neck + 10},
                      {top - 10, neck + 40},
                      {top + 6, neck + 84},
                      {top + 22, neck + 116},
                      {top + 42, 196},
                      {top + 90, 208},
                      {top + 118, skin + 22},
                      {top + 150, skin + 6},
                      {top + 200, skin},
                      {500, skin + 3}});
  chest.depth_at = Curve({{-80, 118},
                          {top - 40, 118},
                          {top + 10, 150},
                          {top + 70, 0.96 * chest.depth},
                          {top + 150, chest.depth},
                          {500, chest.depth * 1.04}});
}

}  // namespace

int side_index(Side side) { return side == Side::kLeft ? kLeftSide : kRightSide; }

std::vector<int> sides_of(Side side) {
  if (side == Side::kBilateral) return {kRightSide, kLeftSide};
  return {side_index(side)};
}

double Chest::lung_x(int side, double across, double y) const {
  const double s = sign_of(side);
  const double inner = mediastinum_x + s * border[static_cast<size_t>(side)].at(y),
               outer = spine_x + s * lateral_wall(y);
  return inner + across * (outer - inner);
}

double Chest::dome_y(int side, double x) const {
  const Dome& dome = domes[static_cast<size_t>(side)];
  const double out = sign_of(side) * (x - spine_x) - dome.center;
  if (out > 0) {
    const double q = std::min(1.0, out / (half_width - dome.center));
    return dome.top_y + dome.angle_drop * (0.72 * (1 - std::sqrt(1 - 0.99 * q * q)) + 0.28 * q * q);
  }
  const double q = std::min(1.6, -out / dome.center);
  return dome.top_y + dome.medial_drop * q * q;
}

double Chest::apex_distance(double out, double y) const {
  // A circle's arch that runs out in straight shoulders.
  const double radius = 0.30 * half_width, center = lateral_wall(apex_y + 2) - 0.02 * half_width;
  const double across = std::abs(out - center);
  constexpr double kShoulder = 0.94;  // of the radius, where the arch is steep enough
  const double on_arch = std::min(across, kShoulder * radius);
  const double arch =
      radius - std::sqrt(radius * radius - on_arch * on_arch) + 1.4 * (across - on_arch);
  return (y - apex_y - arch) * 0.8;
}

Point Chest::rib_point(int side, const Rib& rib, double angle_degrees) const {
  const double angle = angle_degrees * CV_PI / 180;
  const double neck = 14;  // the rib leaves the spine's side, not its axis
  const double out = neck + (rib.reach - neck) * std::sin(angle);
  // In front the rib bends up again to its cartilage; behind it leaves the spine slightly upwards.
  const double fall =
      rib.drop * 0.5 * (1 - std::cos(angle)) - 5 * std::sin(std::min(angle * 2, CV_PI));
  const double forward =
      (1 - std::cos(angle)) * 0.5;  // depth 0 behind .. 1 in front: rotation moves the front
  return {spine_x + sign_of(side) * out + forward * clavicle_shift * 0.6, rib.head_y + fall};
}

uint64_t pose_seed(const StudyTruth& truth) {
  return hash_text(truth.twin_of.empty() ? truth.study_id : truth.twin_of);
}

Chest make_chest(const StudyTruth& truth) {
  const Displacement moved = displacement(truth);
  Random body(truth.patient.anatomy_seed, {kBodyStream});
  Random pose(pose_seed(truth), {kPoseStream, truth.patient.anatomy_seed});
  Chest chest;
  chest.is_male = truth.patient.is_male, chest.is_ap = truth.is_ap,
  chest.is_supine = truth.is_supine;
  chest.half_width =
      std::clamp(chest.is_male ? body.normal(145, 9) : body.normal(130, 8), 108.0, 168.0);
  chest.wall = std::clamp(body.normal(chest.is_male ? 27 : 30, 8), 14.0, 52.0);
  chest.depth = std::clamp(body.normal(chest.is_male ? 218 : 205, 18) + 0.6 * (chest.wall - 28),
                           165.0, 280.0);
  chest.lung_depth = std::min(chest.depth - 50, body.normal(chest.is_male ? 158 : 142, 9));
  const double height = std::clamp(body.normal(chest.is_male ? 236 : 214, 13), 180.0, 268.0);
  const double right_higher = body.chance(0.9) ? body.uniform(10, 25) : body.uniform(-8, 10);
  const double normal_ratio = std::clamp(body.normal(0.45, 0.04), 0.36, 0.56);
  const double wider = body.uniform(1.05, 1.15);  // the heart lies nearer the tube on AP films
  const double neck = body.normal(chest.is_male ? 63 : 54, 4),
               apex_share = body.normal(0.32, 0.015);
  const double enlargement = body.uniform(-2, 3);
  const double angle_drop = body.normal(52, 5), medial_drop = body.normal(14, 3),
               dome_center = body.normal(0.43, 0.03);
  const double carina_share = body.normal(0.385, 0.015), hilum_higher = body.uniform(5, 15);

  double breath = pose.normal(0, 4);  // mm that the domes stand higher
  if (truth.is_ap) breath += pose.uniform(14, 34);
  if (truth.is_poor_inspiration) breath += pose.uniform(26, 44);
  chest.rotation_degrees = truth.rotation_degrees;
  chest.apex_y = 44 + pose.normal(0, 11) + (truth.is_ap ? pose.uniform(0, 8) : 0);
  chest.spine_x = kFieldWidth_mm / 2 + pose.normal(0, 12);
  const double aside = pose.chance(0.5) ? 1 : -1;
  if (truth.is_angle_cut_off) {  // the patient stands so far aside that one angle is off the film
    chest.spine_x =
        kFieldWidth_mm / 2 + aside * (kFieldWidth_mm / 2 - chest.half_width + pose.uniform(6, 14));
  }
  // Turning by an angle moves what lies 80 mm in front of the spine by 80 sin(angle); clavicle ends
  // at 110 mm.
  const double turn = std::sin(truth.rotation_degrees * CV_PI / 180);
  chest.mediastinum_x = chest.spine_x + 80 * turn + moved.shift;
  chest.clavicle_shift = 110 * turn;

  const double dome = chest.apex_y + height - breath;
  for (int side : {kRightSide, kLeftSide}) {
    Dome& d = chest.domes[static_cast<size_t>(side)];
    d.top_y =
        dome + (side == kLeftSide ? right_higher : 0) - moved.dome_rise[static_cast<size_t>(side)];
    d.center = dome_center * chest.half_width * (side == kLeftSide ? 1.06 : 1);
    d.angle_drop = angle_drop * (truth.is_poor_inspiration ? 0.75 : 1);
    d.medial_drop = medial_drop;
  }
  chest.angle_y = std::max(chest.domes[0].top_y, chest.domes[1].top_y) + chest.domes[0].angle_drop;
  chest.carina_y = chest.apex_y + carina_share * height - 0.2 * std::max(0.0, breath);
  chest.arch_y = chest.carina_y - body.normal(27, 2);
  chest.hilum_y = {chest.carina_y + 27, chest.carina_y + 27 - hilum_higher};
  const double ratio = normal_ratio * (truth.is_ap ? wider : 1);
  chest.cardiothoracic_ratio = std::clamp(planned_ratio(truth, moved, ratio), 0.33, 0.80);
  set_outlines(chest, apex_share, neck);
  set_borders(chest, body, moved.widening, enlargement);
  set_ribs(chest, body);
  return chest;
}

}  // namespace radgen::phantom

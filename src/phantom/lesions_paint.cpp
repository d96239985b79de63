// Which painter a finding goes to, and the marks of findings that are the anatomy itself: heart,
// mediastinum, rib.
#include <algorithm>
#include <cmath>

#include "radgen/phantom/lesions.h"

namespace radgen::phantom {
namespace {

// The mask of what lies inside the mediastinal border between two heights.
cv::Mat border_mask(const Scene& scene, double top, double bottom) {
  const Chest& chest = scene.chest;
  cv::Mat mask = scene.canvas.layer();
  const cv::Rect rows = scene.canvas.rect(0, top, kFieldWidth_mm, bottom);
  for (int r = rows.y; r < rows.y + rows.height; ++r) {
    const double y = scene.canvas.y_mm(r);
    if (y < top || y > bottom) continue;
    const double right = chest.mediastinum_x - chest.border[kRightSide].at(y),
                 left = chest.mediastinum_x + chest.border[kLeftSide].at(y);
    const int from = std::max(0, static_cast<int>(scene.canvas.column(right))),
              to = std::min(mask.cols - 1, static_cast<int>(scene.canvas.column(left)));
    for (int c = from; c <= to; ++c) mask.at<float>(r, c) = 1;
  }
  return mask;
}

}  // namespace

Mark mark_heart(const Scene& scene, const StudyTruth& truth, const TrueFinding&) {
  const Chest& chest = scene.chest;
  Mark mark;
  const double bottom = (chest.dome_y(kRightSide, chest.mediastinum_x - 30) +
                         chest.dome_y(kLeftSide, chest.mediastinum_x + 40)) /
                            2 +
                        6;
  mark.strength = border_mask(scene, chest.heart_top_y, bottom);
  mark.share = 0.5, mark.is_structure = true;
  const double normal =
      truth.is_ap ? 0.55 : 0.50;  // what is too much shows, as a strip of so many millimetres
  mark.visible_mm = 20 + 400 * std::max(0.0, chest.cardiothoracic_ratio - normal);
  return mark;
}

Mark mark_mediastinum(const Scene& scene, const TrueFinding& finding) {
  const Chest& chest = scene.chest;
  Mark mark;
  mark.strength = border_mask(scene, chest.apex_y + 6, chest.carina_y + 16);
  mark.share = 0.5, mark.is_structure = true;
  mark.visible_mm =
      finding.size_mm > 0 ? 10 + 1.7 * finding.size_mm : graded(finding.severity, 28, 44, 68);
  return mark;
}

BrokenRib plan_fracture(const Chest& chest, const TrueFinding& finding, Random random) {
  BrokenRib broken;
  broken.side = side_index(finding.side);
  const int any = static_cast<int>(random.integer(3, 8));  // ribs are counted from 1 in the truth
  const int rib_count = static_cast<int>(chest.ribs[0].size());
  broken.rib =
      finding.measure >= 1 ? std::min(static_cast<int>(finding.measure), rib_count) - 1 : any;
  broken.angle_degrees = random.chance(0.75) ? random.uniform(48, 84) : random.uniform(98, 116);
  broken.step_mm = finding.size_mm > 0 ? finding.size_mm : graded(finding.severity, 1.2, 2.4, 4.0);
  broken.is_healed = finding.is_healed;
  return broken;
}

Mark mark_fracture(const Scene& scene, const TrueFinding&, const BrokenRib& broken) {
  const Chest& chest = scene.chest;
  const Rib& rib = chest.ribs[static_cast<size_t>(broken.side)][static_cast<size_t>(broken.rib)];
  Mark mark;
  mark.strength = scene.canvas.layer();
  const Point at = chest.rib_point(broken.side, rib, broken.angle_degrees);
  stamp_ellipse(
      scene.canvas, mark.strength, at + Point(0, broken.step_mm / 2), 13, 11, 0,
      [](float) { return 1.F; }, 1);
  mark.share = 0.5, mark.is_structure = true;
  mark.visible_mm = 0.6 + broken.step_mm;
  return mark;
}

Mark paint_finding(Scene& scene, const StudyTruth& truth, TrueFinding& finding, Random random) {
  switch (finding.finding) {
    case Finding::kCardiomegaly:
      return mark_heart(scene, truth, finding);
    case Finding::kEnlargedCardiomediastinum:
      return mark_mediastinum(scene, finding);
    case Finding::kLungLesion:
      return paint_nodule(scene, finding, random);
    case Finding::kConsolidation:
    case Finding::kPneumonia:
    case Finding::kLungOpacity:
      return paint_opacity(scene, finding, random);
    case Finding::kEdema:
      return paint_edema(scene, finding, random);
    case Finding::kAtelectasis:
      return paint_atelectasis(scene, finding, random);
    case Finding::kPleuralEffusion:
      return paint_effusion(scene, finding, random);
    case Finding::kPneumothorax:
      return paint_pneumothorax(scene, finding, random);
    case Finding::kPleuralOther:
      return paint_pleura(scene, finding, random);
    case Finding::kSupportDevices:
      return paint_device(scene, finding, random);
    default:
      return {};
  }
}

}  // namespace radgen::phantom

// Painting findings into a scene. Each painter changes the layers and says what it has changed, in
// millimetres of water, so that box, outline and contrast come from the pixels that really changed.
//
//   const Mark mark = paint_finding(scene, truth, finding, random);
//
// Amplitude and extent grow with the severity; where a size or a volume is given it decides the
// extent.
#pragma once

#include <vector>

#include "radgen/phantom/scene.h"

namespace radgen::phantom {

struct Mark {
  cv::Mat strength;           // |change|, mm of water, canvas pixels; empty: nothing drawn
  double share = 0.3;         // of the maximum where the outline runs
  bool is_scattered = false;  // many parts that make one finding: one hull a side
  bool is_structure =
      false;              // an organ's own outline (heart): `strength` is its mask, not a change
  double visible_mm = 0;  // is_structure: the change that is to be seen, mm of water
};

// `order` counts the findings of the same name in the study, so that taking one out (a twin) moves
// no other.
Mark paint_finding(Scene& scene, const StudyTruth& truth, TrueFinding& finding, Random random);

// One finding's painter each.
Mark paint_nodule(Scene& scene, const TrueFinding& finding, Random random);
Mark paint_opacity(Scene& scene, const TrueFinding& finding, Random random);
Mark paint_edema(Scene& scene, const TrueFinding& finding, Random random);
Mark paint_atelectasis(Scene& scene, const TrueFinding& finding, Random random);
Mark paint_effusion(Scene& scene, const TrueFinding& finding, Random random);
Mark paint_pneumothorax(Scene& scene, const TrueFinding& finding, Random random);
Mark paint_pleura(Scene& scene, const TrueFinding& finding, Random random);
Mark paint_device(Scene& scene, TrueFinding& finding, Random random);
Mark mark_heart(const Scene& scene, const StudyTruth& truth, const TrueFinding& finding);
Mark mark_mediastinum(const Scene& scene, const TrueFinding& finding);
Mark mark_fracture(const Scene& scene, const TrueFinding& finding, const BrokenRib& broken);
BrokenRib plan_fracture(const Chest& chest, const TrueFinding& finding, Random random);

// Normal variants that nobody reports, by the names in StudyTruth::distractors.
void paint_distractor(Scene& scene, const std::string& name, Random random);

// A value by severity (unstated: moderate), with a spread of `jitter` (share) that keeps the grades
// apart.
double graded(Severity severity, double subtle, double moderate, double severe);

// A painter of a share of the lung's air, fading out towards the midline: calls `share(x_mm, y_mm)`
// in lung pixels of one side, returns the layer.
template <class Share>
cv::Mat lung_share(const Scene& scene, int side, double top_mm, double bottom_mm, Share share) {
  cv::Mat layer = scene.canvas.layer();
  const cv::Rect rows = scene.canvas.rect(0, top_mm, kFieldWidth_mm, bottom_mm);
  const int middle = std::clamp(static_cast<int>(scene.canvas.column(scene.chest.mediastinum_x)), 0,
                                layer.cols - 1);
  const int begin = side == kRightSide ? 0 : middle, end = side == kRightSide ? middle : layer.cols;
  for (int r = rows.y; r < rows.y + rows.height; ++r) {
    const float *cavity = scene.cavity.ptr<float>(r), *open = scene.open.ptr<float>(r);
    float* out = layer.ptr<float>(r);
    const double y = scene.canvas.y_mm(r);
    for (int c = begin; c < end; ++c) {
      if (cavity[c] * open[c] < 0.5F) continue;
      const double x = scene.canvas.x_mm(c);
      const double side_share = smooth_step(0, 14, std::abs(x - scene.chest.mediastinum_x));
      out[c] = static_cast<float>(side_share * share(x, y, r, c));
    }
  }
  return layer;
}

// fill = 1 - (1 - fill)(1 - share); returns the change in mm of water.
cv::Mat fill_lung(Scene& scene, const cv::Mat& share);

}  // namespace radgen::phantom

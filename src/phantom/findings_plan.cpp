#include "findings_plan.h"

#include <algorithm>
#include <cmath>

namespace radgen::phantom {
namespace {

size_t index(Finding f) { return static_cast<size_t>(f); }

bool is_pathology(Finding f) { return f != Finding::kNoFinding && f != Finding::kSupportDevices; }

constexpr double kApShare = 0.6;

Side draw_side(Random& random, double bilateral_share) {
  if (random.chance(bilateral_share)) return Side::kBilateral;
  return random.chance(0.5) ? Side::kLeft : Side::kRight;
}

Lobe draw_lobe(Side side, Random& random) {
  if (side == Side::kBilateral) return Lobe::kLower;
  const double u = random.uniform();
  if (u < 0.5) return Lobe::kLower;
  if (u < 0.78) return Lobe::kUpper;
  return side == Side::kRight ? Lobe::kMiddle : Lobe::kLingula;
}

// A value from the range of its severity.
double by_severity(Severity severity, Random& random, std::array<double, 4> edges) {
  const size_t i = severity == Severity::kSubtle ? 0 : severity == Severity::kModerate ? 1 : 2;
  return random.uniform(edges[i], edges[i + 1]);
}

}  // namespace

Severity draw_severity(Random& random, bool sicker) {
  const std::vector<double> usual = {0.35, 0.40, 0.25}, sick = {0.20, 0.40, 0.40};
  switch (random.weighted(sicker ? sick : usual)) {
    case 0:
      return Severity::kSubtle;
    case 1:
      return Severity::kModerate;
    default:
      return Severity::kSevere;
  }
}

TrueFinding draw_pathology(Finding finding, const StudyTruth& truth, Random& random, bool sicker) {
  TrueFinding f;
  f.finding = finding;
  f.severity = draw_severity(random, sicker);
  switch (finding) {
    case Finding::kCardiomegaly: {
      const double excess = by_severity(f.severity, random, {0.01, 0.06, 0.13, 0.20});
      f.measure = cardiothoracic_threshold(truth.is_ap) + excess;
      break;
    }
    case Finding::kPleuralEffusion: {
      // 50 to 3,000 mL log-uniform in all; these edges are its 35 % and 75 % quantiles.
      const double ln =
          by_severity(f.severity, random,
                      {std::log(50.0), std::log(209.6), std::log(1077.9), std::log(3000.0)});
      f.volume_ml = std::exp(ln);
      f.side = draw_side(random, 0.35);
      break;
    }
    case Finding::kPneumothorax:
      f.size_mm = by_severity(f.severity, random, {3, 12, 28, 60});
      f.side = draw_side(random, 0);
      // 3 % of all, hence an eighth of the quarter that is severe.
      if (f.severity == Severity::kSevere && random.chance(0.12)) f.kind = "tension";
      break;
    case Finding::kLungLesion:
      f.kind = "nodule";
      f.size_mm = by_severity(f.severity, random, {4, 9, 17, 30});
      if (f.severity == Severity::kSevere && random.chance(0.25)) {
        f.kind = "mass";
        f.size_mm = random.uniform(31, 65);
      }
      f.side = draw_side(random, 0);
      f.lobe = draw_lobe(f.side, random);
      break;
    case Finding::kConsolidation:
    case Finding::kPneumonia:
    case Finding::kLungOpacity:
      f.side = draw_side(random, finding == Finding::kLungOpacity ? 0.25 : 0.12);
      f.lobe = draw_lobe(f.side, random);
      break;
    case Finding::kAtelectasis: {
      const bool is_lobar = f.severity == Severity::kSevere ||
                            (f.severity == Severity::kModerate && random.chance(0.15));
      f.kind = is_lobar ? "lobar_collapse" : "plate";
      f.side = draw_side(random, is_lobar ? 0 : 0.4);
      f.lobe = is_lobar && random.chance(0.35) ? draw_lobe(f.side, random) : Lobe::kLower;
      if (!is_lobar) f.size_mm = by_severity(f.severity, random, {1, 2, 3, 3});
      break;
    }
    case Finding::kEdema:
      f.side = Side::kBilateral;
      break;
    case Finding::kFracture:
      f.side = draw_side(random, 0);
      f.size_mm = by_severity(f.severity, random, {1, 2, 3, 4});
      f.is_healed = random.chance(0.6);
      f.measure = static_cast<double>(random.integer(3, 9));  // the rib's number
      break;
    case Finding::kEnlargedCardiomediastinum:
      f.size_mm = by_severity(f.severity, random, {6, 11, 18, 30});  // wider than usual by
      break;
    case Finding::kPleuralOther:
      f.kind = random.chance(0.6) ? "thickening" : "plaque";
      f.side = draw_side(random, 0.2);
      f.size_mm = by_severity(f.severity, random, {3, 5, 8, 13});
      f.lobe = f.kind == "thickening" && random.chance(0.5) ? Lobe::kUpper : Lobe::kLower;
      break;
    case Finding::kNoFinding:
    case Finding::kSupportDevices:
      break;
  }
  return f;
}

TrueFinding draw_device(const std::string& kind, Side beside_side, Random& random) {
  TrueFinding f;
  f.finding = Finding::kSupportDevices;
  f.kind = kind;
  f.severity = draw_severity(random, false);  // how well it shows
  if (kind == "endotracheal_tube") {
    f.is_malpositioned = random.chance(0.1);
    f.measure =
        f.is_malpositioned ? random.uniform(2, 16) : random.uniform(30, 70);  // mm to the carina
  } else if (kind == "central_line") {
    f.side = random.chance(0.7) ? Side::kRight : Side::kLeft;
  } else if (kind == "pacemaker") {
    f.side = random.chance(0.85) ? Side::kLeft : Side::kRight;
  } else if (kind == "chest_tube") {
    const bool has_side = beside_side == Side::kLeft || beside_side == Side::kRight;
    f.side = has_side ? beside_side : draw_side(random, 0);
  }
  return f;
}

FindingsPlan::FindingsPlan(const Prevalence& prevalence) : prevalence_(prevalence) {
  const double abnormal = 1 - prevalence.marginal[index(Finding::kNoFinding)];
  // A study is drawn again while nothing is wrong in it, so q = P(finding | abnormal) (1 -
  // P(empty)) before that; P(empty) depends on q: a fixed point. Dependence on edema cancels since
  // an edema is never empty.
  double empty = 0.1;
  for (int step = 0; step < 200; ++step) {
    double none = 1;
    for (Finding f : all_findings()) {
      if (!is_pathology(f)) continue;
      probability_[index(f)] =
          std::min(0.95, prevalence.marginal[index(f)] / abnormal * (1 - empty));
    }
    const double edema = probability(Finding::kEdema);
    auto without_edema = [&](Finding f, double with_edema) {
      double& q = probability_[index(f)];
      q = std::clamp((q - edema * with_edema) / (1 - edema), 0.0, 0.95);
    };
    without_edema(Finding::kPleuralEffusion, prevalence.effusion_given_edema);
    without_edema(Finding::kCardiomegaly, prevalence.cardiomegaly_given_edema);
    for (Finding f : all_findings()) {
      if (is_pathology(f)) none *= 1 - probability(f);
    }
    empty = none;
  }
  // Devices go with the view and with sickness; the weights are design values, scaled to the
  // marginal.
  const double pneumothorax = prevalence.marginal[index(Finding::kPneumothorax)];
  const double from_tubes = pneumothorax * prevalence.chest_tube_given_pneumothorax;
  const double wanted =
      (prevalence.marginal[index(Finding::kSupportDevices)] - from_tubes) / (1 - from_tubes);
  const double ap = prevalence.abnormal_of_ap, pa = prevalence.abnormal_of_pa;
  const double mean =
      kApShare * (ap * 1.0 + (1 - ap) * 0.6) + (1 - kApShare) * (pa * 0.28 + (1 - pa) * 0.12);
  const double scale = wanted / mean;
  devices_ap_abnormal_ = std::min(0.95, scale);
  devices_ap_normal_ = std::min(0.95, 0.6 * scale);
  devices_pa_abnormal_ = std::min(0.95, 0.28 * scale);
  devices_pa_normal_ = std::min(0.95, 0.12 * scale);
}

std::vector<Finding> FindingsPlan::draw_pathologies(Random& random) const {
  std::vector<Finding> findings;
  while (findings.empty()) {
    const bool has_edema = random.chance(probability(Finding::kEdema));
    for (Finding f : all_findings()) {
      if (!is_pathology(f)) continue;
      double p = probability(f);
      if (f == Finding::kEdema) p = has_edema ? 1 : 0;
      if (has_edema && f == Finding::kPleuralEffusion) p = prevalence_.effusion_given_edema;
      if (has_edema && f == Finding::kCardiomegaly) p = prevalence_.cardiomegaly_given_edema;
      if (random.chance(p)) findings.push_back(f);
    }
  }
  return findings;
}

void FindingsPlan::draw_devices(StudyTruth& truth, bool is_abnormal, Random& random) const {
  Side drained = Side::kNone;
  bool has_pneumothorax = false;
  for (const TrueFinding& f : truth.findings) {
    if (f.finding == Finding::kPleuralEffusion && drained == Side::kNone) drained = f.side;
    if (f.finding == Finding::kPneumothorax) {
      drained = f.side;
      has_pneumothorax = true;
    }
  }
  std::vector<std::string> kinds;
  if (has_pneumothorax && random.chance(prevalence_.chest_tube_given_pneumothorax)) {
    kinds.push_back("chest_tube");
  }
  const double p = truth.is_ap ? (is_abnormal ? devices_ap_abnormal_ : devices_ap_normal_)
                               : (is_abnormal ? devices_pa_abnormal_ : devices_pa_normal_);
  if (random.chance(p)) {
    const bool is_intubated = truth.is_ap && random.chance(truth.is_supine ? 0.6 : 0.2);
    if (is_intubated) kinds.push_back("endotracheal_tube");
    if (random.chance(is_intubated ? 0.75 : truth.is_ap ? 0.2 : 0.03))
      kinds.push_back("gastric_tube");
    if (random.chance(truth.is_ap ? 0.55 : 0.35)) kinds.push_back("central_line");
    if (random.chance(truth.is_ap ? 0.15 : 0.5)) kinds.push_back("pacemaker");
    if (drained != Side::kNone && !has_pneumothorax && random.chance(0.06))
      kinds.push_back("chest_tube");
    if (kinds.empty()) kinds.push_back(random.chance(0.6) ? "central_line" : "pacemaker");
  }
  for (const std::string& kind : kinds)
    truth.findings.push_back(draw_device(kind, drained, random));
}

void FindingsPlan::draw(StudyTruth& truth, Random& random, bool sicker) const {
  truth.findings.clear();
  const bool is_abnormal =
      random.chance(truth.is_ap ? prevalence_.abnormal_of_ap : prevalence_.abnormal_of_pa);
  if (is_abnormal) {
    std::vector<std::pair<Side, Lobe>> taken;  // two opacities are not in one place
    for (Finding f : draw_pathologies(random)) {
      TrueFinding drawn = draw_pathology(f, truth, random, sicker);
      const bool is_lobar = f == Finding::kConsolidation || f == Finding::kPneumonia ||
                            f == Finding::kLungOpacity || drawn.kind == "lobar_collapse";
      for (int attempt = 0; is_lobar && attempt < 20; ++attempt) {
        const auto place = std::make_pair(drawn.side, drawn.lobe);
        if (std::find(taken.begin(), taken.end(), place) == taken.end()) break;
        drawn = draw_pathology(f, truth, random, sicker);
      }
      if (is_lobar) taken.emplace_back(drawn.side, drawn.lobe);
      truth.findings.push_back(std::move(drawn));
    }
    if (random.chance(0.06)) {  // a second nodule beside a first one
      for (const TrueFinding& f : truth.findings) {
        if (f.kind != "nodule") continue;
        truth.findings.push_back(draw_pathology(Finding::kLungLesion, truth, random, sicker));
        break;
      }
    }
  }
  draw_devices(truth, is_abnormal, random);
}

}  // namespace radgen::phantom

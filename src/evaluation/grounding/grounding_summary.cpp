// Grounding items of many studies, summed up by finding.
#include <algorithm>
#include <cmath>

#include "evaluation/metric_sums.h"
#include "radgen/core/random.h"
#include "radgen/evaluation/grounding/grounding.h"

namespace radgen::evaluation {
namespace {

constexpr float kRawThreshold = 0.1f;
// Attention sums to 1 at most; what sums to more (or is no number) was drawn, not attended to.
constexpr float kMostAttention = 1.01f;

}  // namespace

void FindingSum::add(const GroundedItem& item, double w, int level) {
  constexpr int kFirst = 1, kLast = 9;  // thresholds .1 to .5
  double mean = 0;
  for (int l = kFirst; l <= kLast; ++l) mean += item.score.iou[static_cast<size_t>(l)];
  weight += w;
  iou += w * item.score.iou[static_cast<size_t>(level)];
  plain += w * item.score.iou[kDefaultLevel];
  mean_levels += w * mean / (kLast - kFirst + 1);
  pointing += w * item.score.pointing;
  mass += w * item.score.mass;
  if (item.kind == ItemKind::kScored && item.is_shown) {
    shown += w;
    shown_iou += w * item.score.iou[static_cast<size_t>(level)];
  }
  both_px += w * item.score.both_px;
  either_px += w * item.score.either_px;
  add_map(item, w);
  if (item.kind == ItemKind::kMissed) missed += w;
  if (item.kind == ItemKind::kFalsePositive) invented += w;
  if (w > 0) ++items;
}

void FindingSum::add_map(const GroundedItem& item, double w) {
  if (item.kind != ItemKind::kScored || item.score.raw_peak <= 0) return;
  maps += w;
  area += w * item.score.area;
  if (item.score.attention <= kMostAttention) {
    raw_maps += w;
    attention += w * item.score.attention;
    raw_empty += w * (item.score.raw_peak < kRawThreshold);
  }
  if (std::isfinite(item.score.cnr)) {
    contrasts += w;
    cnr += w * item.score.cnr;
  }
  if (has_one_side(item)) {
    sided += w;
    right_side += w * is_on_right_side(item);
  }
}

double macro_mean(const FindingSums& sums, FindingSet findings, double FindingSum::*part) {
  double total = 0;
  int n = 0;
  for (const Finding f : all_findings()) {
    const FindingSum& s = sums[static_cast<size_t>(f)];
    if (!has(findings, f) || s.weight <= 0) continue;
    total += s.*part / s.weight;
    ++n;
  }
  return n > 0 ? total / n : kUndefined;
}

bool has_one_side(const GroundedItem& item) {
  const bool is_one_sided = item.side == Side::kLeft || item.side == Side::kRight;
  // Boxes that reach across the middle say nothing about a side.
  return is_one_sided && item.kind == ItemKind::kScored &&
         (item.score.box_right_share < 0.1f || item.score.box_right_share > 0.9f);
}

bool is_on_right_side(const GroundedItem& item) {
  return (item.score.right_share > 0.5f) == (item.score.box_right_share > 0.5f);
}

int best_level(std::span<const StudyItems> studies, FindingSet findings) {
  int best = kDefaultLevel;
  double best_iou = -1;
  for (int level = 0; level < kLevels; ++level) {
    FindingSums sums;
    for (const StudyItems& items : studies) {
      for (const GroundedItem& item : items)
        sums[static_cast<size_t>(item.finding)].add(item, 1, level);
    }
    const double iou = macro_mean(sums, findings, &FindingSum::iou);
    if (iou > best_iou) {
      best_iou = iou;
      best = level;
    }
  }
  return best;
}

MapScore at_best_cut(MapScore score) {
  score.iou.fill(*std::max_element(score.iou.begin(), score.iou.end()));
  return score;
}

std::vector<int> cross_fitted_levels(std::span<const StudyItems> studies,
                                     std::span<const std::string> study_ids, FindingSet findings) {
  std::vector<size_t> half(studies.size());
  for (size_t s = 0; s < studies.size(); ++s) half[s] = hash_text(study_ids[s]) & 1;
  std::array<int, 2> best{};  // by the half it was chosen on
  for (size_t h = 0; h < 2; ++h) {
    std::vector<StudyItems> own;
    for (size_t s = 0; s < studies.size(); ++s) {
      if (half[s] == h) own.push_back(studies[s]);
    }
    best[h] = best_level(own, findings);
  }
  std::vector<int> levels(studies.size());
  for (size_t s = 0; s < studies.size(); ++s) levels[s] = best[1 - half[s]];
  return levels;
}

void summarize_grounding(std::span<const StudyItems> studies, std::span<const double> weights,
                         std::span<const int> levels, FindingSet findings,
                         const std::string& suffix, MetricTable& table) {
  GroundingSums sums;
  sums.findings = findings;
  sums.is_phrase = !suffix.empty();
  for (size_t s = 0; s < studies.size(); ++s) {
    if (weights[s] == 0) continue;
    for (const GroundedItem& item : studies[s]) {
      sums.by_finding[static_cast<size_t>(item.finding)].add(item, weights[s], levels[s]);
      sums.all.add(item, weights[s], levels[s]);
    }
  }
  const MetricRegistry& registry = MetricRegistry::standard();
  registry.set(sums, table, suffix);
  for (const Finding f : all_findings()) {
    const FindingSum& of_finding = sums.by_finding[static_cast<size_t>(f)];
    if (of_finding.weight > 0) registry.set_finding(of_finding, finding_name(f), table, suffix);
  }
}

}  // namespace radgen::evaluation

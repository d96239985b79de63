#include "radgen/evaluation/grounding.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "radgen/core/random.h"

namespace radgen::evaluation {
namespace {

using Group = std::pair<Finding, Side>;

// Obligatory (finding, side) groups of a reference.
std::set<Group> boxed_groups(const Reference& reference) {
  std::set<Group> groups;
  if (!reference.has_boxes) return groups;
  for (const ReferenceBox& box : reference.boxes) {
    if (box.is_obligatory) groups.emplace(box.finding, box.side);
  }
  return groups;
}

std::vector<Box> boxes_where(const Reference& reference, Finding finding,
                             const std::function<bool(Side)>& side_fits) {
  std::vector<Box> boxes;
  for (const ReferenceBox& box : reference.boxes) {
    if (box.finding == finding && side_fits(box.side)) boxes.push_back(box.box);
  }
  return boxes;
}

// Sums over items of one finding.
struct Sums {
  double weight = 0, iou = 0, chosen = 0, mean_levels = 0, pointing = 0, mass = 0;
  double shown = 0, shown_iou = 0, missed = 0, invented = 0;
  int64_t items = 0;

  void add(const GroundedItem& item, double w, int level) {
    constexpr int kFirst = 1, kLast = 9;  // thresholds .1 to .5
    double mean = 0;
    for (int l = kFirst; l <= kLast; ++l) mean += item.score.iou[static_cast<size_t>(l)];
    weight += w;
    iou += w * item.score.iou[kDefaultLevel];
    chosen += w * item.score.iou[static_cast<size_t>(level)];
    mean_levels += w * mean / (kLast - kFirst + 1);
    pointing += w * item.score.pointing;
    mass += w * item.score.mass;
    if (item.kind == ItemKind::kScored && item.is_shown) {
      shown += w;
      shown_iou += w * item.score.iou[kDefaultLevel];
    }
    if (item.kind == ItemKind::kMissed) missed += w;
    if (item.kind == ItemKind::kFalsePositive) invented += w;
    if (w > 0) ++items;
  }
};
using FindingSums = std::array<Sums, kFindingCount>;

double macro(const FindingSums& sums, FindingSet findings, double Sums::*part) {
  double total = 0;
  int n = 0;
  for (const Finding f : all_findings()) {
    const Sums& s = sums[static_cast<size_t>(f)];
    if (!has(findings, f) || s.weight <= 0) continue;
    total += s.*part / s.weight;
    ++n;
  }
  return n > 0 ? total / n : kUndefined;
}

}  // namespace

bool sides_agree(Side a, Side b) {
  return a == b || a == Side::kNone || b == Side::kNone || a == Side::kBilateral ||
         b == Side::kBilateral;
}

std::vector<Claim> claims_of(const StudyWords& words) {
  std::map<Group, Claim> claims;
  for (size_t i = 0; i < words.mentions.size(); ++i) {
    const Mention& m = words.mentions[i];
    if (m.certainty == Certainty::kNegative || m.finding == Finding::kNoFinding) continue;
    Claim& claim = claims[{m.finding, m.side}];
    claim.finding = m.finding;
    claim.side = m.side;
    claim.mentions.push_back(i);
  }
  std::vector<Claim> result;
  for (auto& [group, claim] : claims) {
    // "Effusions are seen. The right effusion is large.": the first adds nothing to say about a
    // place.
    const bool is_refined =
        group.second == Side::kNone &&
        std::any_of(claims.begin(), claims.end(), [&](const auto& other) {
          return other.first.first == group.first && other.first.second != Side::kNone;
        });
    if (!is_refined) result.push_back(std::move(claim));
  }
  return result;
}

StudyItems phrase_items(const Reference& reference, const ScoreClaim& score) {
  StudyItems items;
  for (const auto& [finding, group_side] : boxed_groups(reference)) {
    const Side side = group_side;
    const std::vector<Box> boxes =
        boxes_where(reference, finding, [side](Side other) { return other == side; });
    GroundedItem item;
    item.finding = finding;
    item.score = score({finding, side, {}}, boxes, item.is_shown);
    items.push_back(item);
  }
  return items;
}

StudyItems end_to_end_items(const Reference& reference, const StudyWords& reference_words,
                            FindingSet boxable, std::span<const Claim> claims,
                            const ScoreClaim& score) {
  StudyItems items;
  if (!reference.has_boxes) return items;
  const std::set<Group> groups = boxed_groups(reference);
  std::set<Group> missed = groups;
  for (const Claim& claim : claims) {
    if (!has(boxable, claim.finding)) continue;
    const std::vector<Box> boxes = boxes_where(
        reference, claim.finding, [&](Side side) { return sides_agree(side, claim.side); });
    GroundedItem item;
    item.finding = claim.finding;
    if (boxes.empty()) {
      const bool is_boxed_elsewhere =
          !boxes_where(reference, claim.finding, [](Side) { return true; }).empty();
      if (!is_boxed_elsewhere && has(reference_words.positive, claim.finding)) continue;
      item.kind = ItemKind::kFalsePositive;
      item.is_boxed = false;
    } else {
      std::erase_if(missed, [&](const Group& g) {
        return g.first == claim.finding && sides_agree(g.second, claim.side);
      });
      item.score = score(claim, boxes, item.is_shown);
    }
    items.push_back(item);
  }
  for (const Group& group : missed) {
    GroundedItem item;
    item.finding = group.first;
    item.kind = ItemKind::kMissed;
    item.is_shown = false;
    items.push_back(item);
  }
  return items;
}

FindingSet boxable_findings(std::span<const Reference> references) {
  FindingSet set = 0;
  for (const Reference& reference : references) {
    if (!reference.has_boxes) continue;
    for (const ReferenceBox& box : reference.boxes) set |= bit(box.finding);
  }
  return set;
}

FindingSet macro_findings(std::span<const Reference> references) {
  std::array<int, kFindingCount> counts{};
  for (const Reference& reference : references) {
    for (const Group& group : boxed_groups(reference)) ++counts[static_cast<size_t>(group.first)];
  }
  FindingSet enough = 0, any = 0;
  for (const Finding f : all_findings()) {
    const int count = counts[static_cast<size_t>(f)];
    if (count >= kMinBoxedItems) enough |= bit(f);
    if (count > 0) any |= bit(f);
  }
  return enough != 0 ? enough : any;
}

std::vector<int> cross_fitted_levels(std::span<const StudyItems> studies,
                                     std::span<const std::string> study_ids, FindingSet findings) {
  std::vector<size_t> half(studies.size());
  for (size_t s = 0; s < studies.size(); ++s) half[s] = hash_text(study_ids[s]) & 1;
  std::array<int, 2> best{kDefaultLevel, kDefaultLevel};  // by the half it was chosen on
  for (size_t h = 0; h < 2; ++h) {
    double best_iou = -1;
    for (int level = 0; level < kLevels; ++level) {
      FindingSums sums;
      for (size_t s = 0; s < studies.size(); ++s) {
        if (half[s] != h) continue;
        for (const GroundedItem& item : studies[s]) {
          sums[static_cast<size_t>(item.finding)].add(item, 1, level);
        }
      }
      const double iou = macro(sums, findings, &Sums::chosen);
      if (iou > best_iou) {
        best_iou = iou;
        best[h] = level;
      }
    }
  }
  std::vector<int> levels(studies.size());
  for (size_t s = 0; s < studies.size(); ++s) levels[s] = best[1 - half[s]];
  return levels;
}

void summarize_grounding(std::span<const StudyItems> studies, std::span<const double> weights,
                         std::span<const int> levels, FindingSet findings,
                         const std::string& suffix, MetricTable& table) {
  FindingSums sums;
  Sums all;
  for (size_t s = 0; s < studies.size(); ++s) {
    if (weights[s] == 0) continue;
    for (const GroundedItem& item : studies[s]) {
      sums[static_cast<size_t>(item.finding)].add(item, weights[s], levels[s]);
      all.add(item, weights[s], levels[s]);
    }
  }
  const auto set = [&](const std::string& name, double value) {
    table.set("grounding." + name + suffix, value, all.items);
  };
  set("iou", macro(sums, findings, &Sums::iou));
  set("iou_chosen_threshold", macro(sums, findings, &Sums::chosen));
  set("iou_mean_thresholds", macro(sums, findings, &Sums::mean_levels));
  set("pointing", macro(sums, findings, &Sums::pointing));
  set("mass", macro(sums, findings, &Sums::mass));
  set("iou_micro", all.weight > 0 ? all.iou / all.weight : kUndefined);
  if (suffix.empty()) {
    const double scored = all.weight - all.missed - all.invented;
    set("missed_share", all.weight > 0 ? all.missed / all.weight : kUndefined);
    set("false_positive_share", all.weight > 0 ? all.invented / all.weight : kUndefined);
    set("shown_share", scored > 0 ? all.shown / scored : kUndefined);
    set("iou_shown", all.shown > 0 ? all.shown_iou / all.shown : kUndefined);
  }
  for (const Finding f : all_findings()) {
    const Sums& s = sums[static_cast<size_t>(f)];
    if (s.weight <= 0) continue;
    const std::string path = "grounding.per_finding." + finding_name(f) + ".";
    table.set(path + "iou" + suffix, s.iou / s.weight, s.items);
    table.set(path + "pointing" + suffix, s.pointing / s.weight, s.items);
  }
}

}  // namespace radgen::evaluation

#include "radgen/evaluation/grounding/grounding.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

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

}  // namespace

bool sides_agree(Side a, Side b) {
  return a == b || a == Side::kNone || b == Side::kNone || a == Side::kBilateral ||
         b == Side::kBilateral;
}

std::vector<Claim> claims_of(const ExtractedFindings& words) {
  std::map<Group, Claim> claims;
  for (size_t i = 0; i < words.mentions.size(); ++i) {
    const Mention& m = words.mentions[i];
    if (m.assertion == Assertion::kNegative || m.finding == Finding::kNoFinding) continue;
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
    item.side = side;
    item.score = score({finding, side, {}}, boxes, item.is_shown);
    items.push_back(item);
  }
  return items;
}

StudyItems end_to_end_items(const Reference& reference, const ExtractedFindings& reference_words,
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
    item.side = claim.side;
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

}  // namespace radgen::evaluation

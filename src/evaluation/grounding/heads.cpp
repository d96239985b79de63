#include "radgen/evaluation/grounding/heads.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "evaluation/grounding/claim_maps.h"
#include "radgen/core/json.h"
#include "radgen/core/random.h"
#include "radgen/evaluation/grounding/grounding.h"

namespace radgen::evaluation {
namespace {

constexpr int64_t kFewItems = 20;

struct Sum {
  double iou = 0, pointing = 0, mass = 0;
  int64_t n = 0;
};
using ByFinding = std::array<Sum, kFindingCount>;

// An item of the phrase protocol, with the half of the patients that it belongs to.
struct Item {
  Finding finding = Finding::kNoFinding;
  size_t half = 0;
  MapScore score;
};

std::vector<Item> items_of(const std::vector<PhraseMap>& maps,
                           const std::vector<Reference>& references) {
  const PhraseIndex index(maps);
  std::vector<Item> items;
  for (const Reference& reference : references) {
    const size_t half =
        hash_text(reference.patient_id.empty() ? reference.study_id : reference.patient_id) & 1;
    const StudyItems of_study =
        phrase_items(reference, [&](const Claim& claim, const std::vector<Box>& boxes, bool&) {
          const PhraseMap* map = index.find(reference.study_id, claim.finding, claim.side);
          if (map == nullptr) return MapScore{};
          const auto [width, height] = image_size(reference, map->map_box);
          return score_map(map->map, map->map_box, boxes, width, height);
        });
    for (const GroundedItem& item : of_study) items.push_back({item.finding, half, item.score});
  }
  return items;
}

// Sums by finding of the items of one half (of all: 2).
ByFinding sums_of(const std::vector<Item>& items, size_t half) {
  ByFinding sums{};
  for (const Item& item : items) {
    if (half < 2 && item.half != half) continue;
    Sum& sum = sums[static_cast<size_t>(item.finding)];
    sum.iou += item.score.iou[kDefaultLevel];
    sum.pointing += item.score.pointing;
    sum.mass += item.score.mass;
    ++sum.n;
  }
  return sums;
}

double macro_mean(const ByFinding& sums, double Sum::*part) {
  double all = 0, findings = 0;
  for (const Sum& sum : sums) {
    if (sum.n == 0) continue;
    all += sum.*part / static_cast<double>(sum.n);
    findings += 1;
  }
  return findings > 0 ? all / findings : kUndefined;
}

// Macro pointing when each finding is left to the head that points best at it in the other half.
double chosen_pointing(const std::vector<std::vector<Item>>& of_heads) {
  ByFinding chosen{};
  for (size_t half = 0; half < 2; ++half) {
    std::vector<ByFinding> here, there;
    for (const auto& items : of_heads) {
      here.push_back(sums_of(items, half));
      there.push_back(sums_of(items, 1 - half));
    }
    for (size_t f = 0; f < kFindingCount; ++f) {
      size_t best = 0;
      for (size_t h = 1; h < of_heads.size(); ++h)
        if (there[h][f].pointing > there[best][f].pointing) best = h;
      chosen[f].pointing += here[best][f].pointing;
      chosen[f].n += here[best][f].n;
    }
  }
  return macro_mean(chosen, &Sum::pointing);
}

}  // namespace

HeadAnalysis analyse_heads(const std::vector<HeadMaps>& heads, const std::vector<PhraseMap>& mean,
                           const std::vector<Reference>& references) {
  HeadAnalysis analysis;
  const std::vector<Item> of_mean = items_of(mean, references);
  analysis.items = static_cast<int64_t>(of_mean.size());
  if (heads.empty() || of_mean.empty()) return analysis;
  analysis.mean_pointing = macro_mean(sums_of(of_mean, 2), &Sum::pointing);
  std::vector<std::vector<Item>> of_heads;
  for (const HeadMaps& head : heads) {
    of_heads.push_back(items_of(head.maps, references));
    const ByFinding sums = sums_of(of_heads.back(), 2);
    HeadScore score{head.layer, head.head, macro_mean(sums, &Sum::iou),
                    macro_mean(sums, &Sum::pointing), macro_mean(sums, &Sum::mass)};
    for (const Finding finding : all_findings()) {
      const Sum& sum = sums[static_cast<size_t>(finding)];
      const double pointing = sum.pointing / static_cast<double>(sum.n);
      if (sum.n < kFewItems || !(std::isnan(score.best_pointing) || pointing > score.best_pointing))
        continue;
      score.best = finding;
      score.best_pointing = pointing;
    }
    analysis.heads.push_back(score);
  }
  analysis.chosen_pointing = chosen_pointing(of_heads);
  return analysis;
}

nlohmann::ordered_json heads_to_json(const HeadAnalysis& analysis) {
  nlohmann::ordered_json heads = nlohmann::ordered_json::array();
  for (const HeadScore& head : analysis.heads) {
    const bool has_best = head.best != Finding::kNoFinding;
    heads.push_back(
        {{"layer", head.layer},
         {"head", head.head},
         {"iou_phrase", number(head.iou)},
         {"pointing_phrase", number(head.pointing)},
         {"mass_phrase", number(head.mass)},
         {"best_finding", has_best ? nlohmann::ordered_json(finding_name(head.best)) : nullptr},
         {"best_pointing", has_best ? number(head.best_pointing) : nullptr}});
  }
  return {{"protocol", "phrase; each head's map alone, macro over findings"},
          {"items", analysis.items},
          {"pointing_of_mean", number(analysis.mean_pointing)},
          {"pointing_of_best_head_by_finding_cross_fitted", number(analysis.chosen_pointing)},
          {"heads", std::move(heads)}};
}

std::string heads_text(const HeadAnalysis& analysis) {
  if (analysis.heads.empty()) return "";
  return fmt::format(
      "heads: the mean of {} heads points right in {:.3f}, for each finding its best head (chosen "
      "on the other half of the patients) "
      "in {:.3f} of {} items: {}",
      analysis.heads.size(), analysis.mean_pointing, analysis.chosen_pointing, analysis.items,
      analysis.chosen_pointing > analysis.mean_pointing ? "heads specialise"
                                                        : "no head is better than all together");
}

}  // namespace radgen::evaluation

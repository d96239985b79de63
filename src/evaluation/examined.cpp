#include "radgen/evaluation/examined.h"

#include <algorithm>
#include <cmath>

#include "evaluation/grounding/claim_maps.h"
#include "evaluation/grounding/sentence_regions.h"
#include "evaluation/metric_sums.h"
#include "radgen/report/anatomy.h"

namespace radgen::evaluation {
namespace {

constexpr int kLeastOfAnatomy = 10;  // sentences, for a row of its own

// "right lung", "left lung" -> "lung"; several places are joined.
std::string unsided(const std::vector<std::string>& anatomies) {
  std::string joined;
  std::vector<std::string> seen;
  for (const std::string& name : anatomies) {
    const size_t side = anatomy_side(name) == Side::kNone ? 0 : name.find(' ') + 1;
    const std::string place = name.substr(side);
    if (std::ranges::find(seen, place) != seen.end()) continue;
    seen.push_back(place);
    joined += (joined.empty() ? "" : " and ") + place;
  }
  return joined;
}

// Share of the fixed boxes whose middle lies on the anatomy.
double share_of_middles(const std::vector<Box>& fixed, const std::vector<Box>& boxes) {
  double inside = 0;
  for (const Box& one : fixed) {
    const double x = one.x + one.w / 2, y = one.y + one.h / 2;
    inside += std::ranges::any_of(boxes, [&](const Box& b) {
      return x >= b.x && x < b.x + b.w && y >= b.y && y < b.y + b.h;
    });
  }
  return inside / static_cast<double>(fixed.size());
}

void add_item(const ExaminedItem& item, double weight, ExaminedSums& sums) {
  sums.iou.add(item.iou, weight), sums.pointing.add(item.pointing, weight);
  sums.shown.add(item.is_shown ? 1 : 0, weight);
  sums.prior_iou.add(item.prior_iou, weight);
  sums.prior_pointing.add(item.prior_pointing, weight);
  sums.iou_over.add(item.iou - item.prior_iou, weight);
  sums.pointing_over.add(item.pointing - item.prior_pointing, weight);
}

}  // namespace

AnatomyPrior::AnatomyPrior(std::span<const Reference> train) {
  std::map<std::string, int> counts;
  for (const Reference& reference : train) {
    if (reference.width < 1 || reference.height < 1) continue;
    for (const ReferenceRegion& region : reference.regions) {
      Box& sum = boxes_[region.anatomy];
      sum.x += region.box.x / reference.width, sum.w += region.box.w / reference.width;
      sum.y += region.box.y / reference.height, sum.h += region.box.h / reference.height;
      ++counts[region.anatomy];
    }
  }
  for (auto& [name, box] : boxes_) {
    const double n = counts[name];
    box = {box.x / n, box.y / n, box.w / n, box.h / n};
  }
}

std::vector<Box> AnatomyPrior::boxes(const std::vector<std::string>& anatomies, int width,
                                     int height) const {
  std::vector<Box> found;
  for (const std::string& name : anatomies) {
    const auto it = boxes_.find(name);
    if (it == boxes_.end()) continue;
    const Box& b = it->second;
    found.push_back({b.x * width, b.y * height, b.w * width, b.h * height});
  }
  return found;
}

std::vector<ExaminedItem> examined_items(const Draft& draft, const Reference& reference,
                                         const Labeler& labeler, const AnatomyPrior& prior) {
  std::vector<ExaminedItem> items;
  if (reference.regions.empty()) return items;
  const auto ranges = sentence_ranges(draft);
  std::vector<std::vector<std::string>> anatomies(ranges.size() + 1);
  const std::string text = draft.text();
  for (const ExaminedAnatomy& e : examined_anatomy(text, labeler)) {
    auto& of_sentence = anatomies[sentence_at(ranges, e.begin)];
    for (const std::string& name : e.anatomies)
      if (std::ranges::find(of_sentence, name) == of_sentence.end()) of_sentence.push_back(name);
  }
  std::vector<bool> states(ranges.size() + 1, false);
  for (const Mention& m : labeler.mentions(text))
    if (m.assertion != Assertion::kNegative) states[sentence_at(ranges, m.begin)] = true;
  const auto [width, height] = image_size(reference, draft.map_box);
  for (size_t i = 0; i < ranges.size(); ++i) {
    const std::vector<Box> boxes = boxes_of_anatomy(reference, anatomies[i]);
    if (states[i] || boxes.empty()) continue;
    const DraftSentence& sentence = draft.sentences[i];
    ExaminedItem item{unsided(anatomies[i])};
    item.is_unusual = reference.is_unusual_pose;
    item.is_shown = sentence.region == RegionKind::kExamined && !sentence.boxes.empty();
    if (item.is_shown) {
      item.iou = iou_of_regions(sentence.boxes, boxes, width, height);
      const Box whole{0, 0, static_cast<double>(width), static_cast<double>(height)};
      item.pointing =
          sentence.map.empty()
              ? share_of_middles(sentence.boxes, boxes)
              : score_map(sentence.map, draft.map_box.area() > 0 ? draft.map_box : whole, boxes,
                          width, height)
                    .pointing;
    }
    const std::vector<Box> fixed = prior.boxes(anatomies[i], width, height);
    item.prior_iou = fixed.empty() ? kUndefined : iou_of_regions(fixed, boxes, width, height);
    item.prior_pointing = fixed.empty() ? kUndefined : share_of_middles(fixed, boxes);
    items.push_back(std::move(item));
  }
  return items;
}

void summarize_examined(std::span<const std::vector<ExaminedItem>> studies,
                        std::span<const double> weights, MetricTable& table) {
  ExaminedSums all, unusual;
  std::map<std::string, ExaminedSums> by_anatomy;
  std::map<std::string, int> counts;  // of the items as they are: rows must not come and go
  for (size_t s = 0; s < studies.size(); ++s) {
    for (const ExaminedItem& item : studies[s]) {
      add_item(item, weights[s], all);
      if (item.is_unusual) add_item(item, weights[s], unusual);
      add_item(item, weights[s], by_anatomy[item.anatomy]);
      ++counts[item.anatomy];
    }
  }
  const MetricRegistry& registry = MetricRegistry::standard();
  registry.set(all, table);
  if (unusual.iou.weight > 0) registry.set(unusual, table, "_unusual");
  for (const auto& [anatomy, sums] : by_anatomy) {
    if (counts[anatomy] < kLeastOfAnatomy) continue;
    MetricTable of_anatomy;
    registry.set(sums, of_anatomy);
    for (const char* name : {"iou", "pointing", "prior_iou", "iou_over_prior"}) {
      const std::string group = "grounding.examined.";
      const Metric* metric = of_anatomy.find(group + name);
      table.set(group + "per_anatomy." + anatomy + "." + name, metric->value, metric->n);
    }
  }
}

}  // namespace radgen::evaluation

#include "audit/attention_location.h"

#include <algorithm>
#include <cmath>

namespace radgen::audit {
namespace {

struct Mean {
  double sum = 0;
  int n = 0;
  void add(double v) {
    sum += v;
    ++n;
  }
  double value() const { return n > 0 ? sum / n : kUnknown; }
};

bool is_usable(const AttentionMap& map) {
  if (map.empty() ||
      map.values.size() != static_cast<size_t>(map.rows) * static_cast<size_t>(map.columns)) {
    return false;
  }
  double sum = 0;
  for (const float v : map.values) {
    if (!(v >= 0) || !std::isfinite(v)) return false;
    sum += v;
  }
  return sum > 0 && map.values.size() > 1;
}

// The boxes of what the sentence states, on the side that it states.
std::vector<Box> boxes_of(const std::vector<Mention>& mentions,
                          const evaluation::Reference& reference) {
  std::vector<Box> boxes;
  for (const evaluation::ReferenceBox& box : reference.boxes) {
    const bool is_meant = std::any_of(mentions.begin(), mentions.end(), [&](const Mention& m) {
      return m.finding == box.finding && evaluation::sides_agree(m.side, box.side);
    });
    if (is_meant) boxes.push_back(box.box);
  }
  return boxes;
}

}  // namespace

AttentionLocation attention_location_of(const Draft& draft, const evaluation::Reference& reference,
                                        const Labeler& labeler) {
  Mean entropy, mass, centre_x, centre_y;
  if (reference.width < 1 || reference.height < 1) return {};
  const Box whole{0, 0, static_cast<double>(reference.width),
                  static_cast<double>(reference.height)};
  const Box area = draft.map_box.area() > 0 ? draft.map_box : whole;
  for (const DraftSentence& sentence : draft.sentences) {
    if (!is_usable(sentence.map)) continue;
    std::vector<Mention> mentions = labeler.mentions(sentence.text);
    std::erase_if(mentions, [](const Mention& m) {
      return m.assertion == Assertion::kNegative || m.finding == Finding::kNoFinding;
    });
    if (mentions.empty()) continue;
    const AttentionMap& map = sentence.map;
    double sum = 0, nats = 0, x = 0, y = 0;
    for (const float v : map.values) sum += v;
    for (size_t i = 0; i < map.values.size(); ++i) {
      const double p = map.values[i] / sum;
      if (p > 0) nats -= p * std::log(p);
      x += p * (static_cast<double>(i % static_cast<size_t>(map.columns)) + 0.5) / map.columns;
      y += p * (static_cast<double>(i / static_cast<size_t>(map.columns)) + 0.5) / map.rows;
    }
    entropy.add(nats / std::log(static_cast<double>(map.values.size())));
    centre_x.add((area.x + x * area.w) / whole.w);
    centre_y.add((area.y + y * area.h) / whole.h);
    const std::vector<Box> boxes = boxes_of(mentions, reference);
    if (!boxes.empty()) {
      mass.add(evaluation::score_map(map, area, boxes, reference.width, reference.height).mass);
    }
  }
  return {entropy.value(), mass.value(), centre_x.value(), centre_y.value()};
}

}  // namespace radgen::audit

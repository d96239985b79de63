#include "radgen/data/box_phrase_matching.h"

#include <algorithm>
#include <cctype>

namespace radgen {
namespace {

struct Sides {
  bool has_left = false, has_right = false;
  void add(Side side) {
    has_left |= side == Side::kLeft || side == Side::kBilateral;
    has_right |= side == Side::kRight || side == Side::kBilateral;
  }
  Side side() const {
    if (has_left && has_right) return Side::kBilateral;
    return has_left ? Side::kLeft : has_right ? Side::kRight : Side::kNone;
  }
};

bool can_have_box(const Mention& mention) {
  return mention.assertion != Assertion::kNegative && mention.finding != Finding::kNoFinding;
}

bool is_one_sided(Side side) { return side == Side::kLeft || side == Side::kRight; }

}  // namespace

Side side_of_phrase(const Labeler& labeler, Finding finding, const std::string& phrase) {
  Sides sides;
  for (const Mention& mention : labeler.mentions(phrase)) {
    if (mention.finding == finding) sides.add(mention.side);
  }
  if (sides.side() != Side::kNone) return sides.side();
  std::string word;
  for (const char c : phrase + " ") {
    if (std::isalpha(static_cast<unsigned char>(c))) {
      word.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
      continue;
    }
    if (word == "left" || word == "right") sides.add(word == "left" ? Side::kLeft : Side::kRight);
    if (word == "bilateral" || word == "bilaterally" || word == "both") sides.add(Side::kBilateral);
    word.clear();
  }
  return sides.side();
}

std::vector<BoxLink> link_boxes(const std::vector<Mention>& mentions,
                                const std::vector<FindingBox>& boxes) {
  std::vector<BoxLink> links(mentions.size());
  for (size_t m = 0; m < mentions.size(); ++m) {
    const Mention& mention = mentions[m];
    if (!can_have_box(mention)) continue;
    std::vector<size_t> same_side, unsided, bilateral;
    for (size_t b = 0; b < boxes.size(); ++b) {
      if (boxes[b].finding != finding_name(mention.finding)) continue;
      const Side side = side_from_name(boxes[b].side);
      if (!is_one_sided(mention.side) || side == mention.side) same_side.push_back(b);
      if (side == Side::kNone) unsided.push_back(b);
      if (side == Side::kBilateral) bilateral.push_back(b);
    }
    if (!same_side.empty()) {
      links[m].boxes = std::move(same_side);
      continue;
    }
    const bool is_only_side = std::ranges::all_of(mentions, [&](const Mention& other) {
      return other.finding != mention.finding || !can_have_box(other) ||
             other.side == mention.side || other.side == Side::kNone;
    });
    if (!unsided.empty() && is_only_side) {
      links[m].boxes = std::move(unsided);
    } else {
      links[m].is_ambiguous = !unsided.empty() || !bilateral.empty();
    }
  }
  return links;
}

LinkCounts count_links(const std::vector<Mention>& mentions, const std::vector<FindingBox>& boxes) {
  LinkCounts counts;
  if (boxes.empty()) return counts;
  std::vector<bool> is_named(boxes.size(), false);
  for (const BoxLink& link : link_boxes(mentions, boxes)) {
    counts.linked_mentions += link.boxes.empty() ? 0 : 1;
    counts.ambiguous_mentions += link.is_ambiguous ? 1 : 0;
    for (const size_t b : link.boxes) is_named[b] = true;
  }
  counts.boxes_without_words = static_cast<size_t>(std::ranges::count(is_named, false));
  return counts;
}

}  // namespace radgen

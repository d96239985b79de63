#include "evaluation/evidence.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace radgen::evaluation {
namespace {

// Byte ranges of the draft's sentences in its text; found by their words where the file does not
// say.
std::vector<std::pair<size_t, size_t>> sentence_ranges(const Draft& draft) {
  std::vector<std::pair<size_t, size_t>> ranges;
  const std::string text = draft.text();
  size_t cursor = 0;
  for (const DraftSentence& sentence : draft.sentences) {
    if (sentence.end > sentence.begin) {
      ranges.emplace_back(sentence.begin, sentence.end);
      continue;
    }
    const size_t found =
        sentence.text.empty() ? std::string::npos : text.find(sentence.text, cursor);
    if (found == std::string::npos) {
      ranges.emplace_back(0, 0);
      continue;
    }
    cursor = found + sentence.text.size();
    ranges.emplace_back(found, cursor);
  }
  return ranges;
}

}  // namespace

std::pair<int, int> picture_size(const Reference& reference, const Box& map_box) {
  if (reference.width > 0 && reference.height > 0) return {reference.width, reference.height};
  return {static_cast<int>(std::ceil(map_box.x + map_box.w)),
          static_cast<int>(std::ceil(map_box.y + map_box.h))};
}

MapScore score_draft_claim(const Draft& draft, const StudyWords& words, const Claim& claim,
                           const Reference& reference, const std::vector<Box>& boxes,
                           bool& is_shown) {
  const std::vector<std::pair<size_t, size_t>> ranges = sentence_ranges(draft);
  std::set<size_t> sentences;
  for (const size_t mention : claim.mentions) {
    const size_t at = words.mentions[mention].begin;
    for (size_t i = 0; i < ranges.size(); ++i) {
      if (at >= ranges[i].first && at < ranges[i].second) sentences.insert(i);
    }
  }
  is_shown = false;
  AttentionMap mean;
  std::vector<Box> drawn;
  for (const size_t i : sentences) {
    const DraftSentence& sentence = draft.sentences[i];
    is_shown = is_shown || sentence.is_grounded;
    drawn.insert(drawn.end(), sentence.boxes.begin(), sentence.boxes.end());
    if (sentence.map.empty()) continue;
    if (mean.empty()) {
      mean = sentence.map;
    } else if (mean.values.size() == sentence.map.values.size()) {
      for (size_t k = 0; k < mean.values.size(); ++k) mean.values[k] += sentence.map.values[k];
    }
  }
  const auto [width, height] = picture_size(reference, draft.map_box);
  const Box whole{0, 0, static_cast<double>(width), static_cast<double>(height)};
  if (mean.empty()) {
    if (drawn.empty() || width < 1 || height < 1) return {};
    return score_map(boxes_as_map(drawn, width, height), whole, boxes, width, height);
  }
  return score_map(mean, draft.map_box.area() > 0 ? draft.map_box : whole, boxes, width, height);
}

PhraseIndex::PhraseIndex(const std::vector<PhraseMap>& maps) {
  for (const PhraseMap& map : maps) maps_.emplace(std::pair{map.study_id, map.finding}, &map);
}

const PhraseMap* PhraseIndex::find(const std::string& study_id, Finding finding, Side side) const {
  const PhraseMap* best = nullptr;
  const auto [begin, end] = maps_.equal_range({study_id, finding});
  for (auto i = begin; i != end; ++i) {
    if (i->second->side == side) return i->second;
    if (best == nullptr && sides_agree(i->second->side, side)) best = i->second;
  }
  return best;
}

Grid grid_of(const Draft* draft, const PhraseMap* phrase) {
  if (phrase != nullptr && !phrase->map.empty()) {
    return {phrase->map.rows, phrase->map.columns, phrase->map_box};
  }
  if (draft != nullptr) {
    for (const DraftSentence& sentence : draft->sentences) {
      if (!sentence.map.empty()) return {sentence.map.rows, sentence.map.columns, draft->map_box};
    }
  }
  return {};
}

}  // namespace radgen::evaluation

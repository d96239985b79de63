#include "evaluation/grounding/claim_maps.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "evaluation/grounding/sentence_regions.h"

namespace radgen::evaluation {

std::pair<int, int> image_size(const Reference& reference, const Box& map_box) {
  if (reference.width > 0 && reference.height > 0) return {reference.width, reference.height};
  return {static_cast<int>(std::ceil(map_box.x + map_box.w)),
          static_cast<int>(std::ceil(map_box.y + map_box.h))};
}

ClaimSentences sentences_of_claim(const Draft& draft, const ExtractedFindings& words,
                                  const Claim& claim) {
  const std::vector<std::pair<size_t, size_t>> ranges = sentence_ranges(draft);
  std::set<size_t> sentences;
  for (const size_t mention : claim.mentions) {
    const size_t at = words.mentions[mention].begin;
    if (const size_t i = sentence_at(ranges, at); i < ranges.size()) sentences.insert(i);
  }
  ClaimSentences result;
  result.sentences.assign(sentences.begin(), sentences.end());
  AttentionMap& mean = result.map;
  float maps = 0;
  for (const size_t i : sentences) {
    const DraftSentence& sentence = draft.sentences[i];
    result.is_shown = result.is_shown || is_shown_with_region(sentence);
    result.score = std::max(result.score, sentence.score);
    result.confidence = std::max(result.confidence, sentence.confidence);
    if (sentence.region != RegionKind::kExamined)  // what was found empty is no evidence
      result.drawn.insert(result.drawn.end(), sentence.boxes.begin(), sentence.boxes.end());
    if (sentence.map.empty()) continue;
    if (mean.empty()) {
      mean = sentence.map;
    } else if (mean.values.size() == sentence.map.values.size()) {
      for (size_t k = 0; k < mean.values.size(); ++k) mean.values[k] += sentence.map.values[k];
    } else {
      continue;
    }
    ++maps;
  }
  for (float& value : mean.values) value /= maps;
  return result;
}

double iou_of_regions(const std::vector<Box>& drawn, const std::vector<Box>& boxes, int width,
                      int height) {
  if (drawn.empty() || width < 1 || height < 1) return kUndefined;
  constexpr size_t kHalf = 9;  // drawn boxes are whole or not there: any middle threshold will do
  const Box whole{0, 0, static_cast<double>(width), static_cast<double>(height)};
  return score_map(boxes_as_map(drawn, width, height), whole, boxes, width, height).iou[kHalf];
}

MapScore score_draft_claim(const Draft& draft, const ExtractedFindings& words, const Claim& claim,
                           const Reference& reference, const std::vector<Box>& boxes,
                           bool& is_shown, ClaimRegions* claim_regions) {
  const ClaimSentences claimed = sentences_of_claim(draft, words, claim);
  const std::vector<Box>& drawn = claimed.drawn;
  is_shown = claimed.is_shown;
  const auto [width, height] = image_size(reference, draft.map_box);
  const Box whole{0, 0, static_cast<double>(width), static_cast<double>(height)};
  if (claim_regions != nullptr) claim_regions->score = claimed.score;
  if (claim_regions != nullptr)
    claim_regions->region_iou = iou_of_regions(drawn, boxes, width, height);
  if (claimed.map.empty()) {
    if (drawn.empty() || width < 1 || height < 1) return {};
    MapScore score = score_map(boxes_as_map(drawn, width, height), whole, boxes, width, height);
    score.attention = std::numeric_limits<float>::quiet_NaN();
    return score;
  }
  return score_map(claimed.map, draft.map_box.area() > 0 ? draft.map_box : whole, boxes, width,
                   height);
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

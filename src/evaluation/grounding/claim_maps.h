// The maps behind a model's sentences, and the best maps that its patch grid allows.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "radgen/evaluation/grounding/grounding.h"
#include "radgen/report/prediction.h"

namespace radgen::evaluation {

struct Grid {
  int rows = 0, columns = 0;
  Box box;  // prepared-image pixels
};

// Width and height of the prepared image; where the reference does not say, what the map's
// rectangle spans.
std::pair<int, int> image_size(const Reference& reference, const Box& map_box);

// What a claim's sentences say of their own evidence.
struct ClaimRegions {
  double score = 0;                // the largest grounding score
  double region_iou = kUndefined;  // of the regions that they show; NaN: they show none
};

// What the sentences that make a claim show together.
struct ClaimSentences {
  std::vector<size_t> sentences;  // indices into Draft::sentences
  AttentionMap map;               // mean of their maps; empty: they have none
  std::vector<Box> drawn;         // their boxes, prepared-image pixels
  bool is_shown = false;          // one of them shows its evidence
  double score = 0;               // the largest grounding score
  double confidence = 0;          // the largest confidence
};
ClaimSentences sentences_of_claim(const Draft& draft, const ExtractedFindings& words,
                                  const Claim& claim);

// IoU of regions that are drawn as boxes with the boxes of the reference; NaN
// when nothing is drawn or the image has no size.
double iou_of_regions(const std::vector<Box>& drawn, const std::vector<Box>& boxes, int width,
                      int height);

// Scores the mean of the maps of the sentences that make the claim (their boxes where they have no
// maps). `is_shown`: one of them shows its evidence.
MapScore score_draft_claim(const Draft& draft, const ExtractedFindings& words, const Claim& claim,
                           const Reference& reference, const std::vector<Box>& boxes,
                           bool& is_shown, ClaimRegions* claim_regions = nullptr);

// Phrase maps by study; find() prefers the same side.
class PhraseIndex {
 public:
  explicit PhraseIndex(const std::vector<PhraseMap>& maps);
  const PhraseMap* find(const std::string& study_id, Finding finding, Side side) const;

 private:
  std::multimap<std::pair<std::string, Finding>, const PhraseMap*> maps_;
};

// The patch grid that the drafts or phrase maps use; rows 0 when there is no map at all.
Grid grid_of(const Draft* draft, const PhraseMap* phrase);

}  // namespace radgen::evaluation

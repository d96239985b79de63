// Does a sentence's map lie on what the sentence speaks of? Scores of one map, and the two
// protocols.
//
//   MapScore s = score_map(map, map_box, {box}, width, height);
//   s.iou[level(0.1)], s.pointing, s.mass
//
// A map is divided by its maximum, enlarged bilinearly (cell centres, edges held) over its
// rectangle, cut at a threshold and compared with the union of the boxes of the sentence's finding
// and side. All on a raster of the prepared image with at most kRasterPx on the long side; boxes
// cover raster pixels by the share that they overlap. Outside its rectangle a map is 0.
//
// Protocols (items are averaged by finding, then over findings):
//   phrase      the reference sentence is forced on the model: one item for every boxed finding and
//               side.
//   end_to_end  the generated report: one item for every finding and side that the draft states,
//               and one for every boxed one that it misses (0). A statement of a finding that the
//               reference neither boxes on that side nor states is a false positive (0); one of a
//               finding that the references never box, or that the reference states without a box,
//               is left out: nothing can be said about its map.
#pragma once

#include <array>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "radgen/evaluation/clinical/clinical.h"
#include "radgen/evaluation/metrics.h"
#include "radgen/evaluation/reference.h"
#include "radgen/report/prediction.h"

namespace radgen::evaluation {

inline constexpr int kRasterPx = 256;
inline constexpr int kLevels = 19;       // thresholds .05, .10, ... .95 of the maximum
inline constexpr int kDefaultLevel = 1;  // .1
inline double threshold_of(int level) { return 0.05 * (level + 1); }
inline constexpr int kMinBoxedItems =
    10;  // a finding with fewer boxed items is left out of macro means

struct MapScore {
  std::array<float, kLevels> iou{};
  float pointing =
      0;  // share of the map's maximal raster pixels that touch a box (a plateau counts in part)
  float mass = 0;  // share of the map's sum inside the boxes
  // At the default level: raster pixels in both map and boxes, and in either (for the pooled IoU),
  // and the share of the image that the map marks.
  float both_px = 0, either_px = 0, area = 0;
  float cnr = std::numeric_limits<float>::quiet_NaN();  // contrast-to-noise ratio
  float attention = 0, raw_peak = 0;                    // sum and maximum of the map's raw values
  // Share of the map, and of the boxes, in the right half of the image; .5 without any.
  float right_share = 0.5f, box_right_share = 0.5f;
};

// `boxes`, `map_box`, `width`, `height`: prepared-image pixels. An empty or all-zero map scores
// 0.
MapScore score_map(const AttentionMap& map, const Box& map_box, const std::vector<Box>& boxes,
                   int width, int height);

// The share of each patch that the boxes cover: the best that a map of this grid can be expected to
// say, and so the ceiling.
AttentionMap coverage_map(const std::vector<Box>& boxes, int rows, int columns, const Box& map_box);

// Maps of regions that were drawn as boxes (a stranger's file without maps).
AttentionMap boxes_as_map(const std::vector<Box>& boxes, int width, int height);

// Model's map of one boxed finding, from the reference sentence teacher-forced.
struct PhraseMap {
  std::string study_id;
  Finding finding = Finding::kNoFinding;
  Side side = Side::kNone;
  AttentionMap map;
  Box map_box;               // prepared-image pixels
  double score = 0;          // calibrated grounding score, 0..1; 0 for all: not known
  std::vector<Box> regions;  // as a draft would draw them, prepared-image pixels; may be empty
};

// A finding and side that a text states (positive or uncertain); `sentences`: where, as indices
// into the labeler's sentences.
struct Claim {
  Finding finding = Finding::kNoFinding;
  Side side = Side::kNone;
  std::vector<size_t> mentions;  // indices into ExtractedFindings::mentions
};
std::vector<Claim> claims_of(const ExtractedFindings& words);

// Same side, or one of them is not stated, or covers both sides.
bool sides_agree(Side a, Side b);

enum class ItemKind { kScored, kMissed, kFalsePositive };
struct GroundedItem {
  Finding finding = Finding::kNoFinding;
  ItemKind kind = ItemKind::kScored;
  bool is_boxed = true;  // obligatory in the references (missed and phrase items always)
  bool is_shown = true;  // the draft shows the evidence (sentence marked grounded)
  MapScore score;
  Side side = Side::kNone;  // that the sentence states
};
using StudyItems = std::vector<GroundedItem>;

// Scores the map behind a claim against the boxes; sets `is_shown` of the item.
using ScoreClaim =
    std::function<MapScore(const Claim& claim, const std::vector<Box>& boxes, bool& is_shown)>;

StudyItems phrase_items(const Reference& reference, const ScoreClaim& score);
// `boxable`: findings with a box anywhere in the references.
StudyItems end_to_end_items(const Reference& reference, const ExtractedFindings& reference_words,
                            FindingSet boxable, std::span<const Claim> claims,
                            const ScoreClaim& score);

FindingSet boxable_findings(std::span<const Reference> references);
// The findings that macro means are over: at least kMinBoxedItems (finding, side) groups in the
// references; when no finding has so many, every finding that has one.
FindingSet macro_findings(std::span<const Reference> references);

// For each study the level (index of a threshold) that serves the macro IoU best on the other half
// of the studies: a threshold that was not chosen on the study it is used for. Halves by hash of
// the study id.
std::vector<int> cross_fitted_levels(std::span<const StudyItems> studies,
                                     std::span<const std::string> study_ids, FindingSet findings);

// A map's sentence is on the right side when more than half of the map lies in the half of the
// image where its boxes are. Only for sentences of one side, with boxes of that side alone.
bool has_one_side(const GroundedItem& item);
bool is_on_right_side(const GroundedItem& item);

// Sets grounding.{iou,pointing,mass,...}`suffix` and grounding.per_finding.*. `levels`: for
// iou_chosen, one per study.
void summarize_grounding(std::span<const StudyItems> studies, std::span<const double> weights,
                         std::span<const int> levels, FindingSet findings,
                         const std::string& suffix, MetricTable& table);

}  // namespace radgen::evaluation

// A drafted report as it lies on disk (predictions.jsonl, prediction.json; DESIGN "Predictions")
// and in memory. eval-radgen scores any such file; only study_id and a text are obligatory.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "radgen/core/geometry.h"
#include "radgen/report/finding.h"

namespace radgen {

// Attention of one sentence over the patch grid, row major, values as the model gave them (they sum
// to the grounded mass, at most 1). Empty: no map.
struct AttentionMap {
  int rows = 0, columns = 0;
  std::vector<float> values;
  bool empty() const { return values.empty(); }
};

// What speaks for a region: read off the sentence's map and, where the network has one, the finding
// head's logits of the sentence's finding f (their mean over several findings; 0 without a head).
struct RegionFeatures {
  double mass = 0;           // of the map: 1 - what went to the null key, 0..1
  double concentration = 0;  // 1 - entropy / log N of the map over its mass, 0..1: 0 for a flat one
  double support = 0;        // mean logit of f in the patches, weighted by the map
  double best_gap = 0;       // the largest logit of f in the image less `support`: f lies elsewhere
  double presence = 0;       // logit of P(f) in the whole image
  std::vector<Finding> findings;  // positive or uncertain ones of the sentence
};

// What a sentence's boxes say: kEvidence: a finding is here. kExamined: this was looked at and
// nothing was found. The two are never mixed.
enum class RegionKind { kNone, kEvidence, kExamined };
const std::string& region_kind_name(RegionKind kind);  // "none", "evidence", "examined"
RegionKind region_kind_from_name(const std::string& name);

struct DraftSentence {
  std::string text;
  size_t begin = 0, end = 0;  // bytes in Draft::text()
  bool is_grounded = false;   // region is kEvidence; false: must never be shown with evidence
  RegionKind region = RegionKind::kNone;
  // of kNone: "below_threshold", "wrong_side", "not_calibrated", "no_attention", "technique",
  // "comparison", "no_anatomy"
  std::string no_region_reason;
  std::vector<std::string> anatomies;  // of kExamined: what was looked at (report/anatomy.h)
  // It states a finding and has no region that bears it out: a reader must be told.
  bool is_unsupported = false;
  // It states a size that is not its region's, or that nobody can check: the pixel spacing is not
  // known. A reader must be told.
  bool has_unsupported_size = false;
  // Does hiding its region change the sentence more than hiding other places of the same organs
  // (inference/faithfulness.h)? Empty: not asked, or there are no such places.
  std::optional<bool> is_verified;
  // grounding score, 0..1 (uncalibrated until calibration.json says otherwise)
  double score = 0;
  RegionFeatures region_features;  // what the score was made of; not written to disk
  double word_probability = 0;     // exp(mean log P) of its tokens, 0..1; not written to disk
  // P(what it states is there, on that side) by calibration.json; else word_probability
  double confidence = 0;
  // Of the samples among which the draft was chosen (inference/stability.h): the share that states
  // the same, and for one-sided findings the share that agrees on the side. Empty: none, or nothing
  // is stated.
  std::optional<double> stability, side_stability;
  double entropy = 0;      // of the map, in nats
  std::vector<Box> boxes;  // prepared-image pixels
  AttentionMap map;
  std::string map_file;  // 16-bit PNG beside the file; value x map_scale = attention
  double map_scale = 0;
};

struct Draft {
  std::string study_id, image_id;
  std::string status = "drafted";  // or "not_reportable"
  std::string reason;              // of not_reportable: code and sentence
  std::vector<std::string> warnings;
  std::string findings, impression;
  double confidence = 0;
  Box map_box;  // the patch grid's rectangle in prepared-image pixels
  std::vector<DraftSentence> sentences;
  std::vector<Mention> mentions;  // offsets in text()
  Labels labels;
  std::map<std::string, double> timing_ms;  // load, encode, decode, post
  std::string model_version, model_sha256;

  // What is scored and what offsets count in: findings, one newline, impression (either may be
  // empty).
  std::string text() const;
};

nlohmann::ordered_json draft_to_json(const Draft& draft);
// Tolerant of missing fields; throws Error{kData} that names `where` when study_id or every text is
// missing.
Draft draft_from_json(const nlohmann::json& json, const std::string& where);

}  // namespace radgen

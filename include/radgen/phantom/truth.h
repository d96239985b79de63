// What is true of a phantom study: the contract between the film (what shows), the words (what is
// said) and the self-check. Written to truth.jsonl beside the data set; only the evaluation reads
// it.
#pragma once

#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "radgen/core/geometry.h"
#include "radgen/report/finding.h"

namespace radgen::phantom {

enum class Lobe { kNone, kUpper, kMiddle, kLower, kLingula };
// "", "upper lobe", "middle lobe", "lower lobe", "lingula"
const std::string& lobe_name(Lobe lobe);

// A finding as planned (before the film) and as drawn (box, mask, visible filled in by the film).
struct TrueFinding {
  Finding finding = Finding::kNoFinding;
  // what it is in detail: "nodule", "mass", "plate", "lobar_collapse", "endotracheal_tube",
  std::string kind;
  // "central_line", "gastric_tube", "pacemaker", "chest_tube",
  // "pleural_thickening", "plaque", "layering_effusion",
  // "tension_pneumothorax", ...; empty: the usual one
  Side side = Side::kNone;
  Lobe lobe = Lobe::kNone;
  Severity severity = Severity::kModerate;
  double size_mm = 0;             // diameter, rim width, ...; 0: has none
  double volume_ml = 0;           // effusions
  double measure = 0;             // cardiothoracic ratio, tip above carina in mm, ...
  bool is_healed = false;         // fractures
  bool is_malpositioned = false;  // devices
  // set by the film: contrast and size reach the threshold of perception
  bool is_visible = true;
  bool is_mentioned = false;     // set by the words
  bool is_hedged = false;        // set by the words
  double contrast_to_noise = 0;  // set by the film
  Box box;                       // upright film pixels; set by the film (w = h = 0: none)
  // mask as polygons in upright film pixels; set by the film
  std::vector<std::vector<cv::Point>> outline;
};

// Where a piece of anatomy lies (names: report/anatomy.h), in upright film pixels.
struct AnatomyBox {
  std::string anatomy;
  Box box;
};

struct Patient {  // the same in all studies of a patient
  std::string id;
  bool is_male = true;
  double age_years = 60;
  std::string race;  // drawn independently of all else
  uint64_t anatomy_seed = 0;
};

struct StudyTruth {
  std::string study_id, dicom_id;
  Patient patient;
  std::string split;  // train validate test test_wording test_shift
  bool is_ap = false, is_supine = false;
  bool is_poor_inspiration = false, is_angle_cut_off = false, has_side_marker = true;
  double rotation_degrees = 0;
  double cardiothoracic_ratio = 0;    // as drawn
  bool is_shifted_vendor = false;     // test_shift: another look-up table, noise and field
  bool is_degraded = false;           // --bias contrast: poorer film
  std::vector<TrueFinding> findings;  // empty: a normal study
  std::vector<AnatomyBox> anatomy;    // set by the film; exact
  // "nipple", "granuloma", "vessel_end_on", "skin_fold", "ecg_leads", ...
  std::vector<std::string> distractors;
  std::string indication, findings_text, impression_text;
  // the grammar's second rendering of the same truth (findings, newline, impression)
  std::string oracle_text;
  // --twin: the study it is a twin of, the finding that was taken out
  std::string twin_of, twin_without;
};

nlohmann::ordered_json truth_to_json(const StudyTruth& truth);
StudyTruth truth_from_json(const nlohmann::json& json, const std::string& where);

}  // namespace radgen::phantom

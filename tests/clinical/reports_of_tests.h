// A film and a draft with a sentence of each kind: evidence, examined, unsupported, none.
#pragma once

#include <string>

#include "radgen/clinical/report_folder.h"

namespace radgen::testing {

// A film of 80 x 60 stored pixels that is mirrored to stand upright.
inline Film film() {
  Film f;
  f.pixels = cv::Mat(60, 80, CV_16UC1);
  for (int i = 0; i < 60 * 80; ++i)
    f.pixels.at<uint16_t>(i / 80, i % 80) = static_cast<uint16_t>(i * 13);
  f.stored_to_upright.m = {-1, 0, 80, 0, 1, 0};
  f.is_dicom = true;
  f.tags.patient_id = "SECRET-ID";
  f.tags.accession = "SECRET-ACC";
  f.tags.study_uid = "1.2.3.99977";
  f.tags.study_date = "20260102";
  return f;
}

inline Draft draft_with_map() {
  Draft d;
  d.study_id = "a/film.dcm";
  d.image_id = d.study_id;
  d.findings = "Left effusion. No edema. Possible nodule.";
  d.impression = "Stable.";
  d.map_box = {0, 0, 40, 30};
  d.model_version = "0.1.0";
  d.model_sha256 = std::string(64, 'b');
  const AttentionMap map{2, 2, {0.0f, 0.2f, 0.4f, 0.1f}};
  d.sentences = {
      {.text = "Left effusion.",
       .begin = 0,
       .end = 14,
       .is_grounded = true,
       .score = 0.8,
       .boxes = {{10, 5, 10, 20}},
       .map = map},
      {.text = "No edema.",
       .begin = 15,
       .end = 24,
       .region = RegionKind::kExamined,
       .anatomies = {"right lung", "left lung"},
       .boxes = {{2, 2, 30, 20}},
       .map = map},
      {.text = "Possible nodule.",
       .begin = 25,
       .end = 41,
       .no_region_reason = "below_threshold",
       .is_unsupported = true,
       .boxes = {{1, 1, 5, 5}},
       .map = map},
      {.text = "Stable.", .begin = 42, .end = 49, .no_region_reason = "comparison", .map = map}};
  d.mentions = {{.finding = Finding::kPleuralEffusion, .side = Side::kLeft, .begin = 5, .end = 13},
                {.finding = Finding::kEdema,
                 .assertion = Assertion::kNegative,
                 .begin = 18,
                 .end = 23,
                 .sentence = 1},
                {.finding = Finding::kLungLesion,
                 .assertion = Assertion::kUncertain,
                 .begin = 34,
                 .end = 40,
                 .sentence = 2}};
  return d;
}

// Prepared at half the size.
inline FilmReport report_of(const Film& f) {
  return {.film = f,
          .draft = draft_with_map(),
          .upright_to_prepared = Affine::scale_shift(0.5, 0.5, 0, 0),
          .prepared_width_px = 40,
          .prepared_height_px = 30};
}

}  // namespace radgen::testing

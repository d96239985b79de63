// The page of one drafted report: the film beside its sentences; pointing at a sentence shows where
// the model looked when it wrote it, and pointing at a box shows its sentence. One HTML file that
// needs nothing else: no network, no other files (a content security policy forbids both).
//
//   ReportPageData data;
//   data.film_png = encode_png(upright_8bit);
//   data.findings = {{.text = "Small left effusion.", .boxes = {box}}};
//   data.findings[0].grounding = Grounding::kRegions;
//   write_file_atomic(dir / "report.html", pages::report_page_html(data));
//
// The address may name a sentence, counted from 1 over findings and impression:
// report.html#sentence=3 pins it. Every text is escaped. A sentence that is not kRegions has no map
// and no boxes in the page, whatever the data hold. The caller sees to it that no patient data gets
// in.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "radgen/core/geometry.h"

namespace radgen::pages {

enum class Grounding {
  kRegions,  // grounded: has boxes and a map
  kNone,     // claims something that the model could not point at
  kAbsence,  // says that something is not there: nothing to point at
};

struct ReportSentence {
  std::string text;
  Grounding grounding = Grounding::kNone;
  double confidence = 0;   // 0..1
  double score = 0;        // grounding score, 0..1
  std::vector<Box> boxes;  // film pixels
  int map_rows = 0, map_columns = 0;
  std::vector<float> map;  // row major over ReportPageData::map_box; empty: none
};

struct ReportPageData {
  std::string title = "Chest radiograph";
  std::string notice;              // the standing line, in header and footer
  std::string version;             // of the program, in the footer
  std::string alarm_title, alarm;  // a red banner; empty: none
  std::string remark;              // a quiet banner; empty: none
  // when refusal_code is not empty there is no draft
  std::string refusal_title, refusal, refusal_code;

  std::string film_png;                          // 8-bit grey, upright, any scale of the film
  double film_width_px = 0, film_height_px = 0;  // the space of boxes and map_box
  double mm_per_px = 0;                          // of the film; 0: unknown, no scale bar
  std::string spacing_note;            // behind the scale bar's length: " at the detector"
  bool is_orientation_stated = false;  // false: the sides' letters get a question mark

  Box map_box;  // film pixels
  std::vector<ReportSentence> findings, impression;
  // name, value: model, timings, thresholds
  std::vector<std::pair<std::string, std::string>> facts;
};

// Throws Error{kInternal} when film_png is no PNG, the film has no size, or a map does not fill its
// grid.
std::string report_page_html(const ReportPageData& data);

}  // namespace radgen::pages

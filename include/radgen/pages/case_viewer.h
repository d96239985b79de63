// Cases to leaf through: a film with its map and boxes beside the words, kind by kind, with buttons
// and arrow keys. Markup for a page; it needs nothing else and no network.
//
//   CaseViewer viewer;
//   viewer.images.push_back({encode_jpeg(film), 512, 500});      // shared by cases of one film
//   viewer.cases.push_back({.image = 0, .title = "Left pleural effusion", ...});
//   viewer.kinds.push_back({"Errors", "wrong_side", "Wrong side", "worst first", 17, {0}});
//   page.add_html(case_viewer_html(viewer));
//
// A page holds one viewer. The address may name a kind and a case in it, counted from 1:
// errors.html#wrong_side/2. Every text is escaped. The caller sees to it that no patient data gets
// into pages that leave the house.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "radgen/core/geometry.h"

namespace radgen::pages {

struct ViewerImage {
  std::string jpeg;                    // bytes; 8-bit grey, upright
  double width_px = 0, height_px = 0;  // the space of boxes and maps
};

enum class BoxKind { kReference, kDraft, kOther };

struct ViewerBox {
  Box box;  // in the image's space
  BoxKind kind = BoxKind::kReference;
  std::string label;
};

// A text in parts; the marked ones are what the case is about.
using MarkedText = std::vector<std::pair<std::string, bool>>;

struct ViewerCase {
  size_t image = 0;  // index into CaseViewer::images
  std::string title, remark;
  std::vector<std::pair<std::string, std::string>> facts;  // name, value
  int map_rows = 0, map_columns = 0;
  std::vector<float> map;  // row major over map_box; empty: none
  Box map_box;
  std::string map_note;  // whose attention it is, or why there is none
  std::vector<ViewerBox> boxes;
  MarkedText draft, reference;
};

struct ViewerKind {
  std::string group;        // heading in the list of kinds; neighbours of one group stand together
  std::string name;         // for the address: letters, digits, _
  std::string title, lead;  // of the list, and one sentence below it
  size_t count = 0;         // of all such cases, shown or not
  std::vector<size_t> cases;
};

struct CaseViewer {
  std::vector<ViewerImage> images;
  std::vector<ViewerCase> cases;
  std::vector<ViewerKind> kinds;  // those without a case are left out
};

// Empty when no kind has a case. Throws Error{kInternal} when an index points nowhere or a map does
// not fill its grid.
std::string case_viewer_html(const CaseViewer& viewer);

}  // namespace radgen::pages

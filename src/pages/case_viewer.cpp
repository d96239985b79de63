#include "radgen/pages/case_viewer.h"

#include <algorithm>

#include "pages/embed.h"
#include "radgen/core/error.h"
#include "radgen/pages/page.h"

namespace radgen {

// Embedded from src/web at build time.
extern const char* const kHeatJs;
extern const char* const kCaseViewerHtml;
extern const char* const kCaseViewerCss;
extern const char* const kCaseViewerJs;

namespace pages {
namespace {

using nlohmann::ordered_json;

const char* kind_name(BoxKind kind) {
  switch (kind) {
    case BoxKind::kReference:
      return "reference";
    case BoxKind::kDraft:
      return "draft";
    case BoxKind::kOther:
      return "other";
  }
  return "reference";
}

ordered_json image_json(const ViewerImage& image) {
  RADGEN_CHECK(image.width_px > 0 && image.height_px > 0, "a picture's size is missing");
  return {{"source", jpeg_data_uri(image.jpeg)},
          {"width_px", image.width_px},
          {"height_px", image.height_px}};
}

ordered_json text_json(const MarkedText& text) {
  ordered_json parts = ordered_json::array();
  for (const auto& [words, is_marked] : text) parts.push_back({words, is_marked});
  return parts;
}

ordered_json case_json(const ViewerCase& c) {
  ordered_json boxes = ordered_json::array(), facts = ordered_json::array();
  for (const ViewerBox& box : c.boxes) {
    ordered_json json = box_json(box.box);
    json["kind"] = kind_name(box.kind);
    json["label"] = box.label;
    boxes.push_back(std::move(json));
  }
  for (const auto& [name, value] : c.facts) facts.push_back({name, value});
  ordered_json json{{"picture", c.image},          {"title", c.title},
                    {"remark", c.remark},          {"facts", std::move(facts)},
                    {"map_note", c.map_note},      {"boxes", std::move(boxes)},
                    {"draft", text_json(c.draft)}, {"reference", text_json(c.reference)}};
  if (!c.map.empty()) {
    json["map_box"] = box_json(c.map_box);
    json["map"] = {{"rows", c.map_rows},
                   {"columns", c.map_columns},
                   {"values", map_bytes(c.map, c.map_rows, c.map_columns)}};
  }
  return json;
}

}  // namespace

std::string case_viewer_html(const CaseViewer& viewer) {
  ordered_json images = ordered_json::array(), cases = ordered_json::array(),
               kinds = ordered_json::array();
  for (const ViewerKind& kind : viewer.kinds) {
    for (const size_t i : kind.cases) {
      RADGEN_CHECK(i < viewer.cases.size(), "a kind names a case that is not there");
    }
    if (kind.cases.empty()) continue;
    kinds.push_back({{"group", kind.group},
                     {"name", kind.name},
                     {"title", kind.title},
                     {"lead", kind.lead},
                     {"count", kind.count},
                     {"cases", kind.cases}});
  }
  if (kinds.empty()) return "";
  for (const ViewerImage& image : viewer.images) images.push_back(image_json(image));
  for (const ViewerCase& c : viewer.cases) {
    RADGEN_CHECK(c.image < viewer.images.size(), "a case names a picture that is not there");
    cases.push_back(case_json(c));
  }
  const ordered_json data{
      {"pictures", std::move(images)}, {"cases", std::move(cases)}, {"kinds", std::move(kinds)}};
  return std::string("<style>") + kCaseViewerCss + "</style>\n" + kCaseViewerHtml +
         "<script type=\"application/json\" id=\"viewer-data\">" + script_safe(data) +
         "</script>\n<script>" + kHeatJs + kCaseViewerJs + "</script>\n";
}

}  // namespace pages
}  // namespace radgen

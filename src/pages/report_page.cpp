#include "radgen/pages/report_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "pages/embed.h"
#include "radgen/core/error.h"
#include "radgen/pages/page.h"

namespace radgen {

// Embedded from src/web at build time.
extern const char* const kHeatJs;
extern const char* const kReportPageHtml;
extern const char* const kReportPageCss;
extern const char* const kReportPageJs;

namespace pages {
namespace {

using nlohmann::ordered_json;

const char* grounding_class(Grounding grounding) {
  switch (grounding) {
    case Grounding::kRegions:
      return "regions";
    case Grounding::kNone:
      return "none";
    case Grounding::kAbsence:
      return "absence";
  }
  return "none";
}

std::string grounding_words(const ReportSentence& sentence) {
  switch (sentence.grounding) {
    case Grounding::kRegions:
      return fmt::format("{} region{}, evidence {:.2f}", sentence.boxes.size(),
                         sentence.boxes.size() == 1 ? "" : "s", sentence.score);
    case Grounding::kNone:
      return "no image evidence";
    case Grounding::kAbsence:
      return "states absence: nothing to point at";
  }
  return "";
}

ordered_json sentence_json(const ReportSentence& sentence) {
  ordered_json out{{"evidence", grounding_words(sentence)}, {"boxes", ordered_json::array()}};
  if (sentence.grounding != Grounding::kRegions) return out;
  for (const Box& box : sentence.boxes) out["boxes"].push_back(box_json(box));
  if (!sentence.map.empty()) {
    out["map"] = {{"rows", sentence.map_rows},
                  {"columns", sentence.map_columns},
                  {"values", map_bytes(sentence.map, sentence.map_rows, sentence.map_columns)}};
  }
  return out;
}

std::string data_json(const ReportPageData& data) {
  ordered_json sentences = ordered_json::array();
  for (const auto* part : {&data.findings, &data.impression}) {
    for (const ReportSentence& sentence : *part) sentences.push_back(sentence_json(sentence));
  }
  const ordered_json film{{"width_px", data.film_width_px},
                          {"height_px", data.film_height_px},
                          {"mm_per_px", data.mm_per_px},
                          {"spacing_note", data.spacing_note},
                          {"is_orientation_stated", data.is_orientation_stated}};
  return script_safe(ordered_json{
      {"film", film}, {"map_box", box_json(data.map_box)}, {"sentences", std::move(sentences)}});
}

std::string sentence_markup(const ReportSentence& sentence, size_t number) {
  const double confidence = std::clamp(sentence.confidence, 0.0, 1.0);
  return fmt::format(
      "<li><button type=\"button\" class=\"sentence {0}\" aria-pressed=\"false\"><span "
      "class=\"number\">{1}</span>"
      "<span class=\"words\">{2}</span><span class=\"meta\"><span class=\"evidence\">{3}</span>"
      "<span class=\"confidence\">confidence <span class=\"bar\" aria-hidden=\"true\">"
      "<i style=\"width:{4:.0f}%\"></i></span>{5:.2f}</span></span></button></li>\n",
      grounding_class(sentence.grounding), number, escape_html(sentence.text),
      escape_html(grounding_words(sentence)), 100 * confidence, confidence);
}

std::string part_markup(const std::string& title, const std::vector<ReportSentence>& sentences,
                        size_t first_number) {
  std::string out = "<h2>" + title + "</h2>\n";
  if (sentences.empty()) return out + "<p class=\"empty\">The draft has no sentences here.</p>\n";
  out += "<ol class=\"sentences\">\n";
  for (size_t i = 0; i < sentences.size(); ++i) {
    out += sentence_markup(sentences[i], first_number + i);
  }
  return out + "</ol>\n";
}

std::string report_markup(const ReportPageData& data) {
  if (!data.refusal_code.empty()) {
    return "<div class=\"refusal\" role=\"note\"><h2>" + escape_html(data.refusal_title) +
           "</h2><p>" + escape_html(data.refusal) +
           "</p><p>Nothing was drafted for this picture.</p><code>" +
           escape_html(data.refusal_code) + "</code></div>\n";
  }
  return part_markup("Findings", data.findings, 1) +
         part_markup("Impression", data.impression, data.findings.size() + 1) +
         "<div class=\"key\"><span><i class=\"k1\"></i>points at regions of the film</span>"
         "<span><i class=\"k2\"></i>no image evidence</span>"
         "<span><i class=\"k3\"></i>states absence</span></div>\n";
}

std::string facts_markup(const ReportPageData& data) {
  std::string out = "<dl class=\"facts\">\n";
  for (const auto& [name, value] : data.facts) {
    out += "<dt>" + escape_html(name) + "</dt><dd>" + escape_html(value) + "</dd>\n";
  }
  return out + "</dl>\n";
}

std::string banner_markup(const ReportPageData& data) {
  std::string out;
  if (!data.alarm.empty()) {
    out += "<p class=\"banner\" role=\"alert\"><b>" + escape_html(data.alarm_title) + "</b><span>" +
           escape_html(data.alarm) + "</span></p>\n";
  }
  if (!data.remark.empty()) {
    out += "<p class=\"banner synthetic\" role=\"note\">" + escape_html(data.remark) + "</p>\n";
  }
  return out;
}

std::string chips_markup(const ReportPageData& data) {
  return data.refusal_code.empty() ? "<span class=\"chip status\">DRAFT</span>"
                                     "<span class=\"chip\">AI-generated</span>"
                                     "<span class=\"chip\">Not verified</span>"
                                   : "<span class=\"chip refused\">NOT REPORTABLE</span>"
                                     "<span class=\"chip\">Judged by a program</span>";
}

// Puts values in for {{name}} in one pass, so that a value which holds such a mark stays as it is.
std::string fill(std::string_view page, const std::map<std::string, std::string>& values) {
  std::string out;
  while (true) {
    const size_t begin = page.find("{{");
    if (begin == std::string_view::npos) return out.append(page);
    const size_t end = page.find("}}", begin);
    RADGEN_CHECK(end != std::string_view::npos, "an open mark in src/web/report_page.html");
    const auto value = values.find(std::string(page.substr(begin + 2, end - begin - 2)));
    RADGEN_CHECK(value != values.end(), "an unknown mark in src/web/report_page.html");
    out.append(page.substr(0, begin)).append(value->second);
    page.remove_prefix(end + 2);
  }
}

}  // namespace

std::string report_page_html(const ReportPageData& data) {
  RADGEN_CHECK(data.film_width_px > 0 && data.film_height_px > 0, "the film's size is missing");
  return fill(kReportPageHtml, {{"title", escape_html(data.title)},
                                {"notice", escape_html(data.notice)},
                                {"version", escape_html(data.version)},
                                {"chips", chips_markup(data)},
                                {"banner", banner_markup(data)},
                                {"film", png_data_uri(data.film_png)},
                                {"report", report_markup(data)},
                                {"facts", facts_markup(data)},
                                {"data", data_json(data)},
                                {"style", kReportPageCss},
                                {"script", std::string(kHeatJs) + kReportPageJs}});
}

}  // namespace pages
}  // namespace radgen

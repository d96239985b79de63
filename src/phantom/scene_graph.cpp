#include "scene_graph.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "radgen/report/anatomy.h"
#include "radgen/report/text.h"

namespace radgen::phantom {
namespace {

using nlohmann::ordered_json;

std::string lower_name(Finding finding) {
  std::string name = finding_name(finding);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

// What the words [begin, end) say of the place that they were read off.
std::string attribute_of(const std::vector<Mention>& mentions, size_t begin, size_t end) {
  for (const Mention& m : mentions) {
    if (m.begin == begin && m.end == end && m.assertion == Assertion::kNegative) {
      return "anatomicalfinding|no|" + lower_name(m.finding);
    }
  }
  return "nlp|yes|normal";
}

ordered_json object_json(const StudyTruth& truth, const AnatomyBox& place) {
  const Box& b = place.box;
  return {{"object_id", truth.dicom_id + "_" + place.anatomy},
          {"bbox_name", place.anatomy},
          {"original_x1", std::round(b.x)},
          {"original_y1", std::round(b.y)},
          {"original_x2", std::round(b.x + b.w)},
          {"original_y2", std::round(b.y + b.h)},
          {"original_width", std::round(b.x + b.w) - std::round(b.x)},
          {"original_height", std::round(b.y + b.h) - std::round(b.y)}};
}

}  // namespace

ordered_json scene_graph(const StudyTruth& truth, const std::vector<AnatomyBox>& boxes,
                         const Labeler& labeler) {
  const std::string text = truth.findings_text + "\n" + truth.impression_text;
  const std::vector<Span> sentences = split_sentences(text);
  const std::vector<Mention> mentions = labeler.mentions(text);
  const std::vector<ExaminedAnatomy> examined = examined_anatomy(text, labeler);
  ordered_json graph{{"synthetic", true},
                     {"image_id", truth.dicom_id},
                     {"viewpoint", truth.is_ap ? "AP" : "PA"},
                     {"patient_id", truth.patient.id},
                     {"study_id", truth.study_id},
                     {"objects", ordered_json::array()},
                     {"attributes", ordered_json::array()},
                     {"relationships", ordered_json::array()}};
  for (const AnatomyBox& place : boxes) {
    graph["objects"].push_back(object_json(truth, place));
    auto attributes = ordered_json::array(), phrases = ordered_json::array();
    for (const ExaminedAnatomy& e : examined) {
      if (std::ranges::find(e.anatomies, place.anatomy) == e.anatomies.end()) continue;
      const Span& s = sentences.at(e.sentence);
      attributes.push_back({attribute_of(mentions, e.begin, e.end)});
      phrases.push_back(text.substr(s.begin, s.end - s.begin));
    }
    if (phrases.empty()) continue;
    graph["attributes"].push_back({{"bbox_name", place.anatomy},
                                   {"object_id", truth.dicom_id + "_" + place.anatomy},
                                   {"attributes", std::move(attributes)},
                                   {"phrases", std::move(phrases)}});
  }
  return graph;
}

}  // namespace radgen::phantom

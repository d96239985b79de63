#include "evaluation/pages/error_cases_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "evaluation/errors/error_steps.h"
#include "radgen/imaging/image.h"

namespace radgen::evaluation {
namespace {

// Of JPEG bytes; base64 makes a third more of them. With maps and words a page stays below 15 MB.
constexpr size_t kMostImageBytes = 9'500'000;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string upper_first(std::string text) {
  if (!text.empty()) {
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  }
  return text;
}

const char* outcome_words(Outcome outcome) {
  switch (outcome) {
    case Outcome::kTruePositive:
      return "stated and there";
    case Outcome::kFalsePositive:
      return "stated, not there";
    case Outcome::kFalseNegative:
      return "there, not stated";
  }
  return "";
}

std::string remark_of(const FindingCase& c) {
  std::string text;
  const auto add = [&](const std::string& sentence) {
    if (!text.empty()) text += " ";
    text += sentence;
  };
  if (c.outcome == Outcome::kFalsePositive) {
    if (c.is_other_side) add("The reference has it on the other side.");
    const double iou = c.is_other_side ? c.same_iou : c.other_iou;
    if (iou >= kRightIou) {
      const std::string place = c.is_other_side ? "that side" : lower(finding_name(c.other));
      add(fmt::format("The map lies on {} (IoU {:.2f}){}.", place, iou,
                      is_kin(c.finding, c.other) ? ", a more general or more special name" : ""));
    } else if (!std::isnan(iou) && !c.is_other_side) {
      add("The map lies on nothing that is boxed in the reference.");
    }
  }
  if (c.outcome == Outcome::kFalseNegative) {
    if (c.is_other_side) add("The draft states it on the other side.");
    if (c.has_place()) {
      add(c.iou >= kRightIou ? "Told of it, the model looks at the right place."
                             : "Told of it, the model looks elsewhere.");
    }
  }
  if (c.is_wrong_degree) {
    add("The severity is another one in the reference (" + severity_name(c.severity) + ").");
  }
  return text;
}

std::string map_note_of(const FindingCase& c) {
  if (!c.has_map()) return "There is no map of attention for this case.";
  if (c.outcome == Outcome::kFalseNegative) {
    return "The map is that of the reference's own sentence, read by the model: where it looks "
           "when it is told.";
  }
  return "The map is the mean over the sentences that state it, scaled to its own maximum.";
}

std::vector<std::pair<std::string, std::string>> facts_of(const FindingCase& c) {
  std::vector<std::pair<std::string, std::string>> facts{{"study", c.study_id}};
  if (!std::isnan(c.spread)) {
    facts.emplace_back("attention spreads over", percent(c.spread) + " of the picture");
  }
  if (!std::isnan(c.box_share)) {
    facts.emplace_back("boxes cover", fmt::format("{:.1f} %", 100 * c.box_share));
  }
  if (c.has_place()) {
    facts.emplace_back("IoU", fmt::format("{:.2f}", c.iou));
    facts.emplace_back("inside the boxes", percent(c.place.mass) + " of the attention");
    facts.emplace_back("maximum inside", c.place.pointing >= 0.5f ? "yes" : "no");
  }
  if (!std::isnan(c.entropy)) {
    facts.emplace_back("entropy", fmt::format("{:.2f} of an even map's", c.entropy));
  }
  if (c.outcome != Outcome::kFalseNegative) {
    if (c.confidence > 0)
      facts.emplace_back("words' confidence", fmt::format("{:.2f}", c.confidence));
    if (c.score > 0) facts.emplace_back("grounding score", fmt::format("{:.2f}", c.score));
  }
  return facts;
}

pages::MarkedText marked(const std::string& text, std::vector<std::pair<size_t, size_t>> spans) {
  pages::MarkedText parts;
  size_t at = 0;
  std::sort(spans.begin(), spans.end());
  for (const auto& [begin, end] : spans) {
    if (begin < at || end > text.size()) continue;
    parts.emplace_back(text.substr(at, begin - at), false);
    parts.emplace_back(text.substr(begin, end - begin), true);
    at = end;
  }
  parts.emplace_back(text.substr(at), false);
  return parts;
}

pages::ViewerCase viewer_case(const FindingCase& c, size_t image) {
  pages::ViewerCase shown;
  shown.image = image;
  shown.title = upper_first(words_of(c.finding, c.side)) + ": " + outcome_words(c.outcome);
  shown.remark = remark_of(c);
  shown.facts = facts_of(c);
  shown.map_rows = c.map.rows;
  shown.map_columns = c.map.columns;
  shown.map = c.map.values;
  shown.map_box = c.map_box;
  shown.map_note = map_note_of(c);
  for (const Box& box : c.boxes) {
    shown.boxes.push_back({box, pages::BoxKind::kReference, lower(finding_name(c.finding))});
  }
  for (const Box& box : c.drawn) shown.boxes.push_back({box, pages::BoxKind::kDraft, ""});
  const double iou = c.is_other_side ? c.same_iou : c.other_iou;
  if (iou >= kRightIou) {
    for (const Box& box : c.other_boxes) {
      shown.boxes.push_back({box, pages::BoxKind::kOther, lower(finding_name(c.other))});
    }
  }
  shown.draft = marked(c.draft_text, c.draft_spans);
  shown.reference = marked(c.reference_text, c.reference_spans);
  return shown;
}

// Films and cases that are on the page already, and room for more.
class Filler {
 public:
  Filler(const ErrorAnalysis& errors, const EvaluationData& data) : errors_(errors), data_(data) {}

  // Index of the case in the viewer; empty: its film cannot be read, or the page is full.
  std::optional<size_t> add(size_t index) {
    if (const auto known = cases_.find(index); known != cases_.end()) return known->second;
    const FindingCase& c = errors_.cases[index];
    const std::optional<size_t> image = image_of(c.reference);
    if (!image) return std::nullopt;
    viewer.cases.push_back(viewer_case(c, *image));
    return cases_[index] = viewer.cases.size() - 1;
  }

  pages::CaseViewer viewer;

 private:
  std::optional<size_t> image_of(size_t reference) {
    if (const auto known = images_.find(reference); known != images_.end()) {
      return known->second;
    }
    const std::filesystem::path& path = data_.test[reference].image;
    const Result<cv::Mat> film = path.empty() ? Failure{"", ""} : read_png16(path);
    if (!film || bytes_ > kMostImageBytes) return images_[reference] = std::nullopt;
    const int side = static_cast<int>(errors_.options.image_px);
    pages::ViewerImage image{encode_jpeg(resize_long_side(*film, side).image),
                             static_cast<double>(film->cols), static_cast<double>(film->rows)};
    bytes_ += image.jpeg.size();
    viewer.images.push_back(std::move(image));
    return images_[reference] = viewer.images.size() - 1;
  }

  const ErrorAnalysis& errors_;
  const EvaluationData& data_;
  size_t bytes_ = 0;
  std::unordered_map<size_t, size_t> cases_;
  std::unordered_map<size_t, std::optional<size_t>> images_;
};

}  // namespace

std::string words_of(Finding finding, Side side) {
  return (side == Side::kNone ? "" : side_name(side) + " ") + lower(finding_name(finding));
}

pages::CaseViewer viewer_of(const ErrorAnalysis& errors, const EvaluationData& data) {
  Filler filler(errors, data);
  std::vector<const ErrorKind*> kinds;
  for (const auto& [group, list] : {std::pair{"Words against attention", &errors.mismatches},
                                    std::pair{"Known failures", &errors.failures},
                                    std::pair{"By finding", &errors.galleries}}) {
    for (const ErrorKind& kind : *list) {
      kinds.push_back(&kind);
      filler.viewer.kinds.push_back({group,
                                     kind.name,
                                     kind.title,
                                     upper_first(kind.definition) + ".",
                                     kind.cases.size(),
                                     {}});
    }
  }
  const auto most = static_cast<size_t>(errors.options.images);
  for (size_t place = 0; place < most; ++place) {
    for (size_t k = 0; k < kinds.size(); ++k) {
      if (place >= kinds[k]->cases.size()) continue;
      const std::optional<size_t> shown = filler.add(kinds[k]->cases[place]);
      if (shown) filler.viewer.kinds[k].cases.push_back(*shown);
    }
  }
  return std::move(filler.viewer);
}

}  // namespace radgen::evaluation

// Cases sorted into kinds of errors. A new kind is a line in mismatches() or failures().
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>
#include <set>
#include <utility>

#include "evaluation/errors/error_steps.h"

namespace radgen::evaluation {
namespace {

constexpr double kMuchWider = 2;    // spread over the boxes' share from which on a map is diffuse
constexpr double kFewInside = 0.5;  // share of the map inside the boxes below which it is elsewhere

bool is_true(const FindingCase& c) { return c.outcome == Outcome::kTruePositive; }
bool is_invented(const FindingCase& c) { return c.outcome == Outcome::kFalsePositive; }
bool is_overlooked(const FindingCase& c) { return c.outcome == Outcome::kFalseNegative; }
bool is_stated_case(const FindingCase& c) { return !is_overlooked(c); }
bool is_in_place(const FindingCase& c) { return c.has_place() && c.iou >= kRightIou; }

// As the grounding metrics ask it.
GroundedItem item_of(const FindingCase& c) {
  GroundedItem item;
  item.finding = c.finding;
  item.side = c.side;
  item.score = c.place;
  return item;
}

std::string snake_name(Finding finding) {
  std::string name = finding_name(finding);
  for (char& letter : name) {
    letter =
        letter == ' ' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  }
  return name;
}

// A wide map is no error where the boxes are wide too; without boxes there is the map alone.
bool is_wider_than_boxes(const FindingCase& c) {
  return std::isnan(c.box_share) || c.spread >= kMuchWider * c.box_share;
}

// NaN last, whatever is sorted by.
double or_lowest(double value) { return std::isnan(value) ? -1e9 : value; }

using Test = std::function<bool(const FindingCase&)>;
using Badness = std::function<double(const FindingCase&)>;

class Sorter {
 public:
  explicit Sorter(const std::vector<FindingCase>& cases) : cases_(cases) {}

  // Cases of `among` that `shows`, the largest badness first.
  ErrorKind kind(const std::string& name, const std::string& title, const std::string& definition,
                 const Test& among, const Test& shows, const Badness& badness) const {
    ErrorKind kind{name, title, definition, {}, {}};
    for (size_t i = 0; i < cases_.size(); ++i) {
      if (!among(cases_[i])) continue;
      kind.among.push_back(i);
      if (shows(cases_[i])) kind.cases.push_back(i);
    }
    std::stable_sort(kind.cases.begin(), kind.cases.end(), [&](size_t a, size_t b) {
      return or_lowest(badness(cases_[a])) > or_lowest(badness(cases_[b]));
    });
    return kind;
  }

 private:
  const std::vector<FindingCase>& cases_;
};

double rounded_percent(double share) { return std::round(1000 * share) / 10; }

std::vector<ErrorKind> mismatches(const ErrorAnalysis& errors) {
  const Sorter sort(errors.cases);
  const ErrorOptions& o = errors.options;
  const std::string place = fmt::format("IoU at least {}", kRightIou);
  const auto has_map = [](const FindingCase& c) { return c.has_map(); };
  const auto iou = [](const FindingCase& c) { return c.iou; };
  const auto other_iou = [](const FindingCase& c) { return c.other_iou; };
  std::vector<ErrorKind> kinds;
  const auto is_wrong_name = [](const FindingCase& c) {
    return is_invented(c) && !c.is_other_side && c.has_map() && !std::isnan(c.other_iou);
  };
  kinds.push_back(sort.kind(
      "right_place_wrong_finding", "Attention right, wrong finding named",
      "statements of a finding that is not there whose map lies on the boxes of another one (" +
          place +
          "), neither of them the more general name of the other; of all statements of what is not "
          "there, with a map, in studies with boxes",
      is_wrong_name,
      [](const FindingCase& c) { return c.other_iou >= kRightIou && !is_kin(c.finding, c.other); },
      other_iou));
  kinds.push_back(sort.kind(
      "right_place_other_level", "Attention right, too general or too special a name",
      "statements of what is not there whose map lies on the boxes of a finding of which it is the "
      "more general or the more special name (lung opacity and pneumonia), by CheXpert's hierarchy",
      is_wrong_name,
      [](const FindingCase& c) { return c.other_iou >= kRightIou && is_kin(c.finding, c.other); },
      other_iou));
  kinds.push_back(sort.kind(
      "right_place_wrong_side", "Attention right, wrong side written",
      "statements of a finding on the wrong side whose map lies on its boxes on the right one (" +
          place + "); of all statements on the wrong side with a map and boxes",
      [&](const FindingCase& c) {
        return is_invented(c) && c.is_other_side && has_map(c) && !std::isnan(c.same_iou);
      },
      [](const FindingCase& c) { return c.same_iou >= kRightIou; },
      [](const FindingCase& c) { return c.same_iou; }));
  kinds.push_back(sort.kind(
      "right_place_wrong_degree", "Attention right, wrong degree written",
      "right statements whose map lies on the boxes (" + place +
          ") but whose severity is not the reference's; of all right statements in place",
      [](const FindingCase& c) { return is_true(c) && is_in_place(c); },
      [](const FindingCase& c) { return c.is_wrong_degree; }, iou));
  kinds.push_back(sort.kind(
      "right_place_not_written", "Attention right when told, not written",
      "overlooked findings whose boxes the model finds (" + place +
          ") when it reads the reference's sentence; of all overlooked findings with boxes and "
          "such a map",
      [](const FindingCase& c) { return is_overlooked(c) && c.has_place(); }, is_in_place, iou));
  kinds.push_back(sort.kind(
      "right_words_diffuse", "Words right, attention diffuse",
      fmt::format("right statements whose map spreads over {:g} % of the picture or more, and over "
                  "twice what the boxes cover; of all right statements with a map",
                  rounded_percent(o.diffuse_spread)),
      [&](const FindingCase& c) { return is_true(c) && has_map(c); },
      [&](const FindingCase& c) { return c.spread >= o.diffuse_spread && is_wider_than_boxes(c); },
      [](const FindingCase& c) { return c.spread; }));
  kinds.push_back(sort.kind(
      "right_words_elsewhere", "Words right, attention elsewhere",
      fmt::format("right statements with boxes whose map is not diffuse but misses them (IoU below "
                  "{}, under half of it and not its maximum inside); of all right statements with "
                  "a map and boxes",
                  kRightIou),
      [&](const FindingCase& c) { return is_true(c) && has_map(c) && c.has_place(); },
      [&](const FindingCase& c) {
        return c.spread < o.diffuse_spread && c.iou < kRightIou && c.place.mass < kFewInside &&
               c.place.pointing < 0.5f;
      },
      [](const FindingCase& c) { return 1 - c.place.mass; }));
  return kinds;
}

// Statements of one finding with a map.
Test stated_with_map(Finding finding) {
  return [finding](const FindingCase& c) {
    return is_stated_case(c) && c.has_map() && c.finding == finding;
  };
}

std::vector<ErrorKind> failures(const ErrorAnalysis& errors) {
  const Sorter sort(errors.cases);
  const ErrorOptions& o = errors.options;
  const auto spread = [](const FindingCase& c) { return c.spread; };
  const auto is_diffuse = [&](const FindingCase& c) {
    return c.spread >= o.small_spread && is_wider_than_boxes(c);
  };
  std::vector<ErrorKind> kinds;
  kinds.push_back(sort.kind(
      "cardiomegaly_whole_chest", "Cardiomegaly attends to the whole chest",
      fmt::format("statements of cardiomegaly whose map spreads over {:g} % of the picture or more",
                  rounded_percent(o.whole_chest_spread)),
      stated_with_map(Finding::kCardiomegaly),
      [&](const FindingCase& c) { return c.spread >= o.whole_chest_spread; }, spread));
  for (const auto& [finding, name] : {std::pair{Finding::kPneumothorax, "pneumothorax_diffuse"},
                                      std::pair{Finding::kLungLesion, "lung_lesion_diffuse"},
                                      std::pair{Finding::kFracture, "fracture_diffuse"}}) {
    kinds.push_back(sort.kind(
        name, finding_name(finding) + " with diffuse attention",
        fmt::format("statements of this small finding whose map spreads over {:g} % of the picture "
                    "or more, and over twice what its boxes cover where there are any",
                    rounded_percent(o.small_spread)),
        stated_with_map(finding), is_diffuse, spread));
  }
  kinds.push_back(sort.kind(
      "small_box_diffuse", "A small region with diffuse attention",
      fmt::format(
          "right statements whose boxes cover less than {:g} % of the picture and whose map "
          "spreads over {:g} % or more",
          rounded_percent(o.small_box), rounded_percent(o.small_spread)),
      [&](const FindingCase& c) { return is_true(c) && c.has_map() && c.box_share < o.small_box; },
      is_diffuse, [](const FindingCase& c) { return c.spread / c.box_share; }));
  kinds.push_back(sort.kind(
      "wrong_side_attention", "The map lies on the other side",
      "right statements of one side, boxed on that side alone, with more than half of the map in "
      "the other half of the picture",
      [](const FindingCase& c) { return is_true(c) && c.has_map() && has_one_side(item_of(c)); },
      [](const FindingCase& c) { return !is_on_right_side(item_of(c)); },
      [](const FindingCase& c) { return std::abs(c.place.right_share - 0.5); }));
  kinds.push_back(sort.kind(
      "bilateral_one_side", "Written as bilateral, one side attended to",
      "statements of both sides with boxes on both and more than 80 % of the map in one half of "
      "the "
      "picture",
      [](const FindingCase& c) {
        return is_true(c) && c.has_map() && c.has_place() && c.side == Side::kBilateral &&
               std::abs(c.place.box_right_share - 0.5f) < 0.3f;
      },
      [](const FindingCase& c) { return std::abs(c.place.right_share - 0.5f) > 0.3f; },
      [](const FindingCase& c) { return std::abs(c.place.right_share - 0.5); }));
  kinds.push_back(sort.kind(
      "border_attention", "Attention at the picture's edge",
      fmt::format("statements with more than half of the map outside of the picture or within "
                  "{:g} % of its edges, where letters and frames are",
                  rounded_percent(o.border_margin)),
      [](const FindingCase& c) { return is_stated_case(c) && c.has_map(); },
      [](const FindingCase& c) { return c.border > 0.5; },
      [](const FindingCase& c) { return c.border; }));
  return kinds;
}

// What hits, inventions and misses look like, finding by finding.
std::vector<ErrorKind> galleries(const ErrorAnalysis& errors) {
  const Sorter sort(errors.cases);
  std::vector<ErrorKind> kinds;
  for (const Finding finding : all_findings()) {
    const auto add = [&](const char* outcome, const char* words, const char* order,
                         const Test& test, const Badness& badness) {
      const auto is_meant = [&](const FindingCase& c) { return c.finding == finding && test(c); };
      ErrorKind kind =
          sort.kind(snake_name(finding) + "_" + outcome, finding_name(finding) + ": " + words,
                    order, is_meant, is_meant, badness);
      if (!kind.cases.empty()) kinds.push_back(std::move(kind));
    };
    add("true_positives", "stated and there", "the least overlap of map and boxes first", is_true,
        [](const FindingCase& c) { return c.has_place() ? 2 - c.iou : c.spread; });
    add("false_positives", "stated, not there", "the surest words first", is_invented,
        [](const FindingCase& c) { return c.confidence; });
    add("false_negatives", "there, not stated", "the most severe first, then the largest",
        is_overlooked, [](const FindingCase& c) {
          return static_cast<double>(c.severity) + (std::isnan(c.box_share) ? 0 : c.box_share);
        });
  }
  return kinds;
}

}  // namespace

bool is_kin(Finding a, Finding b) {
  static const std::set<std::pair<Finding, Finding>> kGeneralAndSpecial{
      {Finding::kEnlargedCardiomediastinum, Finding::kCardiomegaly},
      {Finding::kLungOpacity, Finding::kEdema},
      {Finding::kLungOpacity, Finding::kConsolidation},
      {Finding::kLungOpacity, Finding::kPneumonia},
      {Finding::kLungOpacity, Finding::kLungLesion},
      {Finding::kLungOpacity, Finding::kAtelectasis},
      {Finding::kConsolidation, Finding::kPneumonia}};
  return kGeneralAndSpecial.contains({a, b}) || kGeneralAndSpecial.contains({b, a});
}

void sort_into_kinds(ErrorAnalysis& errors) {
  errors.mismatches = mismatches(errors);
  errors.failures = failures(errors);
  errors.galleries = galleries(errors);
}

}  // namespace radgen::evaluation

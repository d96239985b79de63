// Maps and regions against boxes.
#include <cmath>
#include <optional>

#include "evaluation/metric_sums.h"
#include "evaluation/registry/rows.h"

namespace radgen::evaluation {
namespace {

// Mean over the findings that have items.
MetricValue macro_of(const GroundingSums& s, double FindingSum::*part) {
  return {macro_mean(s.by_finding, s.findings, part), s.all.items};
}
MetricValue per_item(const FindingSum& s, double FindingSum::*part) {
  return {s.*part / s.weight, s.items};
}
// Where no word is given, nothing is missed or invented.
std::optional<MetricValue> end_to_end(const GroundingSums& s, double some, double all) {
  if (s.is_phrase) return std::nullopt;
  return MetricValue{ratio(some, all), s.all.items};
}
double scored_weight(const FindingSum& s) { return s.weight - s.missed - s.invented; }
MetricValue rounded_share(double some, double all) { return {ratio(some, all), std::llround(all)}; }
MetricValue mean_of_items(const WeightedMean& mean) { return share_of(mean.sum, mean.weight); }

}  // namespace

std::vector<MetricRow> grounding_rows() {
  return {
      {.path = "grounding.iou",
       .definition =
           "mean IoU of a sentence's map (over its maximum, bilinear, cut at one threshold for all "
           "maps that was chosen on the validation split: a model's own, or setting map_threshold; "
           "without one, that which serves the other half of the studies best) with the boxes of "
           "its finding and side, macro over findings with enough boxes; the location prior's "
           "threshold is chosen the same way",
       .better = Better::kHigher,
       .shown = kHeadline | kWithPhrase,
       .counter = counted<GroundingSums>(
           [](const GroundingSums& s) { return macro_of(s, &FindingSum::iou); }),
       .per_finding =
           counted<FindingSum>([](const FindingSum& s) { return per_item(s, &FindingSum::iou); })},
      {.path = "grounding.iou_plain",
       .definition = "as iou, every map cut at a tenth of its maximum: the plain protocol",
       .better = Better::kHigher,
       .shown = kHeadline | kWithPhrase,
       .counter = counted<GroundingSums>(
           [](const GroundingSums& s) { return macro_of(s, &FindingSum::plain); }),
       .per_finding = counted<FindingSum>(
           [](const FindingSum& s) { return per_item(s, &FindingSum::plain); })},
      {.path = "grounding.pointing",
       .definition =
           "share of maps whose maximum lies in a box of the finding and side, macro as iou",
       .better = Better::kHigher,
       .shown = kHeadline | kWithPhrase,
       .counter = counted<GroundingSums>(
           [](const GroundingSums& s) { return macro_of(s, &FindingSum::pointing); }),
       .per_finding = counted<FindingSum>(
           [](const FindingSum& s) { return per_item(s, &FindingSum::pointing); })},
      {.path = "grounding.iou_over_prior",
       .definition =
           "iou less that of the location prior's fixed boxes on the same words: what the maps add",
       .better = Better::kHigher,
       .shown = kHeadline},
      {.path = "grounding.pointing_over_prior",
       .definition = "pointing less that of the location prior's fixed boxes on the same words",
       .better = Better::kHigher,
       .shown = kHeadline},
      {.path = "grounding.shown_share",
       .definition = "share of the correct sentences that show their evidence",
       .better = Better::kHigher,
       .shown = kHeadline,
       .counter = counted<GroundingSums>([](const GroundingSums& s) {
         return end_to_end(s, s.all.shown, scored_weight(s.all));
       })},
      {.path = "grounding.iou_shown",
       .definition = "as iou_micro, only over correct sentences that show their evidence",
       .better = Better::kHigher,
       .shown = kHeadline,
       .counter = counted<GroundingSums>(
           [](const GroundingSums& s) { return end_to_end(s, s.all.shown_iou, s.all.shown); })},
      {.path = "grounding.missed_share",
       .definition = "share of the items that are boxed findings which the draft does not state",
       .better = Better::kLower,
       .counter = counted<GroundingSums>(
           [](const GroundingSums& s) { return end_to_end(s, s.all.missed, s.all.weight); })},
      {.path = "grounding.false_positive_share",
       .definition = "share of the items that are statements of findings not in the reference",
       .better = Better::kLower,
       .counter = counted<GroundingSums>(
           [](const GroundingSums& s) { return end_to_end(s, s.all.invented, s.all.weight); })},
      {.path = "grounding.mass",
       .definition =
           "share of the map's sum inside the boxes of the finding and side, macro as iou",
       .better = Better::kHigher,
       .counter = counted<GroundingSums>(
           [](const GroundingSums& s) { return macro_of(s, &FindingSum::mass); }),
       .per_finding =
           counted<FindingSum>([](const FindingSum& s) { return per_item(s, &FindingSum::mass); })},
      {.path = "grounding.iou_mean_thresholds",
       .definition = "as iou, mean over thresholds .1, .15, ... .5",
       .better = Better::kHigher,
       .counter = counted<GroundingSums>(
           [](const GroundingSums& s) { return macro_of(s, &FindingSum::mean_levels); })},
      {.path = "grounding.iou_micro",
       .definition = "as iou, mean over all items",
       .better = Better::kHigher,
       .counter = counted<GroundingSums>([](const GroundingSums& s) {
         return MetricValue{ratio(s.all.iou, s.all.weight), s.all.items};
       })},
      {.path = "grounding.pointing_micro",
       .definition = "as pointing, mean over all items",
       .better = Better::kHigher,
       .counter = counted<GroundingSums>([](const GroundingSums& s) {
         return MetricValue{ratio(s.all.pointing, s.all.weight), s.all.items};
       })},
      {.path = "grounding.mass_micro",
       .definition = "as mass, mean over all items",
       .better = Better::kHigher,
       .counter = counted<GroundingSums>([](const GroundingSums& s) {
         return MetricValue{ratio(s.all.mass, s.all.weight), s.all.items};
       })},
      {.path = "grounding.iou_pooled",
       .definition = "pixels in both over pixels in either, summed over the items with a map (over "
                     "its maximum, threshold .1); large findings weigh most",
       .better = Better::kHigher,
       .counter = counted<GroundingSums>([](const GroundingSums& s) {
         return MetricValue{ratio(s.all.both_px, s.all.either_px), s.all.items};
       })},
      {.path = "grounding.cnr",
       .definition = "contrast-to-noise ratio of the map: (mean inside the boxes - mean outside) / "
                     "sqrt(variance inside + variance outside), mean over scored items",
       .better = Better::kHigher,
       .counter = counted<GroundingSums>(
           [](const GroundingSums& s) { return rounded_share(s.all.cnr, s.all.contrasts); })},
      {.path = "grounding.area",
       .definition = "share of the picture where the map is above a tenth of its maximum, mean "
                     "over scored items; near 1: the map lights up everything",
       .better = Better::kNeither,
       .counter = counted<GroundingSums>(
           [](const GroundingSums& s) { return rounded_share(s.all.area, s.all.maps); })},
      {.path = "grounding.grounded_mass",
       .definition = "sum of the map's raw values (1 - the weight of looking at nothing), mean "
                     "over scored items",
       .better = Better::kNeither,
       .counter = counted<GroundingSums>(
           [](const GroundingSums& s) { return rounded_share(s.all.attention, s.all.raw_maps); })},
      {.path = "grounding.raw_threshold_empty",
       .definition =
           "share of the maps without any raw value of .1 or more: the threshold .1 on raw "
           "attention would leave them empty, which is why maps are divided by their maximum",
       .better = Better::kNeither,
       .counter = counted<GroundingSums>(
           [](const GroundingSums& s) { return rounded_share(s.all.raw_empty, s.all.raw_maps); })},
      {.path = "grounding.groundable_precision",
       .definition =
           "share of the sentences shown with a region that state a finding; n: shown sentences",
       .better = Better::kHigher,
       .shown = kErrorKinds,
       .counter = counted<SentenceSums>(
           [](const SentenceSums& s) { return share_of(s.shown_stating, s.shown); })},
      {.path = "grounding.groundable_recall",
       .definition = "share of the sentences that state a finding which are shown with a region; "
                     "n: such sentences",
       .better = Better::kHigher,
       .shown = kErrorKinds,
       .counter = counted<SentenceSums>(
           [](const SentenceSums& s) { return share_of(s.stating_shown, s.stating); })},
      {.path = "grounding.sentences_with_region",
       .definition = "share of the sentences that are shown with a region of one of the two kinds, "
                     "evidence or examined; n: sentences",
       .better = Better::kHigher,
       .shown = kErrorKinds,
       .counter =
           counted<SentenceSums>([](const SentenceSums& s) { return share_of(s.placed, s.all); })},
      {.path = "grounding.wrong_side_regions",
       .definition = "share of the sentences that state one side and show evidence which have a "
                     "box whose middle lies on the other side of the spine (of the picture's "
                     "middle where no spine is annotated); n: such sentences",
       .better = Better::kLower,
       .shown = kErrorKinds,
       .counter = counted<SentenceSums>(
           [](const SentenceSums& s) { return share_of(s.wrong_side, s.one_sided); })},
      {.path = "grounding.negations_with_evidence",
       .definition = "share of the sentences that only rule findings out which are shown with "
                     "evidence (an examined region is none); n: such sentences",
       .better = Better::kLower,
       .shown = kErrorKinds,
       .counter = counted<SentenceSums>(
           [](const SentenceSums& s) { return share_of(s.denying_shown, s.denying); })},
      {.path = "grounding.right_side_share",
       .definition = "share of the correct one-sided sentences with more than half of the map in "
                     "the half of the picture where the boxes are; n: such sentences",
       .better = Better::kHigher,
       .shown = kErrorKinds | kWithPhrase,
       .counter = counted<GroundingSums>(
           [](const GroundingSums& s) { return rounded_share(s.all.right_side, s.all.sided); })},
      {.path = "grounding.size_matches_region",
       .definition = "share of the sentences with a size in mm whose region's longer side, by the "
                     "pixel spacing, is between half and twice of it; n: such sentences",
       .better = Better::kHigher,
       .shown = kErrorKinds,
       .counter = counted<SentenceSums>(
           [](const SentenceSums& s) { return share_of(s.size_matches, s.sized); })},
      {.path = "grounding.wrong_side_maps",
       .definition =
           "correct one-sided sentences whose map lies mostly in the other half of the picture",
       .better = Better::kLower,
       .counter = counted<GroundingSums>([](const GroundingSums& s) {
         return MetricValue{s.all.sided - s.all.right_side, std::llround(s.all.sided)};
       })},
      {.path = "grounding.examined.shown_share",
       .definition = "share of those sentences that are shown with an examined region",
       .better = Better::kHigher,
       .shown = kExamined,
       .counter =
           counted<ExaminedSums>([](const ExaminedSums& s) { return mean_of_items(s.shown); })},
      {.path = "grounding.examined.iou",
       .definition =
           "mean IoU of the regions of sentences that rule something out with the anatomy they "
           "name; 0 for one that shows none; n: such sentences of studies with annotated anatomy",
       .better = Better::kHigher,
       .shown = kExamined,
       .counter =
           counted<ExaminedSums>([](const ExaminedSums& s) { return mean_of_items(s.iou); })},
      {.path = "grounding.examined.prior_iou",
       .definition = "as iou, of a fixed box a place: the mean training box, no picture",
       .better = Better::kNeither,
       .shown = kExamined,
       .counter =
           counted<ExaminedSums>([](const ExaminedSums& s) { return mean_of_items(s.prior_iou); })},
      {.path = "grounding.examined.iou_over_prior",
       .definition = "mean difference of iou and prior_iou, sentence by sentence",
       .better = Better::kHigher,
       .shown = kExamined,
       .counter =
           counted<ExaminedSums>([](const ExaminedSums& s) { return mean_of_items(s.iou_over); })},
      {.path = "grounding.examined.pointing",
       .definition = "share of those sentences whose map has its maximum on that anatomy; 0 for "
                     "one that shows no region",
       .better = Better::kHigher,
       .shown = kExamined,
       .counter =
           counted<ExaminedSums>([](const ExaminedSums& s) { return mean_of_items(s.pointing); })},
      {.path = "grounding.examined.prior_pointing",
       .definition = "share of the fixed boxes whose middle lies on the anatomy",
       .better = Better::kNeither,
       .shown = kExamined,
       .counter = counted<ExaminedSums>(
           [](const ExaminedSums& s) { return mean_of_items(s.prior_pointing); })},
      {.path = "grounding.examined.pointing_over_prior",
       .definition = "mean difference of pointing and prior_pointing, sentence by sentence",
       .better = Better::kHigher,
       .shown = kExamined,
       .counter = counted<ExaminedSums>(
           [](const ExaminedSums& s) { return mean_of_items(s.pointing_over); })},
  };
}

}  // namespace radgen::evaluation

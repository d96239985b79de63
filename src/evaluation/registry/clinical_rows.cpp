// Findings against findings, and what goes wrong in the words.
#include "evaluation/clinical/label_scores.h"
#include "evaluation/metric_sums.h"
#include "evaluation/registry/rows.h"

namespace radgen::evaluation {
namespace {

MetricValue per_100(double count, const ErrorSums& s) {
  return {s.total > 0 ? 100 * count / s.total : kUndefined, s.studies};
}

}  // namespace

std::vector<MetricRow> clinical_rows() {
  return {
      {.path = "clinical.f1_macro_truth",
       .definition =
           "F1 of the draft's labels (rules labeler on the draft alone, uncertain as positive) "
           "against what is on the film by the truth (a phantom's, or labels that people gave), 13 "
           "classes without No Finding, mean over the classes that are there",
       .better = Better::kHigher,
       .shown = kHeadline,
       .counter = counted<TruthSums>([](const TruthSums& s) {
         return MetricValue{macro_f1(s.confusions, without_normal()), s.studies};
       })},
      {.path = "clinical.f1_micro_truth",
       .definition = "as f1_micro, the draft's labels against the findings that are visible on the "
                     "film by the truth",
       .better = Better::kHigher,
       .counter = counted<TruthSums>([](const TruthSums& s) {
         return MetricValue{micro_f1(s.confusions, without_normal()), s.studies};
       })},
      {.path = "clinical.f1_macro",
       .definition = "mean over the classes that have a positive in the references",
       .better = Better::kHigher,
       .shown = kHeadline | kMarkedChoice,
       .counter = counted<LabelSums>([](const LabelSums& s) {
         return MetricValue{macro_f1(s.confusions, s.classes),
                            static_cast<int64_t>(s.studies.size())};
       })},
      {.path = "clinical.f1_micro",
       .definition = "of the counts summed over classes",
       .better = Better::kHigher,
       .shown = kHeadline | kMarkedChoice,
       .counter = counted<LabelSums>([](const LabelSums& s) {
         return MetricValue{micro_f1(s.confusions, s.classes),
                            static_cast<int64_t>(s.studies.size())};
       })},
      {.path = "clinical.f1_weighted",
       .definition = "mean over classes weighted by their positives",
       .better = Better::kHigher,
       .counter = counted<LabelSums>([](const LabelSums& s) {
         return MetricValue{macro_f1(s.confusions, s.classes, /*is_weighted=*/true),
                            static_cast<int64_t>(s.studies.size())};
       })},
      {.path = "clinical.f1_example",
       .definition = "of each study's set of findings, mean over studies where either text has one",
       .better = Better::kHigher,
       .counter = counted<LabelSums>([](const LabelSums& s) {
         return MetricValue{example_f1(s), static_cast<int64_t>(s.studies.size())};
       })},
      {.path = "clinical.per_finding.*.f1_truth",
       .definition = "F1 of this finding, the draft's label against what is on the film by the "
                     "truth; n: films that show it",
       .better = Better::kHigher,
       .counter = counted<TruthConfusion>([](const TruthConfusion& s) {
         return MetricValue{s.reference > 0 ? s.f1() : kUndefined,
                            static_cast<int64_t>(s.reference)};
       })},
      {.path = "clinical.per_finding.*.f1",
       .definition = "F1 of this finding, rules labeler on both texts, uncertain as positive; n: "
                     "positives in the references",
       .better = Better::kHigher,
       .counter = counted<Confusion>([](const Confusion& s) {
         return MetricValue{s.reference > 0 ? s.f1() : kUndefined,
                            static_cast<int64_t>(s.reference)};
       })},
      {.path = "clinical.per_finding.*.precision",
       .definition =
           "share of the drafts with this finding whose reference has it; n: drafts with it",
       .better = Better::kHigher,
       .counter = counted<Confusion>([](const Confusion& s) {
         return MetricValue{s.precision(), static_cast<int64_t>(s.draft)};
       })},
      {.path = "clinical.per_finding.*.recall",
       .definition =
           "share of the references with this finding whose draft has it; n: references with it",
       .better = Better::kHigher,
       .counter = counted<Confusion>([](const Confusion& s) {
         return MetricValue{s.recall(), static_cast<int64_t>(s.reference)};
       })},
      {.path = "clinical.recall_by_severity.subtle",
       .definition = "share of the subtle findings visible by the truth that the draft states",
       .better = Better::kHigher,
       .shown = kBySeverity,
       .counter = counted<TruthSums>(
           [](const TruthSums& s) { return share_of(s.stated[0], s.lesions[0]); })},
      {.path = "clinical.recall_by_severity.moderate",
       .definition = "share of the moderate findings visible by the truth that the draft states",
       .better = Better::kHigher,
       .shown = kBySeverity,
       .counter = counted<TruthSums>(
           [](const TruthSums& s) { return share_of(s.stated[1], s.lesions[1]); })},
      {.path = "clinical.recall_by_severity.severe",
       .definition = "share of the severe findings visible by the truth that the draft states",
       .better = Better::kHigher,
       .shown = kBySeverity,
       .counter = counted<TruthSums>(
           [](const TruthSums& s) { return share_of(s.stated[2], s.lesions[2]); })},
      {.path = "clinical.hallucinated_per_100",
       .definition = "findings that a draft states as certain and its reference does not state, "
                     "per 100 reports",
       .better = Better::kLower,
       .shown = kErrorKinds,
       .counter = counted<ErrorSums>([](const ErrorSums& s) { return per_100(s.invented, s); })},
      {.path = "clinical.omitted_per_100",
       .definition = "findings that a reference states as certain and its draft does not state, "
                     "per 100 reports",
       .better = Better::kLower,
       .shown = kErrorKinds,
       .counter = counted<ErrorSums>([](const ErrorSums& s) { return per_100(s.omitted, s); })},
      {.path = "clinical.wrong_side_per_100",
       .definition = "findings with a side in both texts and no side in common, per 100 reports",
       .better = Better::kLower,
       .shown = kErrorKinds,
       .counter = counted<ErrorSums>([](const ErrorSums& s) { return per_100(s.wrong_side, s); })},
      {.path = "clinical.negation_errors_per_100",
       .definition = "findings that one text states and the other rules out, both for certain, per "
                     "100 reports",
       .better = Better::kLower,
       .shown = kErrorKinds,
       .counter =
           counted<ErrorSums>([](const ErrorSums& s) { return per_100(s.negation_errors, s); })},
      {.path = "clinical.comparisons_per_100",
       .definition = "sentences of the draft that compare with an earlier film although none was "
                     "given, per 100 reports",
       .better = Better::kLower,
       .shown = kErrorKinds,
       .counter = counted<ErrorSums>([](const ErrorSums& s) { return per_100(s.comparisons, s); })},
      {.path = "clinical.comparisons_in_references_per_100",
       .definition =
           "sentences of the references that compare with an earlier film, per 100 reports",
       .better = Better::kNeither,
       .shown = kErrorKinds,
       .counter = counted<ErrorSums>(
           [](const ErrorSums& s) { return per_100(s.reference_comparisons, s); })},
      {.path = "clinical.indication_echo_per_100",
       .definition = "findings that a draft states, its reference does not, and the indication "
                     "names, per 100 reports",
       .better = Better::kLower,
       .shown = kErrorKinds,
       .counter = counted<ErrorSums>([](const ErrorSums& s) { return per_100(s.echoes, s); })},
      {.path = "clinical.severity_agreement",
       .definition = "share of the findings with a severity in both texts that have one in common "
                     "(small / moderate / large); n: such findings",
       .better = Better::kHigher,
       .shown = kErrorKinds,
       .counter =
           counted<ErrorSums>([](const ErrorSums& s) { return share_of(s.same_grade, s.graded); })},
      {.path = "clinical.zone_agreement",
       .definition = "share of the findings with a zone (upper, middle, lower) in both texts that "
                     "have one in common; n: such findings",
       .better = Better::kHigher,
       .shown = kErrorKinds,
       .counter =
           counted<ErrorSums>([](const ErrorSums& s) { return share_of(s.same_place, s.placed); })},
      {.path = "clinical.size_agreement",
       .definition = "share of the findings with a size in both texts whose sizes differ by at "
                     "most a quarter; n: such findings",
       .better = Better::kHigher,
       .shown = kErrorKinds,
       .counter =
           counted<ErrorSums>([](const ErrorSums& s) { return share_of(s.same_size, s.sized); })},
      {.path = "clinical.wrong_side_share",
       .definition = "share of the findings with a side in both texts that have no side in common; "
                     "n: such findings",
       .better = Better::kLower,
       .counter =
           counted<ErrorSums>([](const ErrorSums& s) { return share_of(s.wrong_side, s.sided); })},
      {.path = "clinical.negation_error_share",
       .definition = "share of the findings that both texts speak of for certain which one states "
                     "and the other rules out; n: such findings",
       .better = Better::kLower,
       .counter = counted<ErrorSums>(
           [](const ErrorSums& s) { return share_of(s.negation_errors, s.decided); })},
  };
}

}  // namespace radgen::evaluation

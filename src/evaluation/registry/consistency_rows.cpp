// Whether a report contradicts itself, and whether reports differ from each other.
#include "evaluation/metric_sums.h"
#include "evaluation/registry/rows.h"

namespace radgen::evaluation {
namespace {

// Kinds that compare findings with impression are over the drafts that have both.
MetricValue share_with(const ConsistencySums& s, ContradictionKind kind) {
  const bool is_of_both = compares_sections(kind);
  return {ratio(s.with[static_cast<size_t>(kind)], is_of_both ? s.sectioned : s.texts),
          is_of_both ? s.sectioned_count : s.text_count};
}

}  // namespace

std::vector<MetricRow> consistency_rows() {
  return {
      {.path = "consistency.stated_and_denied",
       .definition = "share of the texts that state a finding and deny it, on the same side or "
                     "without a side; n: texts with a sentence",
       .better = Better::kLower,
       .shown = kConsistency,
       .counter = counted<ConsistencySums>([](const ConsistencySums& s) {
         return share_with(s, ContradictionKind::kStatedAndDenied);
       })},
      {.path = "consistency.two_severities",
       .definition = "share of the texts that give one finding two degrees on one side in one "
                     "section; n: texts",
       .better = Better::kLower,
       .shown = kConsistency,
       .counter = counted<ConsistencySums>([](const ConsistencySums& s) {
         return share_with(s, ContradictionKind::kTwoSeverities);
       })},
      {.path = "consistency.two_sizes",
       .definition = "share of the texts that give one finding two sizes on one side; n: texts",
       .better = Better::kLower,
       .shown = kConsistency,
       .counter = counted<ConsistencySums>(
           [](const ConsistencySums& s) { return share_with(s, ContradictionKind::kTwoSizes); })},
      {.path = "consistency.missing_in_impression",
       .definition = "share of the texts that state a finding (no device) of which their "
                     "impression says nothing; n: texts with findings and impression",
       .better = Better::kLower,
       .shown = kConsistency,
       .counter = counted<ConsistencySums>([](const ConsistencySums& s) {
         return share_with(s, ContradictionKind::kMissingInImpression);
       })},
      {.path = "consistency.only_in_impression",
       .definition = "share of the texts whose impression states a finding (no device) of which "
                     "their findings say nothing; n: texts with both",
       .better = Better::kLower,
       .shown = kConsistency,
       .counter = counted<ConsistencySums>([](const ConsistencySums& s) {
         return share_with(s, ContradictionKind::kOnlyInImpression);
       })},
      {.path = "consistency.other_side",
       .definition = "share of the texts whose impression names a side of a finding that their "
                     "findings do not; n: texts with both",
       .better = Better::kLower,
       .shown = kConsistency,
       .counter = counted<ConsistencySums>(
           [](const ConsistencySums& s) { return share_with(s, ContradictionKind::kOtherSide); })},
      {.path = "consistency.other_severity",
       .definition = "share of the texts whose impression names a degree of a finding and none of "
                     "those that their findings name; n: texts with both",
       .better = Better::kLower,
       .shown = kConsistency,
       .counter = counted<ConsistencySums>([](const ConsistencySums& s) {
         return share_with(s, ContradictionKind::kOtherSeverity);
       })},
      {.path = "consistency.comparison",
       .definition =
           "share of the texts that compare with an earlier film, which nobody gave; n: texts",
       .better = Better::kLower,
       .shown = kConsistency,
       .counter = counted<ConsistencySums>(
           [](const ConsistencySums& s) { return share_with(s, ContradictionKind::kComparison); })},
      {.path = "consistency.repeated_sentence",
       .definition = "share of the texts that say a sentence twice in one section; n: texts",
       .better = Better::kLower,
       .shown = kConsistency,
       .counter = counted<ConsistencySums>([](const ConsistencySums& s) {
         return share_with(s, ContradictionKind::kRepeatedSentence);
       })},
      {.path = "consistency.number",
       .definition =
           "share of the texts where a noun and its verb or article differ in number; n: texts",
       .better = Better::kLower,
       .shown = kConsistency,
       .counter = counted<ConsistencySums>(
           [](const ConsistencySums& s) { return share_with(s, ContradictionKind::kNumber); })},
      {.path = "consistency.any_contradiction",
       .definition = "share of the texts with a contradiction of any kind (stated_and_denied, "
                     "two_severities, two_sizes, other_side, other_severity); n: texts",
       .better = Better::kLower,
       .shown = kHeadline | kConsistency,
       .counter = counted<ConsistencySums>([](const ConsistencySums& s) {
         return MetricValue{ratio(s.any, s.texts), s.text_count};
       })},
      {.path = "consistency.sentences_per_draft",
       .definition = "sentences of a text, mean over the texts that have one",
       .better = Better::kNeither,
       .shown = kConsistency,
       .counter = counted<ConsistencySums>([](const ConsistencySums& s) {
         return MetricValue{ratio(s.sentences, s.texts), s.text_count};
       })},
      {.path = "consistency.negatives_stated",
       .definition = "share of the findings that the references rule out which the draft of the "
                     "same study rules out too; n: such findings",
       .better = Better::kHigher,
       .shown = kConsistency,
       .counter = counted<ConsistencySums>([](const ConsistencySums& s) {
         return MetricValue{ratio(s.denied_too, s.denied), s.denied_count};
       })},
      {.path = "diversity.distinct_ratio",
       .definition =
           "distinct sets of (finding, side, severity) stated by a report, drafts over references",
       .better = Better::kHigher,
       .shown = kHeadline,
       .counter = counted<DistinctSums>([](const DistinctSums& s) {
         return MetricValue{s.draft_tuples / s.reference_tuples, s.studies};
       })},
      {.path = "diversity.distinct_texts",
       .definition = "distinct texts, drafts over references",
       .better = Better::kHigher,
       .counter = counted<DistinctSums>([](const DistinctSums& s) {
         return MetricValue{s.draft_texts / s.reference_texts, s.studies};
       })},
      {.path = "diversity.abnormal_recall",
       .definition = "share of the references with a certain finding other than a device whose "
                     "draft states at least one of these findings; n: such references",
       .better = Better::kHigher,
       .shown = kHeadline,
       .counter =
           counted<ErrorSums>([](const ErrorSums& s) { return share_of(s.noticed, s.sick); })},
  };
}

}  // namespace radgen::evaluation

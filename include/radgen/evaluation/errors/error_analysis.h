// Where the words and the attention part ways: every finding that a draft states or overlooks is a
// case, with the map behind it; cases are sorted into kinds of errors, worst first, with counts,
// shares and intervals.
//
//   ErrorAnalysis errors = analyse_errors(drafts, phrase_maps, data, options);
//   write_errors(folder, errors, data, {.title = "split test"});   // error_page.h
//
// A statement is right when the reference states its finding on a side that agrees, or has a box of
// it (on phantoms: when it is visible). It says nothing about drafts that refuse a study. Attention
// is right when the regions that the draft shows (where it shows none: its map, cut at a tenth of
// its maximum) reach an IoU of kRightIou with the boxes. Without maps everything about attention is
// NaN, with a reason in `missing`; nothing is guessed.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "radgen/evaluation/evaluate.h"
#include "radgen/evaluation/mann_whitney.h"

namespace radgen::evaluation {

enum class Outcome { kTruePositive, kFalsePositive, kFalseNegative };
const char* outcome_name(Outcome outcome);  // "true_positive" ...

// One finding and side of one study that the draft states, or that it overlooks.
struct FindingCase {
  size_t study = 0;      // index for weights and resamples
  size_t patient = 0;    // numbered from 0
  size_t reference = 0;  // index into EvaluationData::test
  std::string study_id;
  Finding finding = Finding::kNoFinding;
  Side side = Side::kNone;
  Outcome outcome = Outcome::kTruePositive;
  // A false positive: the reference has the finding on the other side. A false negative: the draft
  // states it on the other side.
  bool is_other_side = false;
  bool is_wrong_degree = false;             // both name a severity, and not the same
  Severity severity = Severity::kUnstated;  // that the reference names

  // The statement's map; of what is overlooked the map of the reference's own sentence, read by the
  // model. Empty: none.
  AttentionMap map;
  Box map_box;                    // prepared-image pixels
  std::vector<Box> boxes;         // of the finding in the reference, sides agreeing; pixels
  std::vector<Box> drawn;         // regions that the draft shows; pixels
  double score = 0;               // grounding score of the statement, 0..1
  double confidence = 0;          // of its words, 0..1
  double entropy = kUndefined;    // of the map over that of an even one
  double spread = kUndefined;     // share of the image that an even map of this entropy covers
  double border = kUndefined;     // share of the map at the image's edges
  double box_share = kUndefined;  // of the image that the boxes cover
  // Of what the draft shows (its regions; where it shows none, the map cut at a tenth of its
  // maximum) with the boxes; NaN without boxes or without either.
  double iou = kUndefined;
  MapScore place;  // of the map and the boxes, where iou is known
  bool has_place() const { return !std::isnan(iou); }
  double same_iou = kUndefined;  // of a wrong side: the same with the finding's other boxes
  // Of a false positive: the finding whose boxes it fits best, and how well.
  Finding other = Finding::kNoFinding;
  std::vector<Box> other_boxes;
  double other_iou = kUndefined;
  // Shares of other studies with boxes that it fits: of an unrelated finding, of one that is
  // the more general name of this one or the more special.
  double chance = kUndefined, chance_of_kin = kUndefined;

  // For examples: the texts and the bytes in them that speak of the finding.
  std::string draft_text, reference_text;
  std::vector<std::pair<size_t, size_t>> draft_spans, reference_spans;

  bool has_map() const { return !map.empty(); }
};

// A boxed finding and where the model looks when it reads the reference's own sentence.
struct ReadSentence {
  size_t study = 0;
  Finding finding = Finding::kNoFinding;
  double iou = 0, pointing = 0;  // as of a case
};

// A kind of error (or a gallery): which cases show it, and among which it was looked for.
struct ErrorKind {
  std::string name;           // snake_case, stable
  std::string title;          // for people
  std::string definition;     // one sentence, with its thresholds
  std::vector<size_t> cases;  // indices into ErrorAnalysis::cases, worst first
  std::vector<size_t> among;
};

struct ErrorAnalysis {
  ErrorOptions options;
  size_t studies = 0, drafted = 0;  // of the split; of these with a draft that reports
  size_t maps = 0, phrase_maps = 0;
  bool has_boxes = false;
  std::vector<FindingCase> cases;
  std::vector<ReadSentence> read;     // empty: no model was asked
  std::vector<ErrorKind> mismatches;  // of words and attention
  std::vector<ErrorKind> failures;    // known failures, looked for by name
  std::vector<ErrorKind> galleries;   // by finding and outcome
  // mismatches.*.share, known_failures.*.share, per_finding.<name>.*, entropy.*
  MetricTable metrics;
  std::map<std::string, std::string> missing;  // path -> why there is no value
  MannWhitneyResult entropy_words;  // marked: statements that are wrong; strata: findings
  MannWhitneyResult entropy_place;  // marked: right words whose map misses the boxes
  std::vector<std::string> notes;
};

// `phrase_maps`: empty where no model was asked. `options`: bootstrap, seed, threads,
// ignore_unknown and errors are used. Throws as evaluate() does.
ErrorAnalysis analyse_errors(const std::vector<Draft>& drafts,
                             const std::vector<PhraseMap>& phrase_maps, const EvaluationData& data,
                             const EvaluateOptions& options);

// errors.json. `with_cases`: lists the cases with their study ids; otherwise aggregates alone.
// There is no report text in it either way.
nlohmann::ordered_json errors_to_json(const ErrorAnalysis& errors, bool with_cases);

}  // namespace radgen::evaluation

// The one door of the evaluation: drafts and references in, metrics with intervals, baselines,
// oracle, skill and alarms out.
//
//   EvaluationData data{.test = ..., .train = ..., .validate = ...};
//   EvaluationResult result = evaluate(drafts, phrase_maps, data, {});
//   write_json_atomic(folder / "metrics.json", result_to_json(result));
//
//   // During training: quickly, on the validation split.
//   const auto quick = evaluate(drafts, maps, {.test = validate}, EvaluateOptions::quick());
//   double bleu = quick.metrics.value("text.bleu_4");
//
// A study without a draft counts as an empty report and is said so; drafts of unknown studies are
// an error, unless they are to be left out, counted. Intervals are over patients.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "radgen/core/config.h"
#include "radgen/evaluation/calibration/confidence.h"
#include "radgen/evaluation/clinical/clinical.h"
#include "radgen/evaluation/errors/error_options.h"
#include "radgen/evaluation/grounding/grounding.h"
#include "radgen/evaluation/metrics.h"
#include "radgen/evaluation/reference.h"
#include "radgen/evaluation/sanity_check_options.h"
#include "radgen/evaluation/text/text_metrics.h"
#include "radgen/report/prediction.h"

namespace radgen::evaluation {

// Prefix of the metrics of EvaluationData::encoder_neighbours.
inline constexpr const char* kEncoderNeighbour = "encoder_neighbour.";

struct EvaluationData {
  std::vector<Reference> test;  // what is scored; several images of a study: the one that the
                                // draft names, else the first
  std::vector<Reference> train, validate;  // for the baselines; may be empty
  // Studies of other splits and the split they are in, so that predictions for another split can be
  // told from unknown ones; may be empty.
  std::map<std::string, std::string> elsewhere;
  // For each of `test` the report of the training study whose image lies nearest to its own as
  // the model's encoder sees them; "" where there is none, an empty list when nobody asked. Scored
  // beside the baselines, but not as one: it is no trivial answer.
  std::vector<std::string> encoder_neighbours;
};

struct EvaluateOptions {
  int64_t bootstrap = 1000;    // resamples; 0: no intervals
  bool with_baselines = true;  // and oracle, skill, alarms that need them
  bool with_meteor = true;
  bool with_published = true;  // METEOR 1.5, CIDEr-D, sentence BLEU, BLEU on other tokenizations
  std::string wordnet;         // folder; empty: $RADGEN_WORDNET_DIR or Debian's
  std::string meteor_function_words;  // METEOR 1.5's english.words; empty:
                                      // $RADGEN_METEOR_FUNCTION_WORDS, else none
  bool ignore_unknown = false;        // leave out predictions of studies that the split has not
  double map_threshold = 0;  // for iou_chosen_threshold, from the validation split (a model's own
                             // calibration); 0: cross-fitted on the test studies
  int64_t constant_candidates = 200;
  int64_t nearest_images = 4000;
  int64_t seed = 0;
  int64_t threads = 0;
  ErrorOptions errors;        // of analyse_errors (error_analysis.h)
  SanityCheckOptions checks;  // of what asks the model again (sanity_checks.h)
  static EvaluateOptions quick() {
    EvaluateOptions options;
    options.bootstrap = 0;
    options.with_baselines = options.with_meteor = options.with_published = false;
    return options;
  }
};
void describe(Fields& f, EvaluateOptions& options);

// One scored study, for lists of examples and of errors.
struct StudyResult {
  std::string study_id;
  size_t reference = 0;  // index into EvaluationData::test
  bool has_draft = false;
  std::string draft_text, reference_text;
  TextCounts text;
  ClinicalCounts clinical;
  StudyItems end_to_end;
};

// What is odd about the input, counted.
struct InputCounts {
  int64_t missing = 0;         // studies without a prediction: scored as empty reports
  int64_t not_reportable = 0;  // predictions that refuse the study
  int64_t empty_drafts = 0, empty_references = 0;
  int64_t unknown = 0, repeated = 0;  // predictions of no study of the split; of one with two
  int64_t maps = 0, broken_maps = 0, other_grid_maps = 0;  // sentences' maps; see notes
};

// What the product promises, reached or missed.
struct Target {
  std::string name, path;  // "BLEU-4", "text.bleu_4"
  double above = 0;        // the value must be larger
  double value = kUndefined;
  bool is_reached() const { return value > above; }
};

// What an honest model does when it is asked again (sanity_checks.h).
struct Expectation {
  std::string path;            // "checks.blank_same_report"
  std::string expected;        // in words, for a reader
  std::optional<bool> is_met;  // none: it decides nothing, or there are too few cases
};

// Scores of one head of the decoder's cross-attention (heads.h), macro over findings; undefined
// without a boxed sentence.
struct HeadScore {
  int layer = 0, head = 0;
  double iou = kUndefined, pointing = kUndefined, mass = kUndefined;
  // where it points best, of the findings with at least 20 items
  Finding best = Finding::kNoFinding;
  double best_pointing = kUndefined;
};

struct HeadAnalysis {
  std::vector<HeadScore> heads;
  int64_t items = 0;                  // boxed findings and sides
  double mean_pointing = kUndefined;  // of the mean over all heads
  // Of the head that points best at the item's finding among the OTHER half of the patients: what a
  // reader who knew the heads' trades would gain. Heads specialise when it is above mean_pointing.
  double chosen_pointing = kUndefined;
};

// For the reliability diagram and the curve of abstention. Sorted by confidence.
struct ConfidenceData {
  std::vector<ConfidenceEvent> words;  // sentences that state findings; right in finding and side
  std::vector<ConfidenceEvent> grounding;  // their regions; right with an IoU of at least .3
  std::vector<ConfidenceEvent> phrase;     // maps of the references' own sentences; the same
};

struct EvaluationResult {
  MetricTable metrics;
  std::vector<Target> targets;
  std::map<std::string, std::string> missing;  // metric that could not be computed -> why
  ConfidenceData confidence;
  InputCounts input;
  std::vector<Alarm> alarms;
  std::vector<Expectation> expectations;  // empty: the model was not asked again
  HeadAnalysis heads;                     // empty: the model was not asked again
  std::vector<std::string> notes;         // what a reader must know: what was missing or left out
  std::vector<StudyResult> studies;       // in the order of the test references
  int64_t missing_drafts = 0, not_reportable = 0;
  std::string constant_text;  // the constant report that was chosen
};

// Throws Error{kData} when drafts name studies that are not in `data.test` (with their number),
// when a study has two drafts, or when there is nothing to score.
EvaluationResult evaluate(const std::vector<Draft>& drafts,
                          const std::vector<PhraseMap>& phrase_maps, const EvaluationData& data,
                          const EvaluateOptions& options);

// Throws as evaluate() does when the drafts do not fit the data, without scoring anything: for
// tools, before they make their output.
void check_predictions(const std::vector<Draft>& drafts, const EvaluationData& data,
                       const EvaluateOptions& options);

// metrics.json: the metrics' groups, alarms, notes and counts.
nlohmann::ordered_json result_to_json(const EvaluationResult& result);
// A line a study without any text: id, scores, labels, grounding items.
nlohmann::ordered_json study_to_json(const StudyResult& study);

}  // namespace radgen::evaluation

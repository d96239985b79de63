#include "radgen/evaluation/evaluate.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <tuple>

#include "evaluation/alarms.h"
#include "evaluation/evaluation_context.h"
#include "radgen/core/files.h"

namespace radgen::evaluation {
namespace {

void add_diversity(EvaluationContext& context) {
  for (const System& system : context.systems) {
    if (system.words.empty()) continue;
    MetricTable table;
    summarize_diversity(system.words, context.references.words, system.texts,
                        context.references.texts, table);
    for (const auto& [path, metric] : table.all()) {
      context.result.metrics.set(system.prefix + path, metric.value, metric.n);
    }
  }
}

void add_studies(EvaluationContext& context) {
  const System& model = context.systems.front();
  for (size_t s = 0; s < context.references.studies.size(); ++s) {
    StudyResult study;
    study.study_id = context.references.ids[s];
    study.reference = static_cast<size_t>(context.references.studies[s] - context.data.test.data());
    study.has_draft = context.pairing.drafts[s] != nullptr;
    study.draft_text = model.texts[s];
    study.reference_text = context.references.texts[s];
    study.text = model.text[s];
    study.clinical = model.clinical[s];
    if (!model.end_to_end.empty()) study.end_to_end = model.end_to_end[s];
    context.result.studies.push_back(std::move(study));
  }
}

void add_input(EvaluationContext& context) {
  InputCounts& input = context.result.input;
  input = context.pairing.counts;
  input.maps = context.maps.maps;
  input.broken_maps = context.maps.broken;
  input.other_grid_maps = context.maps.other_grid;
  context.result.missing_drafts = input.missing;
  context.result.not_reportable = input.not_reportable;
  std::vector<std::string>& notes = context.result.notes;
  const auto note = [&](int64_t count, const std::string& what) {
    if (count > 0) notes.push_back(fmt::format("{} of {}", count, what));
  };
  const size_t studies = context.references.studies.size();
  note(input.missing,
       fmt::format("{} studies have no prediction: each counts as an empty report", studies));
  note(input.not_reportable,
       fmt::format("{} studies were said to be not reportable: each counts as it is written, "
                   "usually as an empty report",
                   studies));
  note(input.empty_drafts, fmt::format("{} predictions are empty texts: they score 0", studies));
  note(input.empty_references,
       fmt::format("{} references are empty texts: nothing can match them", studies));
  note(input.unknown, "the predictions are of studies that the split does not have: left out");
  note(input.broken_maps,
       fmt::format("{} maps hold values that are not numbers or below 0, or do not fill their "
                   "grid: such values count as 0",
                   input.maps));
  note(input.other_grid_maps,
       fmt::format("{} maps are of another grid than the first one", input.maps));
}

// Metrics that a reader will look for and not find, and why.
void add_missing(EvaluationContext& context) {
  std::map<std::string, std::string>& missing = context.result.missing;
  const System& model = context.systems.front();
  const auto leave_out = [&](std::initializer_list<const char*> paths, const std::string& reason) {
    for (const char* path : paths) missing.emplace(path, reason);
  };
  if (!context.references.has_boxes()) {
    leave_out({"grounding.iou", "grounding.pointing", "grounding.iou_phrase",
               "grounding.pointing_phrase"},
              "the references have no boxes");
  } else {
    if (model.end_to_end.empty()) {
      leave_out({"grounding.iou", "grounding.pointing"}, "the predictions hold no maps");
    }
    if (model.phrase.empty()) {
      leave_out({"grounding.iou_phrase", "grounding.pointing_phrase"},
                "no maps of the reference sentences: only a model can be asked for them");
    }
  }
  if (model.sentences.empty()) {
    leave_out({"grounding.groundable_precision", "grounding.groundable_recall",
               "grounding.negations_with_region"},
              "the predictions hold no maps and no boxes");
  }
  if (model.confidence.words.empty()) {
    leave_out({"confidence.words.ece", "confidence.words.auroc"},
              "the predictions hold no confidences of sentences");
  }
  if (model.confidence.grounding.empty()) {
    leave_out({"confidence.grounding.ece", "confidence.grounding.auroc"},
              "the predictions hold no grounding scores");
  }
  if (model.confidence.phrase.empty()) {
    leave_out({"confidence.phrase.ece", "confidence.phrase.auroc"},
              "no grounding scores of the reference sentences: only a model can be asked for them");
  }
  if (!context.tools.meteor) leave_out({"text.meteor_nltk"}, "left out by the settings");
  if (!context.tools.published)
    leave_out({"text.meteor_15", "text.cider_d"}, "left out by the settings");
}

void add_notes(EvaluationContext& context) {
  std::vector<std::string>& notes = context.result.notes;
  const TextNames names = context.tools.names();
  if (context.tools.meteor && names.meteor != "meteor_nltk") {
    notes.push_back(
        "METEOR was computed without synonyms: no WordNet (package wordnet-base, or "
        "RADGEN_WORDNET_DIR) was found");
  }
  if (context.tools.published && names.meteor_15.ends_with("_nofunc")) {
    notes.push_back(
        "METEOR 1.5 was computed without its list of function words (setting "
        "meteor_function_words) and is named " +
        names.meteor_15);
  }
  const System& model = context.systems.front();
  if (!context.references.has_boxes()) {
    notes.emplace_back("no grounding metrics: the references have no boxes");
  } else {
    if (context.options.map_threshold > 0)
      notes.push_back(
          fmt::format("iou_chosen_threshold: maps cut at {:.2f} of their maximum, as chosen "
                      "on a validation split",
                      context.options.map_threshold));
    if (model.end_to_end.empty())
      notes.emplace_back("no end-to-end grounding: the predictions hold no maps");
    if (model.phrase.empty())
      notes.emplace_back("no phrase grounding: no maps of the reference sentences");
  }
}

// What the product promises. METEOR's target is by NLTK's definition: no published model reaches it
// by METEOR 1.5's.
void add_targets(EvaluationContext& context) {
  const MetricTable& metrics = context.result.metrics;
  for (const auto& [name, path, above] :
       {std::tuple{"BLEU-4", "text.bleu_4", 0.15},
        std::tuple{"METEOR (NLTK)", "text.meteor_nltk", 0.20},
        std::tuple{"CheXpert F1 (macro, 13)", "clinical.f1_macro", 0.40},
        std::tuple{"IoU (end to end)", "grounding.iou", 0.30},
        std::tuple{"IoU (phrase)", "grounding.iou_phrase", 0.30}}) {
    context.result.targets.push_back({name, path, above, metrics.value(path)});
  }
}

}  // namespace

void prepare_context(EvaluationContext& context, const std::vector<Draft>& drafts) {
  context.pairing = pair_up(drafts, context.data, context.options.ignore_unknown);
  context.maps = validate_maps(context.pairing.drafts);
  context.references =
      read_references(context.pairing.references, context.tools.labeler, context.threads);
  if (!context.options.with_meteor) return;
  context.tools.meteor =
      std::make_unique<Meteor>(context.options.wordnet.empty() ? WordNet::default_folder()
                                                               : fs::path(context.options.wordnet));
  if (!context.options.with_published) return;
  context.tools.meteor_15 = std::make_unique<Meteor15>(
      context.tools.meteor->wordnet(), context.options.meteor_function_words.empty()
                                           ? Meteor15::default_function_words()
                                           : fs::path(context.options.meteor_function_words));
  context.tools.published = std::make_unique<PublishedScorer>(
      *context.tools.meteor_15, context.references.texts, context.threads);
}

void describe(Fields& f, EvaluateOptions& o) {
  f.field(
      "bootstrap", o.bootstrap,
      {.help = "resamples of the patients for 95 % intervals; 0: none", .min = 0, .max = 100000});
  f.field("with_baselines", o.with_baselines,
          {.help = "score the trivial baselines, the oracle and the skill"});
  f.field("with_meteor", o.with_meteor, {.help = "score METEOR"});
  f.field("with_published", o.with_published,
          {.help = "score METEOR 1.5, CIDEr-D, sentence BLEU and BLEU on other tokenizations"});
  f.field("meteor_function_words", o.meteor_function_words,
          {.help = "METEOR 1.5's list english.words; empty: RADGEN_METEOR_FUNCTION_WORDS, else "
                   "none, and the metric is named so"});
  f.field("ignore_unknown", o.ignore_unknown,
          {.help = "leave out, counted, predictions of studies that the split does not have"});
  f.field("wordnet", o.wordnet,
          {.help = "folder of WordNet 3.0; empty: RADGEN_WORDNET_DIR, else /usr/share/wordnet"});
  f.field(
      "map_threshold", o.map_threshold,
      {.help =
           "threshold of a map over its maximum that validation chose; 0: the one that serves the "
           "other half of the studies best",
       .min = 0,
       .max = 0.95});
  f.field("constant_candidates", o.constant_candidates,
          {.help = "training reports that the constant report is chosen among; 0: all", .min = 0});
  f.renamed("nearest_pictures", "nearest_images");
  f.field(
      "nearest_images", o.nearest_images,
      {.help = "training pictures that the nearest neighbour is looked for in; 0: all", .min = 0});
  f.field("seed", o.seed, {.help = "of the bootstrap and the random reports", .min = 0});
  f.field("threads", o.threads, {.help = "0: all cores given", .min = 0, .max = 1024});
  f.section("errors", o.errors);
  f.section("checks", o.checks);
}

void check_predictions(const std::vector<Draft>& drafts, const EvaluationData& data,
                       const EvaluateOptions& options) {
  pair_up(drafts, data, options.ignore_unknown);
}

EvaluationResult evaluate(const std::vector<Draft>& drafts,
                          const std::vector<PhraseMap>& phrase_maps, const EvaluationData& data,
                          const EvaluateOptions& options) {
  EvaluationContext context{data, options, phrase_maps, static_cast<int>(options.threads)};
  prepare_context(context, drafts);
  score_model(context);
  if (options.with_baselines) {
    score_baselines(context);
    score_oracle(context);
  }
  const std::vector<double> ones(context.references.studies.size(), 1.0);
  context.result.metrics = summarize_all(context, ones);
  if (options.bootstrap > 0) add_intervals(context);
  add_diversity(context);  // after the intervals: these have none
  add_studies(context);
  add_input(context);
  add_missing(context);
  add_notes(context);
  add_targets(context);
  context.result.alarms = raise_alarms(context.result, context.maps);
  return std::move(context.result);
}

}  // namespace radgen::evaluation

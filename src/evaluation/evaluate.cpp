#include "radgen/evaluation/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "evaluation/alarms.h"
#include "evaluation/evidence.h"
#include "evaluation/system.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/parallel.h"
#include "radgen/evaluation/baselines.h"
#include "radgen/evaluation/bootstrap.h"
#include "radgen/evaluation/location_prior.h"

namespace radgen::evaluation {
namespace {

// A study's reference and its draft (null: none).
struct Pairing {
  std::vector<const Reference*> references;
  std::vector<const Draft*> drafts;
};

Pairing pair_up(const std::vector<Draft>& drafts, const std::vector<Reference>& test) {
  Pairing pairing;
  std::unordered_map<std::string, size_t> place;
  for (const Reference& reference : test) {
    if (!place.emplace(reference.study_id, pairing.references.size()).second) continue;
    pairing.references.push_back(&reference);
  }
  pairing.drafts.resize(pairing.references.size(), nullptr);
  size_t unknown = 0, repeated = 0;
  for (const Draft& draft : drafts) {
    const auto found = place.find(draft.study_id);
    if (found == place.end()) {
      ++unknown;
    } else if (pairing.drafts[found->second] != nullptr) {
      ++repeated;
    } else {
      pairing.drafts[found->second] = &draft;
    }
  }
  if (pairing.references.empty()) {
    throw Error(ErrorCode::kData, "there is no reference report to score against",
                "check the name of the split");
  }
  if (unknown + repeated > 0) {
    throw Error(
        ErrorCode::kData,
        fmt::format("of {} predictions {} name a study that this split does not have and {} a "
                    "study that was there before; expected one for each of {} studies",
                    drafts.size(), unknown, repeated, pairing.references.size()),
        "score the predictions on the split that they were made for");
  }
  // Where a study has several pictures its boxes are those of the picture that the draft was made
  // from.
  for (const Reference& reference : test) {
    const size_t s = place.at(reference.study_id);
    const Draft* draft = pairing.drafts[s];
    if (draft != nullptr && !draft->image_id.empty() && draft->image_id == reference.image_id) {
      pairing.references[s] = &reference;
    }
  }
  return pairing;
}

// Everything that the steps below share.
struct Work {
  const EvaluationData& data;
  const EvaluateOptions& options;
  const std::vector<PhraseMap>& phrase_maps;
  int threads;
  Labeler labeler;
  std::unique_ptr<Meteor> meteor;
  Pairing pairing;
  ScoredReferences references;
  std::vector<System> systems;  // the model is the first
  EvaluationResult result;

  std::string meteor_name() const { return meteor ? meteor->metric_name() : ""; }
};

bool has_evidence(const Pairing& pairing) {
  return std::any_of(pairing.drafts.begin(), pairing.drafts.end(), [](const Draft* draft) {
    return draft != nullptr &&
           std::any_of(draft->sentences.begin(), draft->sentences.end(),
                       [](const DraftSentence& s) { return !s.map.empty() || !s.boxes.empty(); });
  });
}

void score_model(Work& work) {
  std::vector<std::string> texts;
  for (const Draft* draft : work.pairing.drafts) {
    texts.push_back(draft != nullptr ? draft->text() : "");
    if (draft == nullptr) ++work.result.missing_drafts;
    if (draft != nullptr && draft->status == "not_reportable") ++work.result.not_reportable;
  }
  System model = score_texts("", std::move(texts), work.references, work.labeler, work.meteor.get(),
                             work.threads);
  const double threshold = work.options.map_threshold;
  if (work.references.has_boxes() && has_evidence(work.pairing)) {
    score_end_to_end(
        model, work.references,
        [&](size_t s, const Claim& claim, const std::vector<Box>& boxes, bool& is_shown) {
          const Draft* draft = work.pairing.drafts[s];
          if (draft == nullptr) return MapScore{};
          return score_draft_claim(*draft, model.words[s], claim, *work.references.studies[s],
                                   boxes, is_shown);
        },
        threshold, work.threads);
  }
  if (work.references.has_boxes() && !work.phrase_maps.empty()) {
    const PhraseIndex index(work.phrase_maps);
    score_phrases(
        model, work.references,
        [&](size_t s, const Claim& claim, const std::vector<Box>& boxes, bool&) {
          const PhraseMap* map = index.find(work.references.ids[s], claim.finding, claim.side);
          if (map == nullptr) return MapScore{};
          const auto [width, height] = picture_size(*work.references.studies[s], map->map_box);
          return score_map(map->map, map->map_box, boxes, width, height);
        },
        threshold, work.threads);
  }
  work.systems.push_back(std::move(model));
}

void score_location_prior(Work& work) {
  const LocationPrior prior(work.data.train);
  if (!work.references.has_boxes()) return;
  if (prior.empty()) {
    work.result.notes.push_back("no location prior: the training split has no boxes");
    return;
  }
  const ScoreStudyClaim score = [&](size_t s, const Claim& claim, const std::vector<Box>& boxes,
                                    bool&) {
    const Reference& reference = *work.references.studies[s];
    return prior.score(claim.finding, claim.side, boxes, reference.width, reference.height);
  };
  System best;
  double best_iou = -1;
  const std::vector<double> ones(work.references.studies.size(), 1.0);
  for (System& system : work.systems) {
    if (system.prefix.empty()) continue;
    score_end_to_end(system, work.references, score, 0, work.threads);
    const double iou = system.summarize(work.references, ones, work.meteor_name())
                           .value(system.prefix + "grounding.iou");
    if (iou > best_iou) {
      best_iou = iou;
      best.end_to_end = system.end_to_end;
      best.levels = system.levels;
    }
  }
  best.prefix = "baselines.location_prior.";
  score_phrases(best, work.references, score, 0, work.threads);
  work.systems.push_back(std::move(best));
}

void score_baselines(Work& work) {
  BaselineOptions options;
  options.constant_candidates = static_cast<size_t>(work.options.constant_candidates);
  options.nearest_pictures = static_cast<size_t>(work.options.nearest_pictures);
  options.seed = static_cast<uint64_t>(work.options.seed);
  options.threads = work.threads;
  std::vector<Reference> test;
  for (const Reference* study : work.references.studies) test.push_back(*study);
  const auto add = [&](const std::string& name, std::vector<std::string> texts) {
    work.systems.push_back(score_texts("baselines." + name + ".", std::move(texts), work.references,
                                       work.labeler, work.meteor.get(), work.threads));
  };
  work.result.constant_text = constant_report(work.data.train, work.data.validate, options);
  if (work.data.train.empty()) {
    work.result.notes.push_back("no constant and no nearest-neighbour baseline: no training split");
  } else {
    add("constant", std::vector<std::string>(test.size(), work.result.constant_text));
    std::vector<std::string> nearest = nearest_reports(test, work.data.train, options);
    if (nearest.empty()) {
      work.result.notes.push_back(
          "no nearest-neighbour baseline: no training picture could be read");
    } else {
      add("nearest", std::move(nearest));
    }
  }
  add("random", random_reports(test, work.data.train, options));
  add("always_positive", std::vector<std::string>(test.size(), always_positive_report()));
  score_location_prior(work);
}

// The oracle: the truth in other words, and for maps what the patch grid can say at best.
void score_oracle(Work& work) {
  std::vector<std::string> texts;
  bool has_words = false;
  for (const Reference* study : work.references.studies) {
    texts.push_back(study->oracle_text);
    has_words = has_words || !study->oracle_text.empty();
  }
  System oracle;
  oracle.prefix = "oracle.";
  if (has_words) {
    oracle = score_texts("oracle.", std::move(texts), work.references, work.labeler,
                         work.meteor.get(), work.threads);
  }
  if (work.references.has_boxes()) {
    const PhraseIndex index(work.phrase_maps);
    std::vector<Grid> grids(work.references.studies.size());
    Grid usual{32, 32, {}};
    for (size_t s = 0; s < grids.size(); ++s) {
      for (const ReferenceBox& box : work.references.studies[s]->boxes) {
        if (grids[s].rows > 0) break;
        grids[s] = grid_of(nullptr, index.find(work.references.ids[s], box.finding, box.side));
      }
      if (grids[s].rows == 0) grids[s] = grid_of(work.pairing.drafts[s], nullptr);
      if (grids[s].rows > 0 && usual.box.area() <= 0) usual = grids[s];
    }
    const ScoreStudyClaim ceiling = [&](size_t s, const Claim&, const std::vector<Box>& boxes,
                                        bool&) {
      Grid grid = grids[s].rows > 0 ? grids[s] : usual;
      const auto [width, height] = picture_size(*work.references.studies[s], grid.box);
      if (grids[s].rows == 0 || grid.box.area() <= 0) {
        grid.box = {0, 0, static_cast<double>(width), static_cast<double>(height)};
      }
      return score_map(coverage_map(boxes, grid.rows, grid.columns, grid.box), grid.box, boxes,
                       width, height);
    };
    if (has_words) score_end_to_end(oracle, work.references, ceiling, 0, work.threads);
    score_phrases(oracle, work.references, ceiling, 0, work.threads);
    if (!has_words) {  // a perfect report states exactly what is boxed
      oracle.end_to_end = oracle.phrase;
      oracle.levels = oracle.phrase_levels;
    }
  }
  if (has_words || work.references.has_boxes()) work.systems.push_back(std::move(oracle));
  if (!has_words)
    work.result.notes.push_back("no oracle for texts, and so no skill of text metrics: no truth");
}

struct SkillMetric {
  std::string name, path;
};
std::vector<SkillMetric> skill_metrics(const std::string& meteor_name) {
  std::vector<SkillMetric> metrics{{"bleu_4", "text.bleu_4"}};
  if (!meteor_name.empty()) metrics.push_back({meteor_name, "text." + meteor_name});
  metrics.push_back({"f1_macro", "clinical.f1_macro"});
  for (const char* name : {"iou", "iou_phrase", "pointing", "pointing_phrase"}) {
    metrics.push_back({name, std::string("grounding.") + name});
  }
  return metrics;
}

// Adds skill.* to a table that holds the model, the baselines and the oracle.
void add_skill(MetricTable& table, const std::vector<System>& systems,
               const std::vector<SkillMetric>& metrics) {
  for (const SkillMetric& metric : metrics) {
    const Metric* model = table.find(metric.path);
    const Metric* oracle = table.find("oracle." + metric.path);
    if (model == nullptr || oracle == nullptr) continue;
    double trivial = kUndefined;
    for (const System& system : systems) {
      if (!system.prefix.starts_with("baselines.")) continue;
      const double value = table.value(system.prefix + metric.path);
      if (!std::isnan(value) && !(trivial >= value)) trivial = value;
    }
    const double room = oracle->value - trivial;
    const double skill = room > 1e-6 ? (model->value - trivial) / room : kUndefined;
    table.set("skill." + metric.name, skill, model->n);
  }
}

MetricTable summarize_all(const Work& work, std::span<const double> weights) {
  MetricTable table;
  for (const System& system : work.systems) {
    const MetricTable own = system.summarize(work.references, weights, work.meteor_name());
    for (const auto& [path, metric] : own.all()) table.set(path, metric.value, metric.n);
  }
  add_skill(table, work.systems, skill_metrics(work.meteor_name()));
  return table;
}

void add_intervals(Work& work) {
  const Resamples resamples(work.references.studies.size(),
                            static_cast<size_t>(work.options.bootstrap),
                            static_cast<uint64_t>(work.options.seed));
  MetricTable& metrics = work.result.metrics;
  std::vector<std::string> paths;
  for (const auto& [path, metric] : metrics.all()) paths.push_back(path);
  std::vector<std::vector<double>> values(paths.size(), std::vector<double>(resamples.count()));
  parallel_for(resamples.count(), work.threads, [&](size_t r) {
    const MetricTable table = summarize_all(work, resamples.weights(r));
    for (size_t p = 0; p < paths.size(); ++p) values[p][r] = table.value(paths[p]);
  });
  for (size_t p = 0; p < paths.size(); ++p) {
    const Interval interval = percentile_interval(std::move(values[p]));
    metrics.set_interval(paths[p], interval.low, interval.high);
  }
}

void add_diversity(Work& work) {
  for (const System& system : work.systems) {
    if (system.words.empty()) continue;
    MetricTable table;
    summarize_diversity(system.words, work.references.words, system.texts, work.references.texts,
                        table);
    for (const auto& [path, metric] : table.all()) {
      work.result.metrics.set(system.prefix + path, metric.value, metric.n);
    }
  }
}

void add_studies(Work& work) {
  const System& model = work.systems.front();
  for (size_t s = 0; s < work.references.studies.size(); ++s) {
    StudyResult study;
    study.study_id = work.references.ids[s];
    study.reference = static_cast<size_t>(work.references.studies[s] - work.data.test.data());
    study.has_draft = work.pairing.drafts[s] != nullptr;
    study.draft_text = model.texts[s];
    study.reference_text = work.references.texts[s];
    study.text = model.text[s];
    study.clinical = model.clinical[s];
    if (!model.end_to_end.empty()) study.end_to_end = model.end_to_end[s];
    work.result.studies.push_back(std::move(study));
  }
}

void add_notes(Work& work) {
  std::vector<std::string>& notes = work.result.notes;
  if (work.result.missing_drafts > 0) {
    notes.push_back(
        fmt::format("{} of {} studies have no prediction: each counts as an empty report",
                    work.result.missing_drafts, work.references.studies.size()));
  }
  if (work.result.not_reportable > 0) {
    notes.push_back(
        fmt::format("{} studies were said to be not reportable: each counts as it is written, "
                    "usually as an empty report",
                    work.result.not_reportable));
  }
  if (work.meteor && work.meteor_name() != "meteor_nltk") {
    notes.push_back(
        "METEOR was computed without synonyms: no WordNet (package wordnet-base, or "
        "RADGEN_WORDNET_DIR) was found");
  }
  const System& model = work.systems.front();
  if (!work.references.has_boxes()) {
    notes.push_back("no grounding metrics: the references have no boxes");
  } else {
    if (model.end_to_end.empty())
      notes.push_back("no end-to-end grounding: the predictions hold no maps");
    if (model.phrase.empty())
      notes.push_back("no phrase grounding: no maps of the reference sentences");
  }
}

}  // namespace

void describe(Fields& f, EvaluateOptions& o) {
  f.field(
      "bootstrap", o.bootstrap,
      {.help = "resamples of the studies for 95 % intervals; 0: none", .min = 0, .max = 100000});
  f.field("with_baselines", o.with_baselines,
          {.help = "score the trivial baselines, the oracle and the skill"});
  f.field("with_meteor", o.with_meteor, {.help = "score METEOR"});
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
  f.field(
      "nearest_pictures", o.nearest_pictures,
      {.help = "training pictures that the nearest neighbour is looked for in; 0: all", .min = 0});
  f.field("seed", o.seed, {.help = "of the bootstrap and the random reports", .min = 0});
  f.field("threads", o.threads, {.help = "0: all cores given", .min = 0, .max = 1024});
}

EvaluationResult evaluate(const std::vector<Draft>& drafts,
                          const std::vector<PhraseMap>& phrase_maps, const EvaluationData& data,
                          const EvaluateOptions& options) {
  Work work{data, options, phrase_maps, static_cast<int>(options.threads)};
  work.pairing = pair_up(drafts, data.test);
  if (options.with_meteor) {
    work.meteor = std::make_unique<Meteor>(options.wordnet.empty() ? WordNet::default_folder()
                                                                   : fs::path(options.wordnet));
  }
  work.references = read_references(work.pairing.references, work.labeler, work.threads);
  score_model(work);
  if (options.with_baselines) {
    score_baselines(work);
    score_oracle(work);
  }
  const std::vector<double> ones(work.references.studies.size(), 1.0);
  work.result.metrics = summarize_all(work, ones);
  if (options.bootstrap > 0) add_intervals(work);
  add_diversity(work);  // after the intervals: these have none
  add_studies(work);
  add_notes(work);
  work.result.alarms = raise_alarms(work.result);
  return std::move(work.result);
}

}  // namespace radgen::evaluation

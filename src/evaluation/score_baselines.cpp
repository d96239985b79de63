// What the model is measured against: trivial baselines, the location prior and the oracle.
#include <algorithm>

#include "evaluation/evidence.h"
#include "evaluation/work.h"
#include "radgen/evaluation/baselines.h"
#include "radgen/evaluation/location_prior.h"

namespace radgen::evaluation {
namespace {

void score_location_prior(Work& work) {
  const LocationPrior prior(work.data.train);
  if (!work.references.has_boxes()) return;
  if (prior.empty()) {
    work.result.notes.emplace_back("no location prior: the training split has no boxes");
    return;
  }
  const bool has_judges = std::any_of(
      work.data.validate.begin(), work.data.validate.end(),
      [](const Reference& reference) { return reference.has_boxes && !reference.boxes.empty(); });
  const double threshold = threshold_of(
      prior.choose_level(has_judges ? work.data.validate : work.data.train, work.threads));
  const ScoreStudyClaim score = [&](size_t s, const Claim& claim, const std::vector<Box>& boxes,
                                    bool&) {
    const Reference& reference = *work.references.studies[s];
    return prior.score(claim.finding, claim.side, boxes, reference.width, reference.height);
  };
  System best;
  double best_iou = -1;
  const std::vector<double> ones(work.references.studies.size(), 1.0);
  for (System& system : work.systems) {
    if (!system.prefix.starts_with("baselines.")) continue;
    score_end_to_end(system, work.references, score, threshold, work.threads);
    const double iou = system.summarize(work.references, ones, work.tools.names())
                           .value(system.prefix + "grounding.iou");
    if (iou > best_iou) {
      best_iou = iou;
      best.end_to_end = system.end_to_end;
      best.levels = system.levels;
    }
  }
  best.prefix = "baselines.location_prior.";
  score_phrases(best, work.references, score, threshold, work.threads);
  // The same boxes on the model's own words: what is left of its lead are its maps. No trivial
  // baseline, since the words come from the picture.
  System own;
  own.prefix = kPriorOnOwnWords;
  own.words = work.systems.front().words;
  score_end_to_end(own, work.references, score, threshold, work.threads);
  own.words.clear();
  own.phrase = best.phrase;
  own.phrase_levels = best.phrase_levels;
  work.systems.push_back(std::move(best));
  work.systems.push_back(std::move(own));
}

}  // namespace

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
                                       work.tools, work.threads));
  };
  work.result.constant_text = constant_report(work.data.train, work.data.validate, options);
  if (work.data.train.empty()) {
    std::vector<std::string> constants = cross_fitted_constants(test, options);
    if (!constants.empty()) add("constant", std::move(constants));
    work.result.notes.emplace_back(
        "no training split: the constant report is chosen on the other half of the patients' "
        "references, random reports are other studies' references, and there is no nearest "
        "neighbour");
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
  if (!work.data.encoder_neighbours.empty()) {
    std::vector<std::string> neighbours;
    for (const Reference* study : work.references.studies) {
      neighbours.push_back(
          work.data.encoder_neighbours[static_cast<size_t>(study - work.data.test.data())]);
    }
    work.systems.push_back(score_texts(kEncoderNeighbour, std::move(neighbours), work.references,
                                       work.tools, work.threads));
  }
}

// The oracle: the truth in other words. For maps what the patch grid can say: cut as the model's
// maps are (oracle.), and each at its best cut (patch_grid.).
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
    oracle = score_texts("oracle.", std::move(texts), work.references, work.tools, work.threads);
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
  if (work.references.has_boxes()) {
    System grid;
    grid.prefix = kPatchGrid;
    grid.end_to_end = oracle.end_to_end;
    grid.levels = oracle.levels;
    grid.phrase = oracle.phrase;
    grid.phrase_levels = oracle.phrase_levels;
    for (std::vector<StudyItems>* studies : {&grid.end_to_end, &grid.phrase}) {
      for (StudyItems& items : *studies) {
        for (GroundedItem& item : items) item.score = at_best_cut(item.score);
      }
    }
    work.systems.push_back(std::move(grid));
  }
  if (has_words || work.references.has_boxes()) work.systems.push_back(std::move(oracle));
  if (!has_words)
    work.result.notes.emplace_back(
        "no oracle for texts, and so no skill of text metrics: no truth");
}

}  // namespace radgen::evaluation
